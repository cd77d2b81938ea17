import { describe, expect, test } from 'vitest';
import { compareWithBaseline, pairedDifference, type Replication } from '../../../experiments/statistics/paired.ts';
import { relativeInterval } from '../../../experiments/statistics/relative.ts';
import { tQuantile } from '../../../experiments/statistics/student-t.ts';
import { namedStream, type Random } from '../../../sim/random.ts';

const bySeed = (values: readonly number[]): Replication[] => values.map((value, i) => ({ seed: `${i}`, value }));
const normal = (random: Random): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

describe('a difference as a share of its baseline', () => {
  test('has the ends at which the differences less that share of the baseline just leave room for 0', () => {
    // Means 4 and 7: (7 - 4) / 4. Of one reach each way the ends solve |3 - 4 r| = |standard error of the rests a - b - r b|.
    const pairs = [[5, 3], [9, 5], [7, 4]] as const; // prettier-ignore
    const { mean, low, high } = relativeInterval(pairs, { down: 2, up: 1 })!;
    expect(mean).toBe(0.75);
    const distance = (r: number): number => {
      const rests = pairs.map(([a, b]) => a - b - r * b);
      const off = (rests[0]! + rests[1]! + rests[2]!) / 3;
      return off / Math.sqrt(rests.reduce((sum, rest) => sum + (rest - off) ** 2, 0) / 6);
    };
    expect([distance(low), distance(high)]).toEqual([expect.closeTo(2, 9), expect.closeTo(-1, 9)]);
  });

  test('of a baseline without noise is the difference over it', () => {
    const { mean, low, high, relative } = pairedDifference(bySeed([12, 13, 15]), bySeed([8, 8, 8]));
    expect(relative).toEqual({ mean: expect.closeTo(mean / 8, 12), low: expect.closeTo(low / 8, 12), high: expect.closeTo(high / 8, 12) });
  });

  test('of a constant ratio is certain, though the difference is not', () => {
    const { relative, low, high } = pairedDifference(bySeed([30, 33, 36]), bySeed([20, 22, 24]));
    expect(high - low).toBeGreaterThan(1);
    expect(relative).toEqual({ mean: 0.5, low: 0.5, high: 0.5 });
  });

  test('has no ends where the baseline may be 0 or there is one seed, and is none where it is 0', () => {
    expect(pairedDifference(bySeed([3, 5]), bySeed([0, 1])).relative).toEqual({ mean: 7, low: -Infinity, high: Infinity });
    expect(pairedDifference(bySeed([3]), bySeed([2])).relative).toEqual({ mean: 0.5, low: -Infinity, high: Infinity });
    expect(pairedDifference(bySeed([3, 5]), bySeed([0, 0])).relative).toBeNull();
  });

  test('leaves 0 out just where the difference does, by t and by the bootstrap', () => {
    const random = namedStream('3', 'relative', 0, 'zero');
    for (let trial = 0; trial < 60; trial++) {
      const n = trial % 2 === 0 ? 6 : 12;
      const b = bySeed(Array.from({ length: n }, () => 5 - Math.log(1 - random())));
      const others = [0, 0.7].map((gain) => bySeed(Array.from({ length: n }, () => 5 + gain - Math.log(1 - random()))));
      for (const { low, high, relative } of compareWithBaseline(b, others))
        expect([relative!.low > 0, relative!.high < 0], `trial ${trial}`).toEqual([low > 0, high < 0]);
    }
  });

  test.each([
    [1.4, 8],
    [2.3, 8],
    [1.4, 20],
    [2.3, 20],
  ])('holds a ratio of %d to a noisy baseline of %i seeds as often as it says, where dividing by its mean does not', (ratio, n) => {
    const random = namedStream('5', 'relative', n, `${ratio}`);
    let held = 0;
    let divided = 0;
    const tries = 4000;
    const reach = tQuantile(0.975, n - 1);
    for (let trial = 0; trial < tries; trial++) {
      const pairs = Array.from({ length: n }, (): [number, number] => [ratio * 10 + 0.5 * normal(random), 10 + 1.5 * normal(random)]);
      const { mean, low, high } = relativeInterval(pairs, { down: reach, up: reach })!;
      if (low <= ratio - 1 && ratio - 1 <= high) held++;
      const meanB = pairs.reduce((sum, [, b]) => sum + b, 0) / n;
      const off = pairs.map(([a, b]) => a - b - mean * meanB);
      const half = reach * Math.sqrt(off.reduce((sum, value) => sum + value * value, 0) / (n * (n - 1)));
      if (Math.abs(mean - (ratio - 1)) <= half / meanB) divided++;
    }
    expect(Math.abs(held / tries - 0.95)).toBeLessThan(0.02);
    expect(divided / tries).toBeLessThan(0.93);
  });
});
