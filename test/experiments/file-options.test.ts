import { describe, expect, test } from 'vitest';
import { memoryWord, numbersOf, quantityOf, splitFileOptions } from '../../experiments/file-options.ts';

describe('options after a file', () => {
  const NAMES = ['comm', 'from', 'working-set'];

  test.each([
    ['a,b.txt', 'a,b.txt', []],
    ['a,b.txt,comm=x+y,from=3ms', 'a,b.txt', [['comm', 'x+y'], ['from', '3ms']]],
    ['-,working-set=4MiB', '-', [['working-set', '4MiB']]],
    ['a=b.txt', 'a=b.txt', []],
  ] as const)('%s', (text, file, options) => {
    const read = splitFileOptions(text, NAMES);
    expect([read.file, [...read.options]]).toEqual([file, options]);
    expect(splitFileOptions(text, []).file).toBe(text); // a kind without options: all is the name
  }); // prettier-ignore

  test.each([
    ['a,comn=x', 'option "comn", want comm=, from=, working-set=; did you mean comm?'],
    ['a,comm=x,comm=y', 'option comm twice, want it once'],
    ['a,comm=x,from', 'option "from", want comm=, from=, working-set=; did you mean from?'],
  ])('%s is refused', (text, message) => {
    expect(() => splitFileOptions(text, NAMES)).toThrow(new RangeError(message));
  });

  test('values are checked', () => {
    const options = new Map([['from', '3ms'], ['tid', '5+77']]); // prettier-ignore
    expect([quantityOf(options, 'from', 'time', 0, 4e6), quantityOf(options, 'to', 'time', 0, 4e6), numbersOf(options, 'tid')]).toEqual([3e6, undefined, [5, 77]]); // prettier-ignore
    expect(() => quantityOf(options, 'from', 'time', 0, 2e6)).toThrow('from = "3ms", want a time from 0 to 2ms such as 20ms');
  });
});

test.each([
  [0, {}, '64MiB'],
  [65 * 1024 ** 2, {}, '66MiB'],
  [65 * 1024 ** 2, { block: '32MiB' }, '512MiB'], // 16 blocks
  [600 * 1024 ** 2, { block: '32MiB' }, '608MiB'],
  [0, { block: 'much' }, '64MiB'],
])('memory for %i bytes beside %j is %s', (bytes, words, memory) => {
  expect(memoryWord(bytes, words)).toBe(memory);
});
