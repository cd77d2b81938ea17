import { describe, expect, test } from 'vitest';
import { uniform } from '../../machines/uniform.ts';
import { buildMachine } from '../../sim/machine.ts';
import { namedStream } from '../../sim/random.ts';
import type { OptionValues } from '../../sim/options.ts';
import type { GuestRecord } from '../../sim/recording.ts';
import { MiB, ms, seconds, us } from '../../sim/units.ts';
import { type Phase, RUN, SLEEP, TOUCH } from '../../sim/workload-api.ts';
import { DEFAULT_COSTS } from '../../sim/scenario.ts';
import { FREE_COSTS, guest, lopsidedMachine, pinned, ran, workload } from '../sim/scenario-fixture.ts';
import { emptyPhase, inTurn, play, programOf, setupOf } from './fake-guest.ts';

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** The sleeps and bursts (in ns of CPU time at 2.5 GHz) of a program whose every phase takes what it asks for. */
function drawn(name: string, options: OptionValues, seed: string, count: number): { sleepsNs: number[]; burstsNs: number[] } {
  const program = programOf(name, { memory: 0, ...options }, setupOf({ seed, vcpus: 1 }));
  const { step, at, now } = clocked(program);
  const [sleepsNs, burstsNs] = [[] as number[], [] as number[]];
  while (burstsNs.length < count) {
    const phase = step(0);
    const ns = phase.kind === SLEEP ? phase.durationNs : phase.instructions / 2.5;
    (phase.kind === SLEEP ? sleepsNs : burstsNs).push(ns);
    at(now() + Math.ceil(ns));
  }
  return { sleepsNs, burstsNs };
}

describe('bursty', () => {
  // 20,000 exponential draws each: four standard errors of 0.7 %
  test('is busy and idle for the means that its load asks for', () => {
    for (const seed of ['1', '2', '3']) {
      const { sleepsNs, burstsNs } = drawn('bursty', { load: 0.8, burst: ms(6) }, seed, 20_000);
      expect(Math.abs(mean(burstsNs) / 6e6 - 1), `seed ${seed}`).toBeLessThan(0.028);
      expect(Math.abs(mean(sleepsNs) / 1.5e6 - 1), `seed ${seed}`).toBeLessThan(0.028); // 6 / (6 + 1.5)
    }
  });

  test('never sleeps at load 1, and at constant lengths keeps exact time', () => {
    expect(drawn('bursty', { load: 1 }, '1', 50).sleepsNs).toEqual([]);
    const { sleepsNs, burstsNs } = drawn('bursty', { load: 0.25, burst: ms(2), law: 'det', 'idle-law': 'det' }, '1', 5);
    expect([sleepsNs, burstsNs]).toEqual([Array(5).fill(6e6), Array(5).fill(2e6)]);
  });

  const LENGTHS = { load: 0.5, burst: ms(2), law: 'det', 'idle-law': 'det', memory: 0 };

  test('closed, it is idle for a drawn time after each burst', () => {
    const { step, at, figures } = clocked(programOf('bursty', LENGTHS, setupOf({ vcpus: 1 })));
    expect(step(0)).toMatchObject({ kind: SLEEP, durationNs: 2e6 });
    at(ms(2) + 50); // woken late
    expect(step(0)).toMatchObject({ kind: RUN, instructions: 5e6, work: 0.002, isWorkAtEnd: false });
    at(ms(9)); // and it takes 7 ms instead of 2
    expect(step(0)).toMatchObject({ kind: SLEEP, durationNs: 2e6 });
    at(ms(11));
    expect(step(0).kind).toBe(RUN);
    at(ms(13));
    expect(step(0).kind).toBe(SLEEP);
    expect(figures()).toMatchObject({ meanWakeNs: (50 + 1) / 2, meanResponseNs: (7e6 + 2e6) / 2, meanStretch: 9 / 4 });
  });

  test('open, bursts are due every so often, and those that come late are late from when they were due', () => {
    const { step, at, figures } = clocked(programOf('bursty', { ...LENGTHS, mode: 'open' }, setupOf({ vcpus: 1 })));
    expect(step(0)).toMatchObject({ kind: SLEEP, durationNs: 4e6 });
    at(ms(4) + 50);
    expect(step(0).kind).toBe(RUN);
    for (const endMs of [13, 15, 17]) {
      at(ms(endMs)); // those of 8, 12 and 16 ms begin when the one before has ended
      expect(step(0).kind).toBe(RUN);
    }
    at(ms(19));
    expect(step(0)).toMatchObject({ kind: SLEEP, durationNs: 1e6 });
    at(ms(20));
    expect(step(0).kind).toBe(RUN);
    const responses = 13 - 4 + (15 - 8) + (17 - 12) + (19 - 16);
    expect(figures()).toMatchObject({ meanWakeNs: (50 + 1) / 2, meanResponseNs: (responses * 1e6) / 4, meanStretch: responses / 8 });
  });

  test('each vCPU fills its own memory first, and its bursts wait for it for their share', () => {
    const { steps } = play(programOf('bursty', { size: MiB(24), memory: 0.6 }), 60, inTurn);
    expect(steps.slice(0, 3).map(({ phase }) => [phase.kind, phase.region, phase.bytes])).toEqual(
      [0, 1, 2].map((region) => [TOUCH, region, MiB(24)]),
    );
    const { task, phase } = steps.find((step) => step.phase.kind === RUN)!;
    expect(phase).toMatchObject({ region: task, workingSetBytes: MiB(24), cyclesPerInstruction: 1, linesInFlight: 2 });
    // 0.4 of its time computes, at 2.5 GHz; the rest are pairs of lines of 67 ns: 0.6 / 0.4 of the computing time
    const computeNs = phase.instructions / 2.5;
    expect((phase.accessesPerInstruction * phase.instructions * 67) / 2 / computeNs).toBeCloseTo(1.5, 12);
    expect(phase.work * 1e9).toBeCloseTo(computeNs / 0.4, 3);
  });

  const alone = (set: OptionValues, node: number, guests: number, seed: string): GuestRecord =>
    ran({
      policy: pinned(Array(guests).fill(0) as number[], () => node, ms(3)),
      guests: Array.from({ length: guests }, (_, i) => guest(workload('bursty'), { name: `g${i}`, set })),
      durationNs: seconds(20),
      costs: FREE_COSTS,
      seed,
      checks: 'cheap',
    }).guests[0]!;

  test('alone on a CPU it does as much work as its load says, and bursts take their CPU time', () => {
    const { throughput, figures } = alone({ load: 0.4, burst: ms(5), memory: 0 }, 0, 1, '3');
    expect(Math.abs(throughput.value / 0.4 - 1)).toBeLessThan(0.09); // some 1,600 cycles of two exponential times
    expect(figures.meanStretch).toBeCloseTo(1, 5);
  });

  test('with another on its CPU bursts take longer: as in closed queueing with one server', () => {
    // machine repair with two customers, think 7.5 ms, service 5 ms, served by turns: of the states 0, 1, 2 busy, weights 1, 2/1.5, 2/1.5^2
    const weights = [1, 2 / 1.5, 2 / 1.5 ** 2];
    const busyShare = 1 - weights[0]! / weights.reduce((sum, weight) => sum + weight, 0);
    const { throughput } = alone({ load: 0.4, burst: ms(5), memory: 0 }, 0, 2, '3');
    expect(Math.abs(throughput.value / (busyShare / 2) - 1)).toBeLessThan(0.09);
  });

  test('memory far away stretches bursts as its latency says', () => {
    // 1.6 GHz; 16 MiB through a cache of 3 MiB: 13 of 16 accesses miss, the others take 25 ns; half of a burst is pairs of lines of 67 ns
    const stretch = (latencyNs: number): number => 0.5 + (0.5 * ((13 / 16) * latencyNs + (3 / 16) * 25)) / 67;
    for (const [node, latencyNs] of lopsidedMachine.spec.latencyNs.value[0]!.entries()) {
      const { figures } = alone({ load: 0.4, burst: ms(5), memory: 0.5, size: MiB(16) }, node, 1, '3');
      // its own traffic, a line in some 90 ns or less, makes that a little longer
      expect(figures.meanStretch! / stretch(latencyNs), `node ${node}`).toBeGreaterThan(0.999);
      expect(figures.meanStretch! / stretch(latencyNs), `node ${node}`).toBeLessThan(1.05);
    }
  });
});

test.each(['bursty', 'idle-mostly'])('%s asks each task for the same, whichever task runs first', (name) => {
  for (const mode of name === 'bursty' ? ['closed', 'open'] : ['']) {
    const asked = (choose: (count: number) => number): unknown[] => {
      const { steps } = play(programOf(name, { size: MiB(4), ...(mode ? { mode } : {}) }), 4_000, choose);
      return [0, 1, 2].map((own) => steps.filter(({ task, measuring }) => task === own && measuring > 0).map(({ phase }) => phase));
    };
    const random = namedStream('9', 'order', 0, 'choose');
    const [inOrder, drawnOrder] = [asked(inTurn), asked((count) => Math.floor(random() * count))] as [Phase[][], Phase[][]];
    for (const task of [0, 1, 2]) {
      const common = (phases: Phase[][]): Phase[] => phases[task]!.filter(({ kind }) => kind === RUN || kind === SLEEP).slice(0, 100);
      expect(common(drawnOrder), `task ${task} ${mode}`).toEqual(common(inOrder));
      expect(common(inOrder).length).toBe(100);
    }
  }
});

describe('idle-mostly', () => {
  test('timers go off so often that together they ask for the share of the vCPUs', () => {
    for (const seed of ['1', '2', '3']) {
      // one of 5 timers on one vCPU: 8 % of it for bursts of 0.4 ms are a burst in 5 ms, of each timer one in 25
      const program = programOf('idle-mostly', { utilisation: 0.08, timers: 5, burst: us(400), memory: 0 }, setupOf({ seed, vcpus: 1 }));
      const { step, at, now } = clocked(program);
      for (let burst = 0; burst < 10_000; burst++) {
        const { kind, durationNs } = step(3);
        if (kind === SLEEP) at(now() + durationNs);
        else burst--;
      }
      expect(Math.abs(now() / 10_000 / 25e6 - 1), `seed ${seed}`).toBeLessThan(0.04);
    }
  });

  test('a burst counts when it is done, by default four timers a vCPU with 4 MiB each', () => {
    const program = programOf('idle-mostly');
    expect([program.tasks, program.regions]).toEqual([12, 12]);
    const { phase } = play(program, 40, inTurn).steps.find((step) => step.phase.kind === RUN)!;
    expect(phase).toMatchObject({ work: 1, isWorkAtEnd: true, workingSetBytes: MiB(4) });
    expect(() => programOf('idle-mostly', { law: 'h2', scv: 1 })).toThrow(/law h2: scv = 1, want more than 1/);
  });

  const run = (guests: number, costs: typeof FREE_COSTS): GuestRecord =>
    ran({
      machine: buildMachine(uniform),
      policy: pinned(Array(guests).fill(0) as number[], () => 0, ms(3)),
      guests: Array.from({ length: guests }, (_, i) =>
        guest(workload('idle-mostly'), { name: `g${i}`, set: { utilisation: 0.02, memory: 0 } }),
      ),
      durationNs: seconds(10),
      costs,
      checks: 'cheap',
    }).guests[0]!;

  test('on a CPU of its own a timer is heard at once but for what waking costs, and those that go off together wait', () => {
    const free = run(1, FREE_COSTS);
    expect(free.figures.p90WakeNs!).toBeLessThan(1.1);
    expect(Math.abs(free.throughput.value / 20 - 1)).toBeLessThan(0.29); // 200 in 10 s: four standard errors
    // exit and entry 1.2 us, interrupt 1 us, switch of the host 2 us
    expect(Math.abs(Math.log2(run(1, DEFAULT_COSTS).figures.p50WakeNs! / 4200))).toBeLessThanOrEqual(1 / 16);
  });

  test('with thirty guests on the CPU it is heard late', () => {
    expect(run(30, FREE_COSTS).figures.meanWakeNs!).toBeGreaterThan(us(300)); // 0.6 of it busy: M/M/1 would say 1.5 ms
  });
});

/** A program stepped by hand. */
function clocked(program: ReturnType<typeof programOf>): {
  step: (task: number) => Phase;
  at: (nowNs: number) => void;
  now: () => number;
  figures: () => Record<string, number>;
} {
  const calls = { nowNs: 0, wake: () => {}, allocate: () => true, free: () => {}, startMeasuring: () => {} };
  return {
    at: (nowNs) => void (calls.nowNs = nowNs),
    now: () => calls.nowNs,
    figures: () => program.figures!({ workDone: 0, measuredNs: 0 }),
    step(task) {
      const phase = emptyPhase();
      program.next(task, phase, calls);
      return phase;
    },
  };
}
