import { expect, test } from 'vitest';
import { wholeParts } from '../../sim/whole-parts.ts';

test.each([
  // rounded down they sum to 6: one is missing, and 0.7 is the largest remainder
  [[1.2, 3.7, 2.1], 7, [1, 4, 2]],
  // of equal remainders the first gets it
  [[0.5, 1.5], 2, [1, 1]],
  // one too many is taken from the largest remainder that has some
  [[0.9, 4.1], 3, [0, 3]],
  [[2, 5], 7, [2, 5]],
  [[], 0, []],
])('%j in whole numbers that sum to %i', (parts, total, whole) => {
  expect(wholeParts(parts, total)).toEqual(whole);
});
