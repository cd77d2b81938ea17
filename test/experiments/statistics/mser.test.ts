import seedrandom from 'seedrandom';
import { describe, expect, test } from 'vitest';
import { mser5 } from '../../../experiments/statistics/mser.ts';

/** Five observations each, with these means and a spread that must not matter. */
const batches = (...means: number[]): number[] => means.flatMap((mean) => [mean - 3, mean + 1, mean, mean + 4, mean - 2]);

describe('MSER-5 by hand', () => {
  test('cuts the one mean that stands out', () => {
    // Means 9 1 2 1 2 1 2 1. Of all: mean 19/8, squares 97 - 361/8 = 51.875, / 64 = 0.811. Without the first: mean 10/7, squares
    // 16 - 100/7 = 1.714, / 49 = 0.0350. Without two: mean 1.5, squares 1.5, / 36 = 0.0417. Without three: 1.2 / 25 = 0.048. Four: 1 / 16.
    expect(mser5(batches(9, 1, 2, 1, 2, 1, 2, 1))).toEqual({ cut: 5, settles: true });
  });

  test('cuts nothing of means that go up and down alike', () => {
    // Of 2 m alternating means the squares are m / 2 and the share m / 2 / (2 m)^2 = 1 / (8 m): the more stay the better.
    expect(mser5(batches(1, 2, 1, 2, 1, 2, 1, 2))).toEqual({ cut: 0, settles: true });
  });

  test('of equally good cuts takes the first', () => expect(mser5(batches(4, 4, 4, 4, 4))).toEqual({ cut: 0, settles: true }));

  test('says so when the least lies at half of the series: it still settles', () => {
    // 16 8 4 2 1 0.5: each cut leaves a quarter of the squares, so the last that is allowed, 3 of 6, is best.
    expect(mser5(batches(16, 8, 4, 2, 1, 0.5))).toEqual({ cut: 15, settles: false });
  });

  test('leaves out what does not fill a batch', () => {
    expect(mser5([...batches(9, 1, 2, 1, 2, 1, 2, 1), 500, 500, 500, 500])).toEqual({ cut: 5, settles: true });
  });

  test('refuses what is too short to have a trend', () => expect(() => mser5(batches(1, 2, 3))).toThrow(/15 observations/));
});

test('agrees with the definition, written out, on drawn series', () => {
  for (let seed = 1; seed <= 100; seed++) {
    const random = seedrandom.alea(`mser ${seed}`);
    const series = Array.from({ length: 20 + Math.floor(random() * 200) }, (_, i) => random() + 5 * Math.exp(-i / (1 + 30 * random())));
    expect(mser5(series), `seed ${seed}`).toEqual(slow(series));
  }
});

function slow(series: readonly number[]): ReturnType<typeof mser5> {
  const means: number[] = [];
  for (let i = 0; i + 5 <= series.length; i += 5) means.push(average(series.slice(i, i + 5)));
  const most = Math.floor(means.length / 2);
  const errors = Array.from({ length: most + 1 }, (_, d) => {
    const rest = means.slice(d);
    return rest.reduce((sum, value) => sum + (value - average(rest)) ** 2, 0) / rest.length ** 2;
  });
  const best = errors.indexOf(Math.min(...errors));
  return { cut: 5 * best, settles: best < most };
}

/**
 * Waiting times of M/M/1 at a load of 0.8, whose mean is rho / (mu - lambda) = 4, with the first customer finding 100 to wait for (Lindley).
 * The queue drains at 0.2 a service, so the start weighs about 100 / 0.2 = 500 services of an average of 50 in 20,000. Averages of 40 such runs have a standard error of some 0.06.
 */
test('takes the initial bias out of a queue that starts full', () => {
  const raw: number[] = [];
  const kept: number[] = [];
  for (let seed = 1; seed <= 40; seed++) {
    const random = seedrandom.alea(`full ${seed}`);
    const waits: number[] = [100];
    while (waits.length < 20_000) waits.push(Math.max(0, waits.at(-1)! - Math.log(1 - random()) + Math.log(1 - random()) / 0.8));
    const { cut } = mser5(waits);
    raw.push(average(waits));
    kept.push(average(waits.slice(cut)));
  }
  expect(average(raw)).toBeGreaterThan(4.9); // a bias of 25 %
  expect(Math.abs(average(kept) - 4)).toBeLessThan(0.25);
});

function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
