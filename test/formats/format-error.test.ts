import { expect, test } from 'vitest';
import { escaped, FormatError, shown, SourceText } from '../../formats/format-error.ts';

test('an error is a RangeError of one line that says where', () => {
  const error = new FormatError(3, 7, 'a.b = "c", want 1');
  expect(error).toBeInstanceOf(RangeError);
  expect(error).toMatchObject({ name: 'FormatError', line: 3, column: 7, message: 'line 3, column 7: a.b = "c", want 1' });
});

test('what would reach a terminal, or end the line, is escaped', () => {
  expect(escaped('a\n\x1b[2J\x7f\x9b\u2028\u2029é')).toBe('a\\u000a\\u001b[2J\\u007f\\u009b\\u2028\\u2029é');
  expect(new FormatError(1, 1, 'a\r\nb').message).toBe('line 1, column 1: a\\u000d\\u000ab');
});

test('a long one keeps its beginning and what was wanted', () => {
  const said = `${'a'.repeat(1_000_000)}, want less`;
  const { message } = new FormatError(1, 1, said);
  expect(message).toMatch(/^line 1, column 1: a+ \.\.\. a+, want less$/);
  expect(message.length).toBeLessThan(700);
  const short = 'b'.repeat(600);
  expect(new FormatError(1, 1, short).message).toBe(`line 1, column 1: ${short}`);
});

test('places are counted from 1; the end of a line is on it, and a line may be empty', () => {
  const source = new SourceText('ab\n\ncde\n');
  const places = Array.from({ length: 9 }, (_, offset) => {
    const { line, column } = source.place(offset);
    return `${line}:${column}`;
  });
  expect(places).toEqual(['1:1', '1:2', '1:3', '2:1', '3:1', '3:2', '3:3', '3:4', '4:1']); // 0 to 8, the end of the text
});

test('a text of one line, and of none', () => {
  expect(new SourceText('abc').place(3)).toEqual({ line: 1, column: 4 });
  expect(new SourceText('').place(0)).toEqual({ line: 1, column: 1 });
  expect(() => new SourceText('a\nb').fail(2, 'b, want c')).toThrow(/^line 2, column 1: b, want c$/);
});

test('a text has as many characters as it may have', () => {
  expect(new SourceText('abcd', 4).text).toBe('abcd');
  expect(() => new SourceText('abcde', 4)).toThrow(/^line 1, column 1: 5 characters, want at most 4$/);
});

test.each([
  ['a"b', '"a\\"b"'],
  ['a\nb', '"a\\nb"'],
  [1.5, '1.5'],
  [null, 'null'],
  [undefined, 'nothing'],
  [['a'], 'a list or mapping'],
  [{}, 'a list or mapping'],
  ['a'.repeat(58), `"${'a'.repeat(58)}"`], // 60 with its quotes
  ['a'.repeat(59), `"${'a'.repeat(56)}...`],
])('%j is shown as %s', (value, text) => {
  expect(shown(value)).toBe(text);
});
