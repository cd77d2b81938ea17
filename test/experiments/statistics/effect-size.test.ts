import seedrandom from 'seedrandom';
import { expect, test } from 'vitest';
import { cliffsDelta, effectSizes, hedgesCorrection } from '../../../experiments/statistics/effect-size.ts';

test('of 7/4, 5/5, 9/3, 6/5: two and a half of four seeds are won for sure', () => {
  const sizes = effectSizes([[7, 4], [5, 5], [9, 3], [6, 7]]); // prettier-ignore
  // Differences 3, 0, 6, -1: mean 2, squares 1 + 4 + 16 + 9 = 30, deviation sqrt(30 / 3); two won, one tie, one lost.
  expect(sizes.cohenDz).toBeCloseTo(2 / Math.sqrt(10), 12);
  expect(sizes.hedgesG).toBeCloseTo((2 / Math.sqrt(10)) * hedgesCorrection(3), 12);
  expect(sizes.superiority).toBe(2.5 / 4);
  // 7 beats 4 5 3 and ties 7; 5 beats 4 3, ties 5; 9 beats all four; 6 beats 4 5 3: won 3 + 2 + 4 + 3, lost 0 + 1 + 0 + 1.
  expect(sizes.cliffsDelta).toBe((12 - 2) / 16);
});

// Table of the exact correction: with 2 degrees gamma(1) / (1 * gamma(1/2)), with 4 gamma(2) / (sqrt 2 * gamma(3/2)).
test.each([
  [1, 0],
  [2, 1 / Math.sqrt(Math.PI)],
  [4, Math.SQRT2 / Math.sqrt(Math.PI)],
])("Hedges' correction with %i degrees is %d", (dof, value) => expect(hedgesCorrection(dof)).toBeCloseTo(value, 8));

test("Hedges' correction comes to his own approximation 1 - 3 / (4 m - 1)", () => {
  for (const dof of [10, 19, 50, 200, 999]) expect(Math.abs(hedgesCorrection(dof) - (1 - 3 / (4 * dof - 1)))).toBeLessThan(0.04 / dof ** 2);
});

test('differences that do not vary have no standardized size, and equal sides none at all', () => {
  expect(effectSizes([[3, 1], [8, 6]])).toMatchObject({ cohenDz: null, hedgesG: null, superiority: 1 }); // prettier-ignore
  expect(effectSizes([[3, 3], [8, 8]])).toEqual({ cohenDz: null, hedgesG: null, superiority: 0.5, cliffsDelta: 0 }); // prettier-ignore
});

test("Cliff's delta agrees with comparing each with each, ties and all", () => {
  for (let seed = 1; seed <= 50; seed++) {
    const random = seedrandom.alea(`cliff ${seed}`);
    const side = (count: number, shift: number): number[] => Array.from({ length: count }, () => Math.floor(8 * random() + shift));
    const a = side(1 + (seed % 9), 1);
    const b = side(1 + (seed % 7), 0);
    const slow = a.flatMap((x) => b.map((y) => Math.sign(x - y))).reduce((sum, sign) => sum + sign, 0) / (a.length * b.length);
    expect(cliffsDelta(a, b), `seed ${seed}`).toBeCloseTo(slow, 12);
  }
});
