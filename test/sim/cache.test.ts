import { describe, expect, test } from 'vitest';
import { divideCache, missRatio, usefulBytes } from '../../sim/cache.ts';
import { below, namedStream } from '../../sim/random.ts';
import { RANDOM, SWEEP } from '../../sim/workload-api.ts';

describe('misses by share of the cache', () => {
  test.each([
    ['a sweep that fits never misses', SWEEP, 600, 600, 0, 600],
    ['a sweep a byte longer evicts all it will need', SWEEP, 601, 600, 1, 0],
    ['a random walk that fits never misses', RANDOM, 500, 600, 0, 500],
    ['a random walk four times as long misses three times in four', RANDOM, 2400, 600, 0.75, 600],
    ['without a share all misses', RANDOM, 2400, 0, 1, 0],
  ])('%s', (_, pattern, workingSet, share, misses, useful) => {
    expect(missRatio(pattern, workingSet, share)).toBe(misses);
    expect(usefulBytes(pattern, workingSet, share)).toBe(useful);
  });
});

function divided(bytes: number, demand: number[], need: number[], first = 0, count = demand.length): number[] {
  const shares = new Float64Array(demand.length).fill(7);
  divideCache(bytes, Float64Array.from(demand), Float64Array.from(need), first, count, shares);
  return [...shares];
}

describe('a cache is divided', () => {
  test('in proportion to how fast each fills it, while none has enough', () => {
    expect(divided(600, [1, 2, 3], [9999, 9999, 9999])).toEqual([100, 200, 300]);
  });
  test('with what one does not need going to the others', () => {
    // the second needs 50 of its 200: 550 left for 1 + 3
    expect(divided(600, [1, 2, 3], [9999, 50, 9999])).toEqual([137.5, 50, 412.5]);
  });
  test('in rounds: what the second leaves makes the third content too', () => {
    // 300 each at first; then 550 over two are 275, of which the third needs 260; the first gets 290
    expect(divided(600, [1, 1, 1], [9999, 50, 260])).toEqual([290, 50, 260]);
  });
  test('among the CPUs of one node only, and not among those that ask for nothing', () => {
    expect(divided(600, [1, 0, 2, 5], [9999, 9999, 9999, 9999], 0, 3)).toEqual([200, 0, 400, 7]);
  });
  test('so that nobody has more than it needs and nothing lies idle that is wanted (300 seeds)', () => {
    for (let seed = 0; seed < 300; seed++) {
      const random = namedStream(String(seed), 'cache', 0, 'test');
      const count = 1 + below(random, 6);
      const demand = Array.from({ length: count }, () => (random() < 0.2 ? 0 : random()));
      const need = demand.map((rate) => (rate === 0 ? 0 : 10 + below(random, 900)));
      const shares = divided(1000, demand, need);
      const wanted = need.reduce((sum, bytes) => sum + bytes, 0);
      const given = shares.reduce((sum, bytes) => sum + bytes, 0);
      expect(given, `seed ${seed}`).toBeCloseTo(Math.min(1000, wanted), 6);
      const hungry = shares.flatMap((share, i) => (share < need[i]! - 1e-6 ? [share / demand[i]!] : []));
      shares.forEach((share, i) => {
        expect(share, `seed ${seed}`).toBeLessThanOrEqual(need[i]! + 1e-6);
        // who has enough has at most what its rate would have given it
        for (const level of hungry) expect(share, `seed ${seed}`).toBeLessThanOrEqual(level * demand[i]! + 1e-6);
      });
    }
  });
});
