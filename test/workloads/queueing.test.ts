import { describe, expect, test } from 'vitest';
import { NONE, ms } from '../../sim/units.ts';
import { DONE, type GuestCalls, RUN, SLEEP } from '../../sim/workload-api.ts';
import { emptyPhase, inTurn, play, programOf, setupOf } from './fake-guest.ts';

const noCalls = {} as GuestCalls;

/** CPU times of the next `count` jobs, each on another slot than the last. */
function serviceTimesNs(options: Record<string, number | string>, seed: string, count: number): number[] {
  const program = programOf('queue', { slots: 3, ...options }, setupOf({ seed }));
  return Array.from({ length: count }, (_, i) => {
    const phase = emptyPhase();
    program.next(i % 3, phase, noCalls);
    if (i < 3) expect(phase).toMatchObject({ kind: RUN, cyclesPerInstruction: 1, accessesPerInstruction: 0, region: NONE, work: 1 });
    program.next(i % 3, emptyPhase(), noCalls);
    return phase.instructions / 2.5;
  });
}

function moments(values: readonly number[]): { mean: number; scv: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return { mean, scv: values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length / mean ** 2 };
}

describe('queue', () => {
  // 40,000 draws: standard error of the mean 0.5 %, 1 %, 0; four of them are allowed
  test.each([
    ['exp', 1, 0.02, 0.1],
    ['h2', 4, 0.04, 1],
    ['det', 0, 1e-9, 1e-9],
  ])('draws service times of law %s with the mean asked for', (law, scv, meanSlack, scvSlack) => {
    for (const seed of ['1', '2', '3']) {
      const drawn = moments(serviceTimesNs({ law, service: ms(7) }, seed, 40_000));
      expect(Math.abs(drawn.mean / 7e6 - 1), `seed ${seed}`).toBeLessThan(meanSlack);
      expect(Math.abs(drawn.scv - scv), `seed ${seed}`).toBeLessThan(scvSlack);
    }
  });

  test('draws arrivals at the rate asked for, in whole nanoseconds', () => {
    for (const seed of ['1', '2', '3']) {
      const program = programOf('queue', { rate: 160 }, setupOf({ seed }));
      const gapsNs = Array.from({ length: 40_000 }, () => program.nextArrivalNs!());
      expect(gapsNs.every((gapNs) => Number.isSafeInteger(gapNs) && gapNs >= 1)).toBe(true);
      const { mean, scv } = moments(gapsNs);
      expect(Math.abs(mean / 6.25e6 - 1), `seed ${seed}`).toBeLessThan(0.02); // 1 s / 160
      expect(Math.abs(scv - 1), `seed ${seed}`).toBeLessThan(0.1);
    }
  });

  test('draws the same services whether or not arrivals are drawn between them', () => {
    const program = programOf('queue', {}, setupOf({ seed: '5' }));
    const drawn = Array.from({ length: 20 }, (_, slot) => {
      program.nextArrivalNs!();
      const phase = emptyPhase();
      program.next(slot, phase, noCalls);
      return phase.instructions / 2.5;
    });
    expect(drawn).toEqual(serviceTimesNs({}, '5', 20));
  });

  test('ends each job after its one run, and a slot serves again', () => {
    const program = programOf('queue');
    const kinds = Array.from({ length: 4 }, () => {
      const phase = emptyPhase();
      program.next(9, phase, noCalls);
      return phase.kind;
    });
    expect(kinds).toEqual([RUN, DONE, RUN, DONE]);
  });
});

describe('think', () => {
  test('sleeps and computes in turn, for the means asked for', () => {
    for (const seed of ['1', '2', '3']) {
      const program = programOf('think', { tasks: 5, think: ms(3), service: ms(8) }, setupOf({ seed }));
      expect(program.tasks).toBe(5);
      const { steps } = play(program, 40_000, inTurn);
      const sleeps = steps.filter(({ phase }) => phase.kind === SLEEP).map(({ phase }) => phase.durationNs);
      const runs = steps.filter(({ phase }) => phase.kind === RUN).map(({ phase }) => phase.instructions / 2.5);
      expect([sleeps.length, runs.length]).toEqual([20_000, 20_000]);
      expect(steps.slice(0, 10).map(({ phase }) => phase.kind)).toEqual([SLEEP, SLEEP, SLEEP, SLEEP, SLEEP, RUN, RUN, RUN, RUN, RUN]);
      expect(Math.abs(moments(sleeps).mean / 3e6 - 1), `seed ${seed}`).toBeLessThan(0.028); // four standard errors of 0.7 %
      expect(Math.abs(moments(runs).mean / 8e6 - 1), `seed ${seed}`).toBeLessThan(0.028);
    }
  });

  test('draws for each task apart, so that one more task changes nothing for the others', () => {
    const sleepsOf = (tasks: number): number[] =>
      play(programOf('think', { tasks }), tasks, inTurn).steps.map(({ phase }) => phase.durationNs);
    expect(sleepsOf(4).slice(0, 3)).toEqual(sleepsOf(3));
    expect(new Set(sleepsOf(4)).size).toBe(4);
  });
});

test('compute does an instruction a cycle and touches no memory', () => {
  const program = programOf('compute', { phase: ms(4) });
  const { phase } = play(program, 1, inTurn).steps[0]!;
  expect(phase).toMatchObject({ kind: RUN, instructions: 1e7, cyclesPerInstruction: 1, region: NONE, work: 0.01 }); // 4 ms at 2.5 GHz
});
