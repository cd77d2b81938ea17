import { describe, expect, test } from 'vitest';
import { divideCache, missRatio, usefulBytes } from '../../sim/cache.ts';
import { curveMisses, curveUsefulBytes, layMissCurves } from '../../sim/miss-curves.ts';
import { below, namedStream } from '../../sim/random.ts';
import { type MissCurve, RANDOM, SWEEP } from '../../sim/workload-api.ts';
import { slowShares, slowUsefulBytes } from './cache.slow.ts';

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

  test('and what serves it is the fewest bytes with which it would miss no more', () => {
    for (const pattern of [SWEEP, RANDOM]) {
      for (const share of [0, 1, 299, 300, 301, 700]) {
        expect(usefulBytes(pattern, 300, share), `share ${share}`).toBe(slowUsefulBytes((bytes) => missRatio(pattern, 300, bytes), share));
      }
    }
  });
});

describe('a miss curve', () => {
  // a first knee at 200 bytes, a plateau to 500, a second fall to 800, and a tenth that never hits
  const knees: MissCurve = [
    [0, 1],
    [200, 0.6],
    [500, 0.6],
    [800, 0.1],
  ];
  const curves = layMissCurves([
    { name: 'a', curves: [[[64, 0.5]]] },
    { name: 'b', curves: [] },
    { name: 'c', curves: [knees] },
  ]);

  test.each([
    ['with nothing all miss', 0, 1, 0],
    ['halfway to the knee', 100, 0.8, 100],
    ['at the knee', 200, 0.6, 200],
    ['on the plateau, where more is of no use', 350, 0.6, 200],
    ['at its end', 500, 0.6, 200],
    ['a fifth of the way down', 560, 0.5, 560],
    ['at the foot', 800, 0.1, 800],
    ['beyond it, where the rest streams through', 5000, 0.1, 800],
  ])('%s', (_, bytes, misses, useful) => {
    expect(curveMisses(curves, 1, bytes)).toBeCloseTo(misses, 12);
    expect(curveUsefulBytes(curves, 1, bytes)).toBe(useful);
  });

  test('of one point is level, and serves nothing that could be lost', () => {
    for (const bytes of [0, 64, 1000]) {
      expect(curveMisses(curves, 0, bytes)).toBe(0.5);
      expect(curveUsefulBytes(curves, 0, bytes)).toBe(0);
    }
  });

  test('agrees with the obvious twin wherever its points lie (200 seeds)', () => {
    for (let seed = 0; seed < 200; seed++) {
      const random = namedStream(String(seed), 'curve', 0, 'test');
      let bytes = below(random, 20);
      let sixteenths = 16 - below(random, 3); // exact in binary, so that a plateau is one
      const points: [number, number][] = [[bytes, sixteenths / 16]];
      while (sixteenths > 0 && points.length < 6) {
        bytes += 1 + below(random, 60);
        sixteenths = Math.max(0, sixteenths - below(random, 5));
        points.push([bytes, sixteenths / 16]);
      }
      const drawn = layMissCurves([{ name: 'a', curves: [points] }]);
      for (const share of [0, below(random, 50), below(random, 200), 400]) {
        const slow = slowUsefulBytes((at) => curveMisses(drawn, 0, at), share);
        expect(curveUsefulBytes(drawn, 0, share), `seed ${seed}, share ${share}`).toBe(slow);
      }
    }
  });

  test.each([
    ['no points', [], 'guest a: missCurves[0].length = 0, want at least one point'],
    ['bytes below 0', [[-1, 1]], 'guest a: missCurves[0][0][0] = -1, want bytes, 0 or more'],
    ['bytes that stand still', [[5, 1], [5, 0.5]], 'guest a: missCurves[0][1][0] = 5, want bytes, more than 5'], // prettier-ignore
    ['misses that rise', [[5, 0.5], [6, 0.75]], 'guest a: missCurves[0][1][1] = 0.75, want a share of accesses, 0 to 0.5'], // prettier-ignore
    ['more misses than accesses', [[5, 1.5]], 'guest a: missCurves[0][0][1] = 1.5, want a share of accesses, 0 to 1'],
    ['what is no number', [[5, NaN]], 'guest a: missCurves[0][0][1] = NaN, want a share of accesses, 0 to 1'],
  ] as [string, MissCurve, string][])('is refused for %s', (_, points, message) => {
    expect(() => layMissCurves([{ name: 'a', curves: [points] }])).toThrow(new RangeError(message));
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
  test('as its definition says, whoever works it out (300 seeds)', () => {
    for (let seed = 0; seed < 300; seed++) {
      const random = namedStream(String(seed), 'cache', 0, 'test');
      const count = 1 + below(random, 6);
      const demand = Array.from({ length: count }, () => (random() < 0.2 ? 0 : random()));
      const need = demand.map((rate) => (rate === 0 ? 0 : 10 + below(random, 900)));
      const shares = divided(1000, demand, need);
      slowShares(1000, demand, need).forEach((slow, i) => expect(shares[i], `seed ${seed}`).toBeCloseTo(slow, 9));
    }
  });
});
