import seedrandom from 'seedrandom';
import { describe, expect, test } from 'vitest';
import { holm } from '../../../experiments/statistics/holm.ts';
import { meanInterval, verdict } from '../../../experiments/statistics/interval.ts';
import { compareWithBaseline, pairedDifference, pairedRatio } from '../../../experiments/statistics/paired.ts';

const bySeed = (values: Record<string, number>) => Object.entries(values).map(([seed, value]) => ({ seed, value }));

describe('the interval of a mean', () => {
  test('of 1, 3, 5 is 3 plus or minus t(2) * 2 / sqrt(3)', () => {
    const interval = meanInterval([1, 3, 5]); // deviations -2, 0, 2: variance 8 / 2
    expect(interval.mean).toBe(3);
    expect(interval.high - 3).toBeCloseTo((4.30265273 * 2) / Math.sqrt(3), 7);
    expect(3 - interval.low).toBeCloseTo((4.30265273 * 2) / Math.sqrt(3), 7);
    expect(interval).toMatchObject({ level: 0.95, count: 3 });
  });

  test('of one sample has no ends', () => {
    expect(meanInterval([7])).toEqual({ mean: 7, low: -Infinity, high: Infinity, level: 0.95, count: 1 });
  });

  test('covers the true mean as often as it says', () => {
    const random = seedrandom.alea('coverage');
    let covered = 0;
    for (let trial = 0; trial < 2000; trial++) {
      // Six draws of a normal law around 10, each the sum of twelve uniform ones.
      const samples = Array.from({ length: 6 }, () => Array.from({ length: 12 }, random).reduce((sum, u) => sum + u, 4));
      const { low, high } = meanInterval(samples, 0.9);
      if (low < 10 && 10 < high) covered++;
    }
    expect(covered / 2000, "seed 'coverage'").toBeGreaterThan(0.88); // three standard errors, 0.0067 each, below 0.9
    expect(covered / 2000, "seed 'coverage'").toBeLessThan(0.92);
  });

  test.each([[[]], [[1, NaN]], [[Infinity, 2]]])('refuses %j', (samples) => {
    expect(() => meanInterval(samples)).toThrow(RangeError);
  });

  test.each([0, 1, 95, NaN])('refuses confidence level %d', (level) => {
    expect(() => meanInterval([1, 2], level)).toThrow(/confidence level/);
  });
});

describe('a paired difference', () => {
  test('pairs by seed, not by place', () => {
    const a = bySeed({ s1: 11, s2: 22, s3: 36 });
    const b = bySeed({ s3: 33, s1: 10, s2: 20 });
    const result = pairedDifference(a, b); // differences 1, 2, 3: mean 2, deviation 1
    expect(result.mean).toBe(2);
    expect(result.high - 2).toBeCloseTo(4.30265273 / Math.sqrt(3), 7);
    // With two degrees P(|T| < t) = t / sqrt(2 + t^2), here t = 2 sqrt(3).
    expect(result.pValue).toBeCloseTo(1 - Math.sqrt(12 / 14), 12);
  });

  test('is far narrower than its two sides when both follow the seed', () => {
    const a = bySeed({ s1: 101, s2: 203, s3: 302, s4: 402.5 });
    const b = bySeed({ s1: 100, s2: 200, s3: 300, s4: 400 });
    const result = pairedDifference(a, b);
    expect(result.correlation).toBeGreaterThan(0.999);
    expect(verdict(result)).toBe('higher');
    expect(meanInterval(a.map(({ value }) => value)).low).toBeLessThan(meanInterval(b.map(({ value }) => value)).high);
  });

  test('of equal sides shows no difference, and a constant one is certain', () => {
    const side = bySeed({ s1: 3, s2: 8 });
    const lower = bySeed({ s1: 1, s2: 6 });
    expect(pairedDifference(side, side)).toMatchObject({ mean: 0, low: 0, high: 0, pValue: 1 });
    expect(pairedDifference(side, lower)).toMatchObject({ mean: 2, low: 2, high: 2, pValue: 0 });
  });

  test('from one seed shows nothing', () => {
    const result = pairedDifference(bySeed({ s1: 9 }), bySeed({ s1: 1 }));
    expect(result).toMatchObject({ mean: 8, pValue: 1, correlation: null });
    expect(verdict(result)).toBe('no difference shown');
  });

  test('has no correlation where a side never varies', () => {
    expect(pairedDifference(bySeed({ s1: 5, s2: 5 }), bySeed({ s1: 1, s2: 2 })).correlation).toBeNull();
  });

  test.each([
    ['a seed without partner', { s1: 1, s2: 2 }, { s1: 1, s3: 2 }, /seed s3/],
    ['a missing seed', { s1: 1 }, { s1: 1, s3: 2 }, /1 and 2 seeds/],
  ])('refuses %s', (_, a, b, message) => {
    expect(() => pairedDifference(bySeed(a), bySeed(b))).toThrow(message);
  });

  test('refuses a seed that occurs twice', () => {
    const twice = [
      { seed: 's1', value: 1 },
      { seed: 's1', value: 2 },
    ];
    expect(() => pairedDifference(twice, bySeed({ s1: 1, s2: 2 }))).toThrow(/twice/);
    expect(() => pairedDifference(bySeed({ s1: 1, s2: 2 }), twice)).toThrow(/twice/);
  });
});

describe('a paired ratio', () => {
  test('of 2 and 8 over 1 is their geometric mean 4, and turns over with its sides', () => {
    const a = bySeed({ s1: 2, s2: 8 });
    const b = bySeed({ s1: 1, s2: 1 });
    const ratio = pairedRatio(a, b, 0.5); // logs ln 4 -+ ln 2, standard error ln 2; t(0.75, 1) = 1
    expect(ratio.mean).toBeCloseTo(4, 12);
    expect([ratio.low, ratio.high]).toEqual([expect.closeTo(2, 12), expect.closeTo(8, 12)]);
    expect(pairedRatio(b, a, 0.5).high).toBeCloseTo(1 / 2, 12);
    expect(verdict(ratio, 1)).toBe('higher');
  });

  test('refuses values that are not above zero', () => {
    expect(() => pairedRatio(bySeed({ s1: 0 }), bySeed({ s1: 1 }))).toThrow(/more than 0/);
  });
});

test('the verdict names a side only when the interval leaves zero out', () => {
  const interval = (low: number, high: number) => ({ mean: (low + high) / 2, low, high, level: 0.95, count: 5 });
  expect(verdict(interval(0.1, 3))).toBe('higher');
  expect(verdict(interval(-3, -0.1))).toBe('lower');
  expect(verdict(interval(-1, 3))).toBe('no difference shown');
  expect(verdict(interval(0, 3))).toBe('no difference shown');
  expect(verdict(interval(-3, 0))).toBe('no difference shown');
});

describe("Holm's correction", () => {
  test('multiplies the smallest by the number of tests, the next by one less, and never lets a later one undercut', () => {
    // 0.01 * 4; 0.02 * 3 = 0.06; 0.024 * 2 = 0.048 undercuts, so 0.06; 0.9 * 1
    const adjusted = holm([0.024, 0.9, 0.01, 0.02]);
    [0.06, 0.9, 0.04, 0.06].forEach((p, i) => expect(adjusted[i]).toBeCloseTo(p, 12));
  });

  test('never exceeds 1', () => expect(holm([0.7, 0.8])).toEqual([1, 1]));

  test('takes back a difference that a single comparison would show', () => {
    const baseline = bySeed({ s1: 10, s2: 20, s3: 30 });
    const candidate = bySeed({ s1: 17, s2: 28, s3: 41 }); // differences 7, 8, 11: t = 7.21 on 2 degrees, p = 0.019
    const same = bySeed({ s1: 11, s2: 19, s3: 30.5 });
    expect(compareWithBaseline(baseline, [candidate]).map((c) => verdict(c))).toEqual(['higher']);
    expect(compareWithBaseline(baseline, [same, candidate, same]).map((c) => verdict(c))).toEqual([
      'no difference shown',
      'no difference shown', // 3 * 0.019 > 0.05
      'no difference shown',
    ]);
  });

  test('agrees between interval and adjusted p value, whatever the data', () => {
    let shown = 0;
    for (let seed = 1; seed <= 200; seed++) {
      const random = seedrandom.alea(`holm ${seed}`);
      const values = (gain: number) => Array.from({ length: 4 }, (_, i) => ({ seed: `${i}`, value: random() + gain }));
      const results = compareWithBaseline(values(0), [values(0), values(0.6), values(1.2), values(-0.9), values(0)]);
      for (const result of results) {
        expect(verdict(result) !== 'no difference shown', `seed ${seed}, p ${result.pValue}`).toBe(result.pValue < 0.05);
        if (result.pValue < 0.05) shown++;
      }
    }
    expect(shown).toBeGreaterThan(100);
    expect(shown).toBeLessThan(900);
  });

  test('shows a false difference among eight equal candidates about as rarely as it says', () => {
    const random = seedrandom.alea('family');
    let falseAlarms = 0;
    for (let trial = 0; trial < 1000; trial++) {
      const values = () => Array.from({ length: 6 }, (_, i) => ({ seed: `${i}`, value: random() + random() + random() }));
      const results = compareWithBaseline(values(), Array.from({ length: 8 }, values));
      if (results.some((result) => verdict(result) !== 'no difference shown')) falseAlarms++;
    }
    expect(falseAlarms / 1000, "seed 'family'").toBeLessThan(0.07); // three standard errors, 0.007 each, above 0.05
    expect(falseAlarms / 1000, "seed 'family'").toBeGreaterThan(0.005);
  });
});

test('two candidates that differ from the baseline alike get the same interval and the same p value', () => {
  const baseline = bySeed({ 1: 10, 2: 11.5, 3: 9 });
  const alike = bySeed({ 1: 12, 2: 13.25, 3: 11.5 });
  const [first, second, other] = compareWithBaseline(baseline, [alike, alike, bySeed({ 1: 10.5, 2: 11, 3: 9.25 })]);
  expect(second).toEqual(first);
  expect(other!.level).not.toBe(first!.level);
});
