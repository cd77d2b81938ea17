import seedrandom from 'seedrandom';
import { describe, expect, test } from 'vitest';
import { bootstrapPValue, reaches, studentized } from '../../../experiments/statistics/bootstrap.ts';
import { compareEach, countForT, pairedDifference, type Replication } from '../../../experiments/statistics/paired.ts';
import { verdict } from '../../../experiments/statistics/interval.ts';

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const standardError = (values: readonly number[]): number =>
  Math.sqrt(values.reduce((sum, value) => sum + (value - mean(values)) ** 2, 0) / (values.length - 1) / values.length);
const bySeed = (values: readonly number[]): Replication[] => values.map((value, i) => ({ seed: `${i}`, value }));
const zeros = (n: number): Replication[] => bySeed(new Array<number>(n).fill(0));

test('the mice of Efron and Tibshirani: their 90 % interval of the control group was 35.82 to 116.74, of 1000 resamples', () => {
  const control = [52, 104, 146, 10, 51, 30, 40, 27, 46]; // An Introduction to the Bootstrap, table 2.1 and section 12.5
  const { down, up } = reaches(studentized(control, mean(control)), 0.9);
  expect(Math.abs(mean(control) - down * standardError(control) - 35.82)).toBeLessThan(1);
  expect(Math.abs(mean(control) + up * standardError(control) - 116.74)).toBeLessThan(4); // the end of the long tail is the less certain one
});

test('agrees with all 4^4 resamples, one by one', () => {
  const samples = [1, 2, 4, 9];
  const all: number[] = [];
  for (let code = 0; code < 256; code++) {
    const picked = [code & 3, (code >> 2) & 3, (code >> 4) & 3, code >> 6].map((i) => samples[i]!);
    const off = mean(picked) - mean(samples);
    const error = standardError(picked);
    all.push(error > 0 ? off / error : off * Infinity); // none of them is 4 by itself
  }
  const { ts } = studentized(samples, mean(samples));
  for (const at of [-5, -2, -1, -0.4, 0, 0.3, 1, 1.7]) {
    const share = ts.filter((t) => t <= at).length / ts.length;
    expect(Math.abs(share - all.filter((t) => t <= at).length / 256), `below ${at}`).toBeLessThan(0.015); // three standard errors of 9,999
  }
});

describe('ten or more skewed differences', () => {
  const skewed = [0.1, 0.3, 0.2, 0.6, 0.4, 1.1, 0.5, 0.2, 3.9, 0.8];

  test('take the bootstrap, whose interval reaches further to the long side', () => {
    const result = pairedDifference(bySeed(skewed), zeros(10));
    expect(result.method).toBe('bootstrap-t');
    expect(result.high - result.mean).toBeGreaterThan(1.5 * (result.mean - result.low));
  });

  test('turned round give the mirror image', () => {
    const there = pairedDifference(bySeed(skewed), zeros(10));
    const back = pairedDifference(zeros(10), bySeed(skewed));
    expect(back.low).toBeCloseTo(-there.high, 12);
    expect(back.high).toBeCloseTo(-there.low, 12);
    expect(back.pValue).toBe(there.pValue);
  });

  test('nine of them take t, and so do as many as outweigh their skewness', () => {
    expect(pairedDifference(bySeed(skewed.slice(0, 9)), zeros(9)).method).toBe('t');
    const many = Array.from({ length: 40 }, (_, i) => i % 7); // hardly skewed: 28 and a little
    const result = pairedDifference(bySeed(many), zeros(40));
    expect(countForT(result.skewness!)).toBeLessThan(40);
    expect(result.method).toBe('t');
    expect(pairedDifference(bySeed(many.slice(0, 28)), zeros(28)).method).toBe('bootstrap-t');
  });

  test('of which nearly all are alike take t: most resamples would have no spread', () => {
    expect(pairedDifference(bySeed([0, 0, 0, 0, 0, 0, 0, 0, 0, 5]), zeros(10)).method).toBe('t');
  });

  test('of which nearly all are nearly alike take t: a third of the resamples miss the outlier, and so all of the spread', () => {
    // 0.9^10 = 35 % of them, whose own standard errors are a thousandth of the sample's. Mean 9.99004, standard error 0.01: t is 1000.
    const near = [10, 10.00001, 10.00002, 10.00003, 10.00004, 10.00005, 10.00006, 10.00007, 10.00008, 9.9].map((value) => value + 0.00001);
    const result = pairedDifference(bySeed(near), zeros(10));
    expect(result.method).toBe('t');
    expect(result.low).toBeCloseTo(9.990046 - 2.2621572 * 0.0100046, 4);
    expect(verdict(result)).toBe('higher');
    expect(result.pValue).toBeLessThan(1e-12);
    const turned = pairedDifference(zeros(10), bySeed(near));
    expect([turned.low, turned.high]).toEqual([-result.high, -result.low]);
  });

  test('that are all alike have nothing to resample', () => {
    expect(pairedDifference(bySeed(new Array<number>(12).fill(2)), zeros(12))).toMatchObject({
      method: 't',
      skewness: null,
      low: 2,
      high: 2,
    });
  });
});

test.each([
  [0, 29],
  [1, 54], // Cochran's 25, and 28 more
  [-2, 129],
])('differences of skewness %d want %i seeds for t', (skewness, count) => expect(countForT(skewness)).toBe(count));

test('p value and interval say the same, of one and of a family', () => {
  let shown = 0;
  for (let seed = 1; seed <= 60; seed++) {
    const random = seedrandom.alea(`agree ${seed}`);
    const side = (gain: number): Replication[] => bySeed(Array.from({ length: 11 }, () => gain - Math.log(1 - random())));
    const results = compareEach([[side(0.4), side(0)], [side(0), side(0)], [side(1.5), side(0)], [side(0), side(0.8)]]); // prettier-ignore
    for (const result of results) {
      expect(result.method, `seed ${seed}`).toBe('bootstrap-t');
      expect(verdict(result) !== 'no difference shown', `seed ${seed}, p ${result.pValue}`).toBe(result.pValue <= 0.05 + 1e-12);
      if (result.pValue <= 0.05) shown++;
    }
  }
  expect(shown).toBeGreaterThan(50);
  expect(shown).toBeLessThan(190);
});

test('the p value of a distance is twice the share of resamples beyond it', () => {
  const resamples = studentized([1, 2, 4, 9, 3, 5], 4);
  const beyond = resamples.ts.filter((t) => t >= 1.5).length;
  expect(bootstrapPValue(resamples, 1.5)).toBeCloseTo((2 * (beyond + 1)) / 10_000, 12);
  expect(bootstrapPValue(resamples, 1e9)).toBe(2 / 10_000);
});

test('a p value at the floor of the bootstrap is told as that or less, and multiplied by Holm it still is', () => {
  const skewed = [0.1, 0.3, 0.2, 0.6, 0.4, 1.1, 0.5, 0.2, 1.9, 0.8].map((value) => value + 9);
  const wavering = skewed.map((value, i) => (i % 2 === 0 ? value : -value));
  const [far, near] = compareEach([[bySeed(skewed), zeros(10)], [bySeed(wavering), zeros(10)]]); // prettier-ignore
  expect([far!.method, far!.pValue, far!.isPValueMost]).toEqual(['bootstrap-t', expect.closeTo(2 * 0.0002, 12), true]);
  expect(near!.isPValueMost).toBe(false);
  expect(pairedDifference(bySeed(skewed.slice(0, 5)), zeros(5)).isPValueMost).toBe(false); // by t, which has no floor
});
