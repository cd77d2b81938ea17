import { test } from 'vitest';
import { expectParsersToAgree } from '../cli/parsers-agree.ts';

test('what is read without yargs is what yargs reads (2,000 lines)', () => expectParsersToAgree(2_000));
