import { test } from 'vitest';
import { expectParsersToAgree } from '../cli/parsers-agree.ts';

test('what is read without yargs is what yargs reads (5,000 lines)', () => expectParsersToAgree(5_000));
