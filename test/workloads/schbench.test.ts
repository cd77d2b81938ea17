import { describe, expect, test } from 'vitest';
import { uniform } from '../../machines/uniform.ts';
import { buildMachine } from '../../sim/machine.ts';
import type { OptionValues } from '../../sim/options.ts';
import type { GuestRecord } from '../../sim/recording.ts';
import { KiB, MiB, ms, seconds, us } from '../../sim/units.ts';
import { BLOCK, RUN, SLEEP, SWEEP, TOUCH } from '../../sim/workload-api.ts';
import { computes, FREE_COSTS, guest, pinned, program, ran, workload } from '../sim/scenario-fixture.ts';
import { emptyPhase, inTurn, latestFirst, play, programOf, setupOf } from './fake-guest.ts';

describe('schbench', () => {
  test('each worker asks, is woken, sleeps, multiplies and asks again', () => {
    const { steps, stuck } = play(programOf('schbench', { message: 2, threads: 2, sleep: us(70) }), 400, inTurn);
    expect(stuck).toEqual([]);
    for (const worker of [1, 2, 4, 5]) {
      const kinds = steps.filter(({ task, measuring }) => task === worker && measuring > 0).map(({ phase }) => phase.kind);
      expect(kinds.slice(0, 7), `worker ${worker}`).toEqual([BLOCK, SLEEP, RUN, BLOCK, SLEEP, RUN, BLOCK]);
    }
    for (const thread of [0, 3]) {
      expect(steps.filter(({ task }) => task === thread).every(({ phase }) => phase.kind === BLOCK)).toBe(true);
    }
    expect(steps.find(({ phase }) => phase.kind === SLEEP)!.phase.durationNs).toBe(70_000);
  });

  test('multiplies matrices that fill the footprint, and fetches their lines anew where they do not fit the core', () => {
    const work = (footprint: number): unknown =>
      play(programOf('schbench', { footprint, operations: 7 }), 60, inTurn).steps.find(({ phase }) => phase.kind === RUN)!.phase;
    // three of 73 x 73 numbers of 8 bytes are 127,896 of 131,072 bytes; L2 has 256 KiB
    expect(work(KiB(128))).toMatchObject({ instructions: 7 * 73 ** 3, cyclesPerInstruction: 3, accessesPerInstruction: 0, work: 1 });
    // 3 x 8 x 418 x 418 = 4,193,376 of 4,194,304
    expect(work(MiB(4))).toMatchObject({
      instructions: 7 * 418 ** 3,
      accessesPerInstruction: 0.125,
      pattern: SWEEP,
      passes: 7 * 418,
      workingSetBytes: MiB(4),
      isWorkAtEnd: true,
    });
  });

  test('tells wakeups from when the message thread woke and requests from when the worker ran', () => {
    const { step, at, figures } = stepped({ threads: 1 });
    at(1000);
    expect(step(1)).toBe(BLOCK); // the worker has asked
    at(3000);
    expect(step(0)).toBe(BLOCK); // its message thread wakes it
    at(3700);
    expect(step(1)).toBe(SLEEP);
    at(103_900);
    expect(step(1)).toBe(RUN);
    at(953_900);
    expect(step(1)).toBe(BLOCK);
    const { meanWakeNs, p999WakeNs, meanRequestNs, p50RequestNs } = figures();
    expect([meanWakeNs, meanRequestNs]).toEqual([700, 950_200]);
    expect(Math.abs(Math.log2(p999WakeNs! / 700))).toBeLessThanOrEqual(1 / 16);
    expect(Math.abs(Math.log2(p50RequestNs! / 950_200))).toBeLessThanOrEqual(1 / 16);
  });

  test('with rps sends requests to its workers in turn when they are due, and tells their latency from then', () => {
    const { step, at, figures, woken, phase } = stepped({ threads: 2, rps: 1000, sleep: 0 });
    expect([step(1), step(2), step(0)]).toEqual([BLOCK, BLOCK, SLEEP]);
    expect(phase.durationNs).toBe(1e6); // the first is due 1 ms after the start
    at(3_200_000); // the message thread is late by three requests, of which the first and third are for worker 1
    expect(step(0)).toBe(SLEEP);
    expect([phase.durationNs, woken()]).toEqual([800_000, [1, 2]]);
    at(3_300_000);
    expect(step(1)).toBe(RUN);
    at(3_900_000);
    expect(step(1)).toBe(RUN); // its second, at once
    expect(figures()).toMatchObject({ meanWakeNs: 100_000, meanRequestNs: 2_900_000 }); // due at 1 ms
    at(4_500_000);
    expect(step(1)).toBe(BLOCK);
    expect(figures()).toMatchObject({ meanWakeNs: 100_000, meanRequestNs: (2_900_000 + 1_500_000) / 2 }); // due at 3 ms
  });

  test('ends as a whole without memory for the matrices, and refuses what cannot fit', () => {
    for (const choose of [inTurn, latestFirst]) {
      const trace = play(programOf('schbench', { threads: 3, footprint: MiB(1) }), 100, choose, MiB(2));
      expect([trace.doneCount, trace.stuck]).toEqual([4, []]);
    }
    // three quarters of 1800 MiB over three workers, in blocks of 2 MiB
    expect(() => programOf('schbench', { footprint: MiB(451) })).toThrow(/footprint = 472907776, want at most 471859200 /);
  });
});

describe('on a machine', () => {
  const run = (rivals: number, set: OptionValues = {}): GuestRecord => {
    const rival = program((_task, phase) => computes(phase, 1.7e9));
    return ran({
      machine: buildMachine(uniform),
      policy: pinned([0, 1, 2, 3, 0, 1, 2, 3].slice(0, 4 + rivals), () => 0, ms(3)),
      guests: [
        guest(workload('schbench'), { vcpus: 4, set: { threads: 3, ...set } }),
        ...Array.from({ length: rivals }, (_, i) => guest(rival, { name: `r${i}` })),
      ],
      durationNs: seconds(1),
      costs: FREE_COSTS,
      checks: 'cheap',
    }).guests[0]!;
  };

  test('with a CPU for each thread wakeups take no time, and requests the sleep and the work', () => {
    const { figures, throughput, elapsedNs } = run(0);
    expect([figures.meanWakeNs, figures.p999WakeNs! < 1.05]).toEqual([1, true]); // the least that is told
    const workNs = Math.ceil((5 * 104 ** 3 * 3) / 1.7); // three of 104 x 104 x 8 bytes fit 256 KiB
    expect(figures.meanRequestNs).toBeCloseTo(us(100) + workNs, -1);
    expect((throughput.value * elapsedNs) / 1e9).toBeCloseTo(3 * Math.floor(elapsedNs / figures.meanRequestNs!), 6);
  });

  test('sharing its CPUs with others, a worker waits for up to the slice of who runs there', () => {
    const { figures } = run(4);
    expect(figures.meanWakeNs!).toBeGreaterThan(us(300));
    // CFS on six CPUs: a latency of 6 ms times 3, of which the other has half or, once, all; turns end at ticks of 4 ms
    expect(figures.p999WakeNs!).toBeGreaterThan(ms(9) / 2 ** (1 / 16));
    expect(figures.p999WakeNs!).toBeLessThan(ms(18 + 4) * 2 ** (1 / 16));
  });
});

/** One message thread and its workers, set up at 0, each stepped by hand. */
function stepped(options: OptionValues): {
  step: (task: number) => number;
  at: (nowNs: number) => void;
  woken: () => number[];
  figures: () => Record<string, number>;
  phase: ReturnType<typeof emptyPhase>;
} {
  const program = programOf('schbench', options, setupOf());
  const woken: number[] = [];
  const calls = { nowNs: 0, wake: (task: number) => void woken.push(task), allocate: () => true, free: () => {}, startMeasuring: () => {} };
  const phase = emptyPhase();
  const step = (task: number): number => {
    Object.assign(phase, emptyPhase());
    program.next(task, phase, calls);
    return phase.kind;
  };
  for (let worker = 1; worker < program.tasks; worker++) expect(step(worker)).toBe(TOUCH);
  for (let worker = 1; worker < program.tasks; worker++) step(worker);
  step(0); // the last to be ready
  woken.length = 0;
  return {
    step,
    at: (nowNs) => void (calls.nowNs = nowNs),
    woken: () => woken.splice(0),
    figures: () => program.figures!({ workDone: 0, measuredNs: 0 }),
    phase,
  };
}
