import { describe, expect, test } from 'vitest';
import { uniform } from '../../machines/uniform.ts';
import { buildMachine } from '../../sim/machine.ts';
import type { OptionValues } from '../../sim/options.ts';
import type { GuestRecord } from '../../sim/recording.ts';
import { KiB, MiB, ms, seconds, us } from '../../sim/units.ts';
import { DONE, DOWN, type GuestProgram, type Phase, RANDOM, RUN, TOUCH, UP } from '../../sim/workload-api.ts';
import { estimate } from '../closed-forms.ts';
import { FREE_COSTS, guest, pinned, ran, workload } from '../sim/scenario-fixture.ts';
import { emptyPhase, programOf, setupOf } from './fake-guest.ts';

const NO_MEMORY = { memory: 0, footprint: 0 };

describe('web', () => {
  test('a request waits for a worker, writes its buffers, works on the data, answers and is gone', () => {
    const { program, step } = stepped({ workers: 2, memory: 0.3, size: MiB(20), footprint: KiB(8), service: ms(3), law: 'det' });
    expect([program.starting, program.regions, program.semaphores]).toEqual([3, 4, [2]]);
    for (const loader of [2, 0, 1]) expect(step(loader)).toMatchObject({ kind: TOUCH, region: loader, offsetBytes: 0, bytes: MiB(20) });
    for (const loader of [1, 2, 0]) expect(step(loader).kind).toBe(DONE);
    program.arrived!(5, 0);
    expect(step(5)).toMatchObject({ kind: DOWN, object: 0 });
    expect(step(5)).toMatchObject({ kind: TOUCH, region: 3, offsetBytes: 5 * KiB(8), bytes: KiB(8) });
    // 0.7 of 3 ms at 2.5 GHz compute; two lines at a time take 67 ns, so 0.9 ms of waiting are 26,866 lines
    const served = step(5);
    expect(served).toMatchObject({ kind: RUN, linesInFlight: 2, pattern: RANDOM, workingSetBytes: MiB(20), work: 1, isWorkAtEnd: true });
    expect(served.instructions / 2.1e6 / 2.5).toBeCloseTo(1, 12);
    expect(served.accessesPerInstruction * served.instructions).toBeCloseTo((2 * 0.9e6) / 67, 6);
    expect([0, 1, 2]).toContain(served.region);
    expect(step(5)).toMatchObject({ kind: UP, object: 0 });
    expect(step(5).kind).toBe(DONE);
  });

  test('nobody answers before all data are loaded, and such requests do not count', () => {
    const { program, step, figures } = stepped({ size: MiB(4) });
    for (const loader of [0, 1, 2]) step(loader);
    step(0);
    step(1);
    program.arrived!(7, 0);
    expect(step(7).kind).toBe(DONE);
    step(2);
    expect(figures()).toEqual({ unanswered: 0 });
    program.arrived!(7, 0);
    expect(step(7).kind).toBe(TOUCH);
    expect(figures()).toEqual({ unanswered: 1 });
  });

  test('response times count from the arrival', () => {
    const { program, step, figures, at } = stepped(NO_MEMORY);
    for (const [slot, fromNs, toNs] of [
      [4, 1000, 9000],
      [2, 3000, 5000],
      [4, 9500, 9700],
    ] as const) {
      program.arrived!(slot, fromNs);
      at(toNs - 100);
      expect(step(slot).kind).toBe(RUN); // it was not served until 100 ns before its end
      at(toNs);
      expect(step(slot).kind).toBe(DONE);
    }
    const { meanResponseNs, p50ResponseNs, p99ResponseNs, unanswered } = figures();
    expect([meanResponseNs, unanswered]).toEqual([3400, 0]);
    expect(Math.abs(Math.log2(p50ResponseNs! / 2000))).toBeLessThanOrEqual(1 / 16);
    expect(Math.abs(Math.log2(p99ResponseNs! / 8000))).toBeLessThanOrEqual(1 / 16);
  });

  test('a request is the same whichever slot it takes and whenever it is served', () => {
    const served = (slots: number[]): unknown[] => {
      const { program, step } = stepped({ memory: 0.3, size: MiB(20), footprint: 0, law: 'lognormal' });
      for (const loader of [0, 1, 2, 0, 1, 2]) step(loader);
      for (const slot of slots) program.arrived!(slot, 0);
      const phases = new Map([...slots].sort((a, b) => a - b).map((slot) => [slot, step(slot)]));
      return slots.map((slot) => phases.get(slot));
    };
    const phases = served([3, 4, 5, 6]) as Phase[];
    expect(phases).toEqual(served([9, 3, 12, 7]));
    expect(new Set(phases.map(({ instructions }) => instructions)).size).toBe(4);
  });

  // 40,000 gaps: four standard errors of the mean are 2 % and 6 %, and the spread of the squares is wide
  test.each([
    ['poisson', 1, 0.02, 0.1],
    ['bursty', 10, 0.07, 2.5],
  ])('%s arrivals come at the rate that the load asks for', (arrivals, scv, slack, scvSlack) => {
    for (const seed of ['1', '2', '3']) {
      const program = programOf('web', { ...NO_MEMORY, arrivals, load: 0.6, service: us(450) }, setupOf({ seed }));
      const gaps = Array.from({ length: 40_000 }, () => program.nextArrivalNs!());
      const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
      expect(Math.abs(mean / 250e3 - 1), `seed ${seed}`).toBeLessThan(slack); // 450 us over 0.6 of three vCPUs
      const squares = gaps.reduce((sum, gap) => sum + (gap / mean - 1) ** 2, 0) / gaps.length;
      expect(Math.abs(squares - scv), `seed ${seed}`).toBeLessThan(scvSlack);
    }
    expect(programOf('web', { ...NO_MEMORY, rate: 10 }).nextArrivalNs!()).toBeGreaterThan(0);
  });

  test('refuses data that do not fit beside the buffers', () => {
    // three quarters of 1800 MiB are 675 blocks, buffers of 4099 x 16 KiB take 33; 642 over three vCPUs are 214 each
    expect(() => programOf('web', { size: MiB(430) })).toThrow(/size = 450887680, want at most 448790528 bytes/);
    expect(programOf('web', { size: MiB(428) }).regions).toBe(4);
  });
});

describe('on one vCPU', () => {
  const run = (seed: string, set: OptionValues, length: number): GuestRecord =>
    ran({
      machine: buildMachine(uniform),
      policy: pinned([0], () => 0),
      guests: [guest(workload('web'), { set: { service: ms(1), workers: 1, ...NO_MEMORY, ...set } })],
      durationNs: length,
      costs: FREE_COSTS,
      seed,
      checks: 'cheap',
    }).guests[0]!;

  test('response times are those of M/M/1: their mean, and the tail of an exponential', () => {
    // at load 0.7: mean 1 ms / (1 - 0.7); of an exponential with that mean the 99th percentile is ln(100) times as long
    const meanNs = ms(1) / 0.3;
    const figures = Array.from({ length: 12 }, (_, i) => run(`mm1/${i}`, { load: 0.7 }, seconds(20)).figures);
    const mean = estimate(figures.map(({ meanResponseNs }) => ({ measured: meanResponseNs! / meanNs, controls: [] })));
    const tail = estimate(figures.map(({ p99ResponseNs }) => ({ measured: p99ResponseNs! / meanNs / Math.log(100), controls: [] })));
    expect(mean.halfWidth).toBeLessThan(0.09); // of a 99.9 % interval
    expect(Math.abs(mean.mean - 1)).toBeLessThan(mean.halfWidth);
    expect(tail.halfWidth).toBeLessThan(0.2);
    expect(Math.abs(tail.mean - 1)).toBeLessThan(tail.halfWidth + 0.045); // and the buckets
  });

  test('asked for more than it can do, it is late by ever more and says how many wait', () => {
    const [half, whole] = [seconds(1), seconds(2)].map((length) => run('5', { load: 1.4, law: 'det' }, length));
    expect(whole!.throughput.value).toBeCloseTo(1000, -1);
    expect(whole!.figures.meanResponseNs! / half!.figures.meanResponseNs!).toBeGreaterThan(1.6);
    expect(whole!.figures.unanswered! / 800).toBeGreaterThan(0.85); // 1,400 a second come and 1,000 are answered
    expect(whole!.figures.unanswered! / 800).toBeLessThan(1.15);
  });
});

test('on two nodes with a loader each, requests work on data near and far', () => {
  const { guests } = ran({
    guests: [guest(workload('web'), { vcpus: 4, set: { load: 0.5, memory: 0.4, size: MiB(16) } })],
    policy: pinned([0, 1, 4, 5], (_guest, block) => (block % 2 === 0 ? 0 : 2)),
    durationNs: seconds(1),
  });
  expect(guests[0]!.remoteRatio).toBeGreaterThan(0.3);
  expect(guests[0]!.remoteRatio).toBeLessThan(0.7);
  expect(guests[0]!.figures.p99ResponseNs!).toBeGreaterThan(guests[0]!.figures.meanResponseNs!);
});

function stepped(options: OptionValues): {
  program: GuestProgram;
  step: (task: number) => Phase;
  at: (nowNs: number) => void;
  figures: () => Record<string, number>;
} {
  const program = programOf('web', options);
  const calls = { nowNs: 0, wake: () => {}, allocate: () => true, free: () => {}, startMeasuring: () => {} };
  return {
    program,
    at: (nowNs) => void (calls.nowNs = nowNs),
    figures: () => program.figures!({ workDone: 0, measuredNs: 0 }),
    step(task) {
      const phase = emptyPhase();
      program.next(task, phase, calls);
      return phase;
    },
  };
}
