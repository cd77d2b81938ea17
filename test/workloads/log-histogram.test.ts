import { describe, expect, test } from 'vitest';
import { lognormal, namedStream } from '../../sim/random.ts';
import { LogHistogram } from '../../workloads/log-histogram.ts';

describe('a histogram of buckets 2^(1/8) wide', () => {
  test('tells quantiles within 4.5 % of those of the sorted values, over any range, and the exact mean', () => {
    for (const seed of ['1', '2', '3', '4']) {
      const random = namedStream(seed, 'histogram', 0, 'values');
      const histogram = new LogHistogram();
      const values = Array.from({ length: 1_999 }, () => Math.max(1, Math.round(lognormal(random, 1e5, 30))));
      values.forEach((value) => histogram.add(value));
      values.sort((a, b) => a - b);
      for (const share of [0.001, 0.25, 0.5, 0.95, 0.99, 1]) {
        const exact = values[Math.ceil(share * values.length) - 1]!;
        const ratio = histogram.quantile(share) / exact;
        expect(Math.abs(Math.log2(ratio)), `seed ${seed}, share ${share}: ${ratio}`).toBeLessThanOrEqual(1 / 16 + 1e-12);
      }
      expect(histogram.mean).toBeCloseTo(values.reduce((sum, value) => sum + value, 0) / values.length, 6);
    }
  });

  test('answers with the middle of the bucket, and of a few values with the one at that rank', () => {
    const histogram = new LogHistogram();
    expect(histogram.quantile(0.5)).toBeNaN();
    for (const value of [1, 1024, 1024, 2 ** 40]) histogram.add(value);
    const middle = 2 ** (1 / 16);
    const answers = [0.25, 0.26, 0.75, 0.76].map((share) => histogram.quantile(share) / middle);
    [1, 1024, 1024, 2 ** 40].forEach((value, i) => expect(answers[i]! / value).toBeCloseTo(1, 12));
  });
});
