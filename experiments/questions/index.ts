import { noPinningNoMigration } from './no-pinning-no-migration.ts';
import type { Question } from './question.ts';

/** The open questions of "Virtualizing NUMA", in the order in which the deck asks them. */
export const questions: readonly Question[] = [noPinningNoMigration];
