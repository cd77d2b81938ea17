import { describe, expect, test } from 'vitest';
import { asRanges, formatIdList, parseIdList, parseIdMask } from '../../formats/id-list.ts';

describe('ids as Linux lists them', () => {
  test.each([
    ['0-2,33', [0, 1, 2, 33]],
    ['7\n', [7]],
    ['', []],
    ['5,3,3-4', [3, 4, 5]],
    ['3-1', null],
    ['1;2', null],
    ['0-65536', null],
  ])('%j', (text, ids) => {
    expect(parseIdList(text, 8)).toEqual(ids);
  });

  test('are not more than wanted', () => {
    expect(parseIdList('0-7', 8)).toHaveLength(8);
    expect(parseIdList('0-8', 8)).toBeNull();
  });

  test('are each counted once, however often a long range comes again', () => {
    expect(parseIdList(`2,${'0-4095,'.repeat(100_000)}4094-4096`, 4097)).toHaveLength(4097); // in no more time than its text takes
    expect(parseIdList('0-3,2-6,1', 7)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(parseIdList('0-3,2-6,1', 6)).toBeNull();
  });

  test('are written in ranges', () => {
    expect(formatIdList([0, 1, 2, 33, 34, 45])).toBe('0-2,33-34,45');
  });
});

test('ids in a mask are bits, the last word first', () => {
  expect(parseIdMask('00000001,00fc0000\n', 64)).toEqual([18, 19, 20, 21, 22, 23, 32]);
  expect(parseIdMask('80000000', 64)).toEqual([31]);
  expect(parseIdMask('xyz', 64)).toBeNull();
  expect(parseIdMask('ff', 7)).toBeNull();
});

test('ranges are as people list them, and long ones are cut', () => {
  expect(asRanges([0, 1, 2, 5, 7, 8])).toBe('0-2,5,7-8');
  expect(asRanges(Array.from({ length: 40 }, (_, i) => 2 * i))).toMatch(/^0,2,.*,62,\.\.\. \(40\)$/);
});
