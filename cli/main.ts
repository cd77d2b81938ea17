#!/usr/bin/env node
import { main } from './program.ts';

/** numalab from its modules one by one, as they are compiled; start.cts starts the same from one file. */
main();
