import { test } from 'vitest';
import { expectParsersToAgree } from './parsers-agree.ts';

test('what is read without yargs is what yargs reads (200 lines)', () => expectParsersToAgree(200));
