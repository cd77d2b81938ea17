import { describe, expect, test } from 'vitest';
import { csvFields } from '../../report/csv.ts';

describe('a field of CSV', () => {
  test.each([
    ['plain', 'apart:margin=0.2', 'apart:margin=0.2'],
    ['with a comma', '10,21/21,10', '"10,21/21,10"'],
    ['with quotes', 'the "best"', '"the ""best"""'],
    ['with a line end', 'a\nb', '"a\nb"'],
    ['a formula', '=HYPERLINK("http://x")', `"'=HYPERLINK(""http://x"")"`],
    ['a sum', '+1', "'+1"],
    ['a text that begins with minus', '-5', "'-5"],
    ['a function', '@SUM(A1)', "'@SUM(A1)"],
    ['after a tab', '\t=1', "'\t=1"],
    ['after a carriage return', '\r=1', `"'\r=1"`],
    ['an equals sign further in', 'a=1', 'a=1'],
    ['empty, which is not the same as none', '', '""'],
    ['none', null, ''],
    ['a number below zero, which stays a number', -5, '-5'],
    ['a number with an exponent', 1e-7, '1e-7'],
  ])('%s', (_, cell, text) => expect(csvFields([cell])).toBe(text));

  test('is parted from the next by a comma', () => expect(csvFields(['a', 1, null, 'b'])).toBe('a,1,,b'));
});
