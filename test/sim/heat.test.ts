import { describe, expect, test } from 'vitest';
import { HEAT_GROUPS, heatGroup, rankWeights, RegionHeat } from '../../sim/heat.ts';
import type { Heat } from '../../sim/workload-api.ts';

const MEAN = 2 ** 23; // of a group's weight
const hot = (blockShare: number, accessShare: number, driftNs = 0): Heat => ({ kind: 'hot', blockShare, accessShare, driftNs });
const zipf = (exponent: number, driftNs = 0): Heat => ({ kind: 'zipf', exponent, driftNs });

/** Whatever the weights do, of a million accesses these draw so many. */
function millionths(weights: Float64Array, from: number, to: number): number {
  return Math.round((weights.slice(from, to).reduce((sum, weight) => sum + weight, 0) / (HEAT_GROUPS * MEAN)) * 1e6);
}

describe('the group of a block', () => {
  const groups = Array.from({ length: 64 * 4096 }, (_, block) => heatGroup(block));

  test('is each of 64 once in every row of 64 blocks', () => {
    for (let row = 0; row < 4096; row++) {
      expect(new Set(groups.slice(row * 64, row * 64 + 64)).size, `row ${row}`).toBe(64);
    }
    expect(Math.max(...groups.slice(0, 64))).toBe(63);
  });

  test('has nothing to do with where in its row the block is, nor with the parity of its address', () => {
    // group 0 is at one of 64 places in each of 4096 rows: 64 times at each, give or take 6 standard deviations of 8
    const places = new Int32Array(64);
    let even = 0;
    for (let block = 0; block < groups.length; block++) {
      if (groups[block] !== 0) continue;
      places[block % 64]!++;
      if (block % 2 === 0) even++;
    }
    expect(Math.min(...places)).toBeGreaterThan(16);
    expect(Math.max(...places)).toBeLessThan(112);
    // a row where the first 8 groups all lie on even addresses would be one node's under a policy that interleaves
    expect(Math.abs(even - 2048)).toBeLessThan(6 * 32);
    const oneSided = Array.from({ length: 4096 }, (_, row) => row).filter((row) => {
      const evens = groups.slice(row * 64, row * 64 + 64).filter((group, at) => group < 8 && at % 2 === 0).length;
      return evens === 0 || evens === 8;
    });
    expect(oneSided.length).toBeLessThan(41); // drawn fairly, 2 C(32,8) / C(64,8) = 1 in 210: 19 or 20
  });
});

describe('weights by rank', () => {
  test('an eighth of the blocks that draws nine tenths of the accesses', () => {
    const weights = rankWeights(hot(0.125, 0.9));
    expect([millionths(weights, 0, 8), millionths(weights, 8, 64)]).toEqual([900_000, 100_000]);
    expect(weights[0]).toBe(Math.round(7.2 * MEAN)); // 0.9 / 0.125
    expect(weights[63]).toBe(Math.round((0.1 / 0.875) * MEAN));
  });

  test('a bell of which two thirds lie within a standard deviation of its middle', () => {
    // half the region is four deviations: 0.6827 of all lie within one, so in the hottest quarter of the blocks, and 0.9545 within two
    const weights = rankWeights({ kind: 'normal', deviation: 0.25, driftNs: 0 });
    expect(millionths(weights, 0, 16) / 1e6).toBeCloseTo(0.6827, 3);
    expect(millionths(weights, 0, 32) / 1e6).toBeCloseTo(0.9545, 3);
    expect(weights[63]! / weights[0]!).toBeCloseTo(Math.exp((0.5 ** 2 - 63.5 ** 2) / 16 ** 2 / 2), 6);
    expect(millionths(weights, 0, 64)).toBe(1_000_000);
    expect(() => rankWeights({ kind: 'normal', deviation: 0.09, driftNs: 0 })).toThrow('deviation = 0.09, want 0.1 to 10');
  });

  test('a hot set that ends inside a group shares it with the cold', () => {
    // a hundredth of the blocks is 0.64 of a group: the first draws 0.5 + 0.36/64 / 0.99 * 0.5 of the accesses
    expect(millionths(rankWeights(hot(0.01, 0.5)), 0, 1)).toBe(502_841);
  });

  test('the cold draws nothing when the hot set draws all, and more than the hot set when that draws little', () => {
    expect(millionths(rankWeights(hot(0.5, 1)), 32, 64)).toBe(0);
    expect(millionths(rankWeights(hot(0.75, 0.25)), 48, 64)).toBe(750_000);
  });

  test('Zipf: the second hottest 64th draws half of what the first does, the fourth a quarter', () => {
    const weights = rankWeights(zipf(1));
    // the sum of 1/r for r = 1..64 is 4.743891
    expect(millionths(weights, 0, 1)).toBe(210_797);
    expect(millionths(weights, 1, 2)).toBe(105_399);
    expect(millionths(weights, 3, 4)).toBe(52_699);
    expect([...rankWeights(zipf(0))]).toEqual(Array.from({ length: 64 }, () => MEAN));
  });

  test.each([
    [hot(0, 0.5), 'blockShare = 0, want more than 0 and less than 1'],
    [hot(1, 0.5), 'blockShare = 1, want'],
    [hot(0.5, 1.5), 'accessShare = 1.5, want 0 to 1'],
    [hot(0.5, NaN), 'accessShare = NaN, want'],
    [zipf(-1), 'exponent = -1, want 0 to 4'],
    [zipf(4.5), 'exponent = 4.5, want'],
  ])('%j is refused', (heat, message) => {
    expect(() => rankWeights(heat)).toThrow(message);
  });
});

describe('drift', () => {
  const inGroup = (group: number): number => Array.from({ length: 64 }, (_, block) => block).find((block) => heatGroup(block) === group)!;

  test('moves the heat on by one group each time, and round after 64', () => {
    const heat = new RegionHeat(2, [null, zipf(2, 100)]);
    heat.count(1, inGroup(5), 0, 1);
    heat.count(1, inGroup(63), 1, 3); // three blocks there: a 64th of a region may be more than one
    const out = new Float64Array(2);
    const at = (nowNs: number): number[] => {
      heat.byNode(1, nowNs, out, 0);
      return [...out];
    };
    const weights = rankWeights(zipf(2));
    expect(at(0)).toEqual([weights[5], 3 * weights[63]!]);
    expect(at(99)).toEqual([weights[5], 3 * weights[63]!]);
    expect(at(100)).toEqual([weights[4], 3 * weights[62]!]);
    expect(at(599)).toEqual([weights[0], 3 * weights[58]!]);
    expect(at(600)).toEqual([weights[63], 3 * weights[57]!]);
    expect(at(6400)).toEqual(at(0));
  });

  test('is found out late or early, all the same', () => {
    const asked = new RegionHeat(2, [hot(0.1, 0.8, 7)]);
    const left = new RegionHeat(2, [hot(0.1, 0.8, 7)]);
    const out = new Float64Array(2);
    for (let nowNs = 0; nowNs < 1000; nowNs++) {
      if (nowNs % 3 === 0) for (const heat of [asked, left]) heat.count(0, nowNs, nowNs % 2, 1);
      asked.byNode(0, nowNs, out, 0);
    }
    const late = new Float64Array(2);
    left.byNode(0, 999, late, 0);
    expect([...out]).toEqual([...late]);
  });
});
