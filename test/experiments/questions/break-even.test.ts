import { describe, expect, test } from 'vitest';
import { breakEven } from '../../../experiments/questions/break-even.ts';
import { breakEvenAnswer, breakEvenTable } from '../../../experiments/questions/trip-answer.ts';
import { type Fabricated, fabricatedResult, outcome } from './fabricated.ts';

/** [seed] e to the power of what is given, over what `leave` has, 1. */
function trip(series: string, x: number, logs: readonly number[]): Fabricated {
  return { series, x, samples: logs.map(Math.exp) };
}

const left = [10, 100, 1000].map((x) => trip('leave', x, [0, 0, 0]));

describe('where moving begins to win', () => {
  test('is between the last time it does not and the next, on a logarithmic scale, seed by seed', () => {
    // seed 1 crosses a quarter of the way from 10 to 100, seed 2 half way from 100 to 1000, seed 3 at 100 less a quarter: 10^1.25, 10^2.5, 10^1.75
    const result = fabricatedResult([
      ...left,
      trip('move', 10, [-1, -5, -3]),
      trip('move', 100, [3, -2, 1]),
      trip('move', 1000, [4, 2, 2]),
    ]);
    const found = breakEven(result, 'leave', 'move');
    expect(found.kind).toBe('at');
    if (found.kind !== 'at') return;
    expect(Math.log10(found.interval.mean)).toBeCloseTo((1.25 + 2.5 + 1.75) / 3, 12);
    // half-width: t(0.975, 2) = 4.302653 times the standard error of 1.25, 2.5, 1.75
    const sd = Math.sqrt(((1.25 - 11 / 6) ** 2 + (2.5 - 11 / 6) ** 2 + (1.75 - 11 / 6) ** 2) / 2);
    expect(Math.log10(found.interval.high) - 11 / 6).toBeCloseTo((4.302653 * sd) / Math.sqrt(3), 5);
  });

  test('is the last crossing where there are several', () => {
    const result = fabricatedResult([...left, trip('move', 10, [1, 1, 1]), trip('move', 100, [-1, -1, -1]), trip('move', 1000, [1, 1, 1])]);
    const found = breakEven(result, 'leave', 'move');
    expect(found.kind === 'at' && Math.log10(found.interval.mean)).toBeCloseTo(2.5, 12);
  });

  test('lies half way to the next time where they tie', () => {
    const result = fabricatedResult([...left, trip('move', 10, [-1, -1, -1]), trip('move', 100, [0, 0, 0]), trip('move', 1000, [1, 1, 1])]);
    const found = breakEven(result, 'leave', 'move');
    expect(found.kind === 'at' && Math.log10(found.interval.mean)).toBeCloseTo(2.5, 12);
  });

  test.each([
    ['always', [1, 2, 3]],
    ['never', [1, 2, -3]],
  ])('is %s where all seeds say so', (kind, logs) => {
    const result = fabricatedResult([...left, ...[10, 100, 1000].map((x, i) => trip('move', x, [logs[i]!, logs[i]!, logs[i]!]))]);
    expect(breakEven(result, 'leave', 'move').kind).toBe(kind);
  });

  test('is unsure where some seeds never cross', () => {
    const result = fabricatedResult([...left, trip('move', 10, [-1, -1, -1]), trip('move', 1000, [1, 1, -1])]);
    expect(breakEven(result, 'leave', 'move').kind).toBe('unsure');
  });

  test('turns round where less is better', () => {
    const result = fabricatedResult([...left, trip('move', 10, [1, 1, 1]), trip('move', 1000, [-1, -1, -1])], { isHigherBetter: false });
    const found = breakEven(result, 'leave', 'move');
    expect(found.kind === 'at' && Math.log10(found.interval.mean)).toBeCloseTo(2, 12);
  });
});

describe('the map in words', () => {
  const series = (answer: string, logs: readonly (readonly number[])[]): Fabricated[] =>
    [10, 100, 1000].map((x, i) => trip(`${answer} 16 MiB`, x, logs[i]!));
  const nothing = series('leave', [[0, 0, 0], [0, 0, 0], [0, 0, 0]]); // prettier-ignore
  const wins = [[-0.1, -0.1, -0.1], [-0.1, -0.1, -0.1], [0.1, 0.1, 0.1]]; // prettier-ignore
  const loses = [[-0.1, -0.1, -0.1], [-0.1, -0.1, -0.1], [-0.1, -0.1, -0.1]]; // prettier-ignore
  const text = (move: typeof wins, back: typeof wins): string =>
    breakEvenAnswer(outcome([fabricatedResult([...nothing, ...series('move', move), ...series('return', back)], { name: 'trip-idle-link' })])); // prettier-ignore

  test('says from when on moving wins, with its interval, by how much, and where it loses', () => {
    const said = text(wins, loses);
    expect(said).toMatch(/^Pages should follow a vCPU that stays away long enough \(interpolated between the times tried\): with 16 MiB hot \(idle link\) moving beats leaving from 316 ms \(316 to 316\) on\./); // prettier-ignore
    expect(said).toContain('moving gains most at 1000 ms (move 16 MiB, idle link: 1.11 times as good (1.11 to 1.11))');
    expect(said).toContain('It loses most at 10.0 ms (move 16 MiB, idle link: 0.905 times as good');
    expect(said).toContain('Copying back at the right moment is better than following back by the same rule not even at the longest time in 1 of 1 cases.'); // prettier-ignore
  });

  test('says so where moving never wins', () => {
    const said = text(loses, wins);
    expect(said).toMatch(/^Pages should stay, for as long as was tried: with 16 MiB hot \(idle link\) moving was no better at the longest time tried, 1000 ms\. At no single time is moving shown to be better than leaving\./); // prettier-ignore
    expect(said).toContain('by the same rule from some time on (16 MiB, idle link: 316 ms (316 to 316)) in 1 of 1 cases.');
  });

  test('and the table has a row for each hot set and link', () => {
    const result = fabricatedResult([...nothing, ...series('move', wins), ...series('return', loses)], { name: 'trip-busy-link' });
    expect(breakEvenTable(outcome([result])).title).toContain('interpolated between 10, 100 and 1000 ms');
    expect(breakEvenTable(outcome([result])).rows).toEqual([['busy link', '16 MiB', '316 ms (316 to 316)', 'not up to 1000 ms', 'not up to 1000 ms']]); // prettier-ignore
  });
});
