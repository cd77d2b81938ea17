import seedrandom from 'seedrandom';
import { describe, expect, test } from 'vitest';
import { quantileInterval } from '../../../experiments/statistics/order-statistics.ts';

/** 1..n, shuffled, so that a value is its rank. */
const ranks = (n: number): number[] => Array.from({ length: n }, (_, i) => ((i * 7919) % n) + 1);

// As in every table of distribution-free intervals of a median: sums of binomial coefficients over 2^n that stay within 0.025.
test.each([
  [5, null, null], //     1 / 32 is 0.031: not even the least and the largest will do
  [6, 1, 6], //           1 / 64
  [10, 2, 9], //         11 / 1024, but 56 / 1024 is too much
  [20, 6, 15], //     21700 / 2^20 = 0.0207
  [30, 10, 21],
  [50, 18, 33],
  [100, 40, 61],
])('the median of %i lies between the samples of rank %s and %s', (n, low, high) => {
  expect(quantileInterval(ranks(n), 0.5)).toMatchObject({ low, high });
});

describe('the 90th percentile', () => {
  test('of ten has a lower end only: 0.9^10 is 0.35', () => {
    // P(at most 6 below) = 0.0128, P(at most 7) = 0.0702: the 7th. Between the 9th and the 10th, 0.9 * 9 = 8.1 steps from the first.
    expect(quantileInterval(ranks(10), 0.9)).toEqual({ p: 0.9, value: 9.1, low: 7, high: null, level: 0.95 });
  });

  test('of forty has both: 0.9^40 is 0.0148', () => {
    expect(quantileInterval(ranks(40), 0.9).high).toBe(40);
    expect(quantileInterval(ranks(40), 0.9).low).toBe(32); // P(at most 31) = 0.0155, P(at most 32) = 0.0419
  });

  test('mirrors the 10th', () => {
    for (const n of [7, 23, 64, 200]) {
      const high = quantileInterval(ranks(n), 0.9);
      const low = quantileInterval(ranks(n), 0.1);
      const mirrored = (rank: number | null): number | null => (rank === null ? null : n + 1 - rank);
      expect([low.low, low.high], `${n} samples`).toEqual([mirrored(high.high), mirrored(high.low)]);
    }
  });
});

test('holds the quantile at least as often as it says, whatever the law', () => {
  const random = seedrandom.alea('quantiles');
  const median = Math.log(2);
  let held = 0;
  for (let trial = 0; trial < 4000; trial++) {
    const { low, high } = quantileInterval(Array.from({ length: 12 }, () => -Math.log(1 - random())), 0.5); // prettier-ignore
    if (low! <= median && median <= high!) held++;
  }
  // Ranks 3 and 10 of 12: 1 - 2 * 79 / 4096 = 0.9614; three standard errors are 0.009.
  expect(Math.abs(held / 4000 - 0.9614), "seed 'quantiles'").toBeLessThan(0.009);
});

test('refuses no samples and probabilities that are none', () => {
  expect(() => quantileInterval([], 0.5)).toThrow(/no samples/);
  expect(() => quantileInterval([1], 1)).toThrow(/probability/);
});
