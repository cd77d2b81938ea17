import { expect, test } from 'vitest';
import { coverage } from '../../bench/coverage/coverage.ts';
import { falseDifferences } from '../../bench/coverage/families.ts';

// The full tables are test/long/intervals.long.ts; these are what is fast enough for every commit.
test('t holds normal differences of five seeds as often as it says', () => {
  const { t, rule, bootstrap } = coverage('normal', 5);
  expect([rule, bootstrap]).toEqual([t, 0]);
  expect(Math.abs(t - 0.95)).toBeLessThanOrEqual(0.02);
});

test('ten equal policies show a false difference about as rarely as Holm says', () => {
  const found = falseDifferences('normal', 5, 500) / 500;
  expect(found).toBeLessThanOrEqual(0.08); // three standard errors, 0.01 each, above 0.05
  expect(found).toBeGreaterThan(0.005);
});
