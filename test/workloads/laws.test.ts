import { expect, test } from 'vitest';
import { namedStream } from '../../sim/random.ts';
import { timeLaw } from '../../workloads/laws.ts';

// 100,000 draws: four standard errors of the mean are 0.013 times the root of the scv; the spread of the squares of long tails is wide
test.each([
  ['exp', 9, 1, 0.05],
  ['h2', 6, 6, 0.6],
  ['lognormal', 2.5, 2.5, 0.5],
  ['lognormal', 0.25, 0.25, 0.01],
  ['det', 9, 0, 0],
])('law %s has the mean asked for, and with scv %d a squared coefficient of variation of %d', (law, scv, expected, slack) => {
  for (const seed of ['1', '2', '3']) {
    const draw = timeLaw(law, 5000, scv);
    const random = namedStream(seed, 'guest', 0, 'law');
    const drawn = Array.from({ length: 100_000 }, () => draw(random));
    expect(drawn.every((ns) => Number.isSafeInteger(ns) && ns >= 1)).toBe(true);
    const mean = drawn.reduce((sum, ns) => sum + ns, 0) / drawn.length;
    const squares = drawn.reduce((sum, ns) => sum + (ns / mean - 1) ** 2, 0) / drawn.length;
    expect(Math.abs(mean / 5000 - 1), `seed ${seed}`).toBeLessThan(0.013 * Math.sqrt(expected) + 1e-3); // and whole ns
    expect(Math.abs(squares - expected), `seed ${seed}`).toBeLessThanOrEqual(slack);
  }
});

test('a law that has no such spread, or none of that name, is refused', () => {
  expect(() => timeLaw('h2', 5000, 1)).toThrow(/law h2: scv = 1, want more than 1/);
  expect(() => timeLaw('lognormal', 5000, 0)).toThrow(/law lognormal: scv = 0, want more than 0/);
  expect(() => timeLaw('pareto', 5000, 3)).toThrow(/law = pareto, want exp, h2, lognormal, det/);
});
