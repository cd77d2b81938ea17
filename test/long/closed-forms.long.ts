import { describe, expect, test } from 'vitest';
import { estimate, meanSojourn, waitProbability } from '../closed-forms.ts';
import { pinnedJobs, pooled, pooledByNode, shared, type System } from '../queueing-systems.ts';
import { type Horizon, measured, replicate } from '../replications.ts';

/**
 * The simulator against queueing theory at load 0.8, each figure within a 99.9 % interval at most 1 % wide to either side. Method:
 *
 * - Replications by seed, and a t interval over them: jobs of one run resemble each other, runs do not. Seeds are named by the test.
 * - Each begins empty. The warm-up is ten relaxation times 1 / (sqrt(c) - sqrt(load))^2 of the queue (2 units of the mean service for
 *   48 CPUs, 15 for 6, 90 for 1; for H2 two and a half times as long, as its queue is more variable by (1 + scv) / 2), and its books
 *   are taken from the run's: e^-10 of the start is left.
 * - Control variates: what was drawn in the window more or less than on average moves the result, and is known. They save half to two
 *   thirds of the jobs, for P(wait) 19 of 20. They see what is drawn: when service takes 2 % longer than drawn, nothing corrects it.
 */
const LONGER = 1.02;
const WIDTH = 0.01;

/** Any slice will do for exponential service: what is left of a job is exponential again, so whose turn it is changes no mean. */
const EXPONENTIAL_SLICE = 0.1;
/**
 * Not so for H2: a job that comes has its first slice before the others have another, so a slice of 0.2 takes 1.4 % off the sojourn, one of
 * 0.1 half of that, and so on. The last tests are about this one.
 */
const H2_SLICE = 0.02;

interface Case {
  readonly name: string;
  readonly system: System;
  readonly horizon: Horizon;
  readonly expected: Partial<Record<'sojourn' | 'waiting', number>>;
}

const cases: Case[] = [
  {
    name: '48 CPUs with one queue',
    system: pooled,
    horizon: { warmUp: 20, length: 3_000, replications: 40 },
    expected: { sojourn: meanSojourn(48, 38.4), waiting: waitProbability(48, 38.4) },
  },
  {
    name: '8 nodes with a queue each',
    system: pooledByNode,
    horizon: { warmUp: 150, length: 2_200, replications: 40 },
    expected: { sojourn: meanSojourn(6, 4.8) },
  },
  {
    name: '48 CPUs with a queue each',
    system: pinnedJobs,
    horizon: { warmUp: 900, length: 4_200, replications: 40 },
    expected: { sojourn: meanSojourn(1, 0.8) },
  },
  {
    name: '6 CPUs shared by exponential jobs',
    system: shared('exp', EXPONENTIAL_SLICE),
    horizon: { warmUp: 150, length: 10_000, replications: 40 },
    expected: { sojourn: meanSojourn(6, 4.8) },
  },
  {
    name: '6 CPUs shared by hyperexponential jobs',
    system: shared('h2', H2_SLICE),
    horizon: { warmUp: 375, length: 15_500, replications: 40 },
    expected: { sojourn: meanSojourn(6, 4.8) },
  },
];

describe.each(cases)('$name', ({ name, system, horizon, expected }) => {
  const figures = Object.entries(expected) as ['sojourn' | 'waiting', number][];

  test('agree with the closed form', () => {
    const observations = replicate(name, system, horizon, 1);
    for (const [figure, value] of figures) {
      const { mean, halfWidth } = estimate(measured(observations, figure));
      expect(halfWidth, figure).toBeLessThanOrEqual(WIDTH * value);
      expect(Math.abs(mean - value), `${figure} ${mean}, want ${value} within ${halfWidth}`).toBeLessThanOrEqual(halfWidth);
    }
  });

  test('do not when service takes 2 % longer', () => {
    const observations = replicate(name, system, horizon, LONGER);
    for (const [figure, value] of figures) {
      const { mean, halfWidth } = estimate(measured(observations, figure));
      expect(Math.abs(mean - value), `${figure} ${mean}, not ${value} within ${halfWidth}`).toBeGreaterThan(halfWidth);
    }
  });
});

describe('the jobs of a guest share its CPUs', () => {
  const horizon: Horizon = { warmUp: 0, length: 4_000, replications: 10 };
  const mean = (slice: number): number => estimate(measured(replicate('slice', shared('h2', slice), horizon, 1), 'sojourn')).mean;

  test('so finely that a slice twice as long moves the mean by less than a fifth of the interval', () => {
    expect(Math.abs(mean(2 * H2_SLICE) / mean(H2_SLICE) - 1)).toBeLessThan(WIDTH / 5); // what is left of it is as much again
  });

  test('and what lies between sharing and first come first served is far more than the interval', () => {
    expect(mean(1000) / meanSojourn(6, 4.8)).toBeGreaterThan(1.3); // about (1 + 2.5 * 0.4315) / 1.4315, as M/G/6 waits (1 + scv) / 2 times M/M/6
  });
});
