import { expect, test } from 'vitest';
import { coverage } from '../../bench/intervals/coverage.ts';
import { falseDifferences } from '../../bench/intervals/families.ts';

// The full tables are test/long/intervals.long.ts; these are what is fast enough for every commit.
test('t holds normal differences of five seeds as often as it says', () => {
  const { t, rule, bootstrap } = coverage('normal', 5);
  expect([rule, bootstrap]).toEqual([t, 0]);
  expect(Math.abs(t - 0.95)).toBeLessThanOrEqual(0.02);
});

test('nearly equal differences with a rare outlier are shown as what they are, whether or not it came', () => {
  const { shown, bootstrap } = coverage('nearly equal, rare outlier', 10);
  expect(shown).toBe(1);
  expect(bootstrap).toBeLessThan(0.45); // without the outlier, in 0.9^10 = 35 % of the samples, they are normal
});

test('ten equal policies show a false difference about as rarely as Holm says', () => {
  const found = falseDifferences('normal', 5, 500) / 500;
  expect(found).toBeLessThanOrEqual(0.08); // three standard errors, 0.01 each, above 0.05
  expect(found).toBeGreaterThan(0.005);
});
