import { describe, expect, test } from 'vitest';
import { namedStream } from '../../sim/random.ts';
import { MiB, ms, us } from '../../sim/units.ts';
import { BLOCK, type Phase, RANDOM, RUN, SLEEP, TOUCH } from '../../sim/workload-api.ts';
import { emptyPhase, inTurn, latestFirst, play, programOf, setupOf, type Step, type Trace } from './fake-guest.ts';

/** Young parts of 2/5 of 1 MiB in whole pages, 417,792 bytes: the new objects of ten transactions, 204,800 bytes, fit twice. */
const SMALL = { heap: MiB(1) };
const YOUNG_BYTES = 417_792;
const LIVE_BYTES = 630_784; // the rest, 154 pages

const isTransaction = ({ phase }: Step): boolean => phase.kind === RUN && phase.work === 1;
const isBurst = ({ phase }: Step): boolean => phase.kind === RUN && phase.writeShare === 1;
const isCollecting = ({ phase }: Step): boolean => phase.kind === RUN && phase.writeShare === 0.5;
const transactionsOf = (trace: Trace, task: number): Phase[] =>
  trace.steps.filter((step) => step.task === task && isTransaction(step)).map(({ phase }) => phase);

describe('specjbb-like', () => {
  test('fills both parts of each heap, waits for the slowest, and measures from there', () => {
    for (const choose of [inTurn, latestFirst]) {
      const { steps, measuring } = play(programOf('specjbb-like', SMALL), 40, choose);
      const touches = steps.filter(({ phase }) => phase.kind === TOUCH);
      const filled = touches.map(({ task, phase }) => [task, phase.region, phase.bytes]).sort(([, a], [, b]) => a! - b!);
      expect(filled).toEqual([0, 1, 2].flatMap((task) => [[task, 2 * task, LIVE_BYTES], [task, 2 * task + 1, YOUNG_BYTES]])); // prettier-ignore
      expect(measuring).toBe(1);
      expect(steps.every((step) => !isTransaction(step) || step.measuring === 1)).toBe(true);
    }
  });

  test('works on its own heap: one transaction in ten writes the new objects of ten', () => {
    const { steps } = play(programOf('specjbb-like', { ...SMALL, heap: MiB(40) }), 400, inTurn);
    for (const task of [0, 1, 2]) {
      const runs = steps.filter((step) => step.task === task && step.phase.kind === RUN);
      runs.forEach((run, i) => expect(isBurst(run), `run ${i}`).toBe(i % 11 === 0)); // a burst and ten transactions
      expect(runs[0]!.phase).toMatchObject({ region: 2 * task + 1, instructions: 3_200, accessesPerInstruction: 1 }); // 204,800 / 64
      expect(runs[1]!.phase).toMatchObject({ region: 2 * task, pattern: RANDOM, work: 1, isWorkAtEnd: true });
    }
  });

  test('works on the heaps of all in turn where objects are mixed, and new ones move on with each collection', () => {
    const { steps } = play(programOf('specjbb-like', { ...SMALL, objects: 'mixed' }), 400, inTurn);
    const ofSecond = steps.filter(({ task, phase }) => task === 1 && phase.kind === RUN);
    const live = ofSecond.filter(isTransaction).map(({ phase }) => phase.region / 2);
    expect(live.slice(0, 5)).toEqual([2, 0, 1, 2, 0]); // the first is counted when it begins
    expect(ofSecond.find(isTransaction)!.phase.workingSetBytes).toBe(3 * LIVE_BYTES);
    const young = ofSecond.filter(isBurst).map(({ phase }) => (phase.region - 1) / 2);
    expect(young.slice(0, 6)).toEqual([1, 1, 2, 2, 0, 0]); // two bursts between collections
  });

  test('draws sizes around the time asked for at 0.7 instructions a cycle, each thread from its own stream', () => {
    for (const seed of ['1', '2', '3']) {
      const trace = play(programOf('specjbb-like', { heap: MiB(40), service: us(40) }, setupOf({ seed })), 30_000, inTurn);
      const sizes = [0, 1, 2].map((task) => transactionsOf(trace, task).map((phase) => phase.instructions));
      const all = sizes.flat();
      const mean = all.reduce((sum, size) => sum + size, 0) / all.length;
      // 40 us * 0.7 * 2.5 GHz; 27,000 exponential draws have a standard error of 0.6 %, of which four are allowed
      expect(Math.abs(mean / 70_000 - 1), `seed ${seed}`).toBeLessThan(0.025);
      expect(new Set(sizes.map(([first]) => first)).size).toBe(3);
    }
  });

  test.each([0, ms(2)])('stops every thread for a collection by one, whatever the order (think %i ns)', (think) => {
    for (const seed of ['1', '2', '3', '4', '5']) {
      const random = namedStream(seed, 'order', 0, 'draw');
      const choose = (count: number): number => Math.floor(random() * count);
      const { steps, stuck } = play(programOf('specjbb-like', { ...SMALL, think }, setupOf({ vcpus: 5 })), 4_000, choose);
      expect(stuck, `seed ${seed}`).toEqual([]);
      const firsts = steps.flatMap((step, i) => (isCollecting(step) && step.phase.region === 1 ? [i] : []));
      expect(firsts.length, `seed ${seed}`).toBeGreaterThan(5);
      for (const first of firsts) {
        const collector = steps[first]!.task;
        const last = steps.findIndex((step, i) => i > first && isCollecting(step) && step.phase.region === 9);
        if (last < 0) break; // cut off by the end of the trace
        const during = steps.slice(first, last + 1);
        expect(during.filter(isCollecting).map(({ phase }) => phase.region)).toEqual([1, 3, 5, 7, 9]);
        for (const step of during) expect(step.task === collector ? RUN : BLOCK, `seed ${seed}`).toBe(step.phase.kind);
        for (const task of [0, 1, 2, 3, 4]) {
          const before = steps.slice(0, first).findLast((step) => step.task === task)!;
          if (task !== collector) expect([BLOCK, SLEEP], `seed ${seed}`).toContain(before.phase.kind);
        }
      }
    }
  });

  test('collects as soon as the next new objects of some thread would not fit, and copies what survives', () => {
    const { steps } = play(programOf('specjbb-like', { ...SMALL, survive: 0.25 }), 200, inTurn);
    const first = steps.findIndex(isCollecting);
    for (const task of [0, 1, 2]) {
      // the second burst comes with transaction 11, a third would not fit; in turn, all are in their 11th when the first has done it
      const done = steps.slice(0, first).filter((step) => step.task === task && isTransaction(step)).length;
      expect(done).toBe(11);
    }
    expect(steps[first]!.phase).toMatchObject({ instructions: 1_632, accessesPerInstruction: 1, workingSetBytes: YOUNG_BYTES }); // 417,792 / 64 / 4
  });

  test('sleeps between transactions for the mean asked for', () => {
    const { steps } = play(programOf('specjbb-like', { heap: MiB(40), think: ms(3) }), 40_000, inTurn);
    const sleeps = steps.filter(({ phase }) => phase.kind === SLEEP).map(({ phase }) => phase.durationNs);
    const mean = sleeps.reduce((sum, ns) => sum + ns, 0) / sleeps.length;
    expect(sleeps.length).toBeGreaterThan(15_000);
    expect(Math.abs(mean / 3e6 - 1)).toBeLessThan(0.033); // four standard errors of 0.8 %
  });

  test('takes a response time from the end of the one before, pauses and new objects included', () => {
    const { figures, play: playFor } = clocked({ ...SMALL });
    expect(figures()).toEqual({ collections: 0 });
    playFor(22);
    // Transactions 1, 11 and 21 write new objects: 300 + 1000 ns. After the 11th a collection of 7000 makes the 12th take 8000.
    const { meanResponseNs, p95ResponseNs, p99ResponseNs, collections, meanPauseNs } = figures();
    expect(meanResponseNs).toBeCloseTo((3 * 1300 + 8000 + 18 * 1000) / 22, 9);
    expect(Math.abs(Math.log2(p95ResponseNs! / 1300))).toBeLessThanOrEqual(1 / 16); // the 21st of 22
    expect(Math.abs(Math.log2(p99ResponseNs! / 8000))).toBeLessThanOrEqual(1 / 16);
    expect([collections, meanPauseNs]).toEqual([1, 7000]);
  });

  test('takes it from when the sleep was over, not from when it began', () => {
    const { figures, play: playFor } = clocked({ heap: MiB(40), think: ms(2) });
    playFor(22);
    // late by 50 ns each time
    expect(figures().meanResponseNs).toBeCloseTo(50 + 1000 + (3 * 300) / 22, 9);
  });

  test('ends as a whole when there is no memory for a heap', () => {
    for (const choose of [inTurn, latestFirst]) {
      const trace = play(programOf('specjbb-like', SMALL), 200, choose, MiB(2.5));
      expect([trace.doneCount, trace.stuck, trace.steps.some(isTransaction)]).toEqual([3, [], false]);
    }
  });

  test('has by default 40 MiB a heap, or what a small guest has room for, and refuses what does not fit', () => {
    const heap = (freeBytes: number, options = {}): number =>
      play(programOf('specjbb-like', options, setupOf({ freeBytes })), 6, inTurn).mostBytes / 3;
    expect(heap(MiB(1800))).toBe(MiB(40));
    // three quarters of 100 MiB are 25 MiB for each: 12 whole blocks, and one less as there are two parts
    expect(heap(MiB(100))).toBeLessThanOrEqual(MiB(22));
    expect(heap(MiB(100))).toBeGreaterThan(MiB(22) - 2 * 4096);
    expect(() => heap(MiB(100), { heap: MiB(22) + 1 })).toThrow(/heap = 23068673, want 1048576 to 23068672 /);
    expect(() => heap(MiB(100), { heap: MiB(1) - 1 })).toThrow(/heap = 1048575,/);
    expect(() => heap(MiB(6))).toThrow(/heap = 0, want/);
    expect(programOf('specjbb-like', { ...SMALL, warehouses: 7 }).tasks).toBe(7);
  });
});

/** One thread by a clock: new objects take 300 ns, a transaction 1000, a collection 7000, and a sleep ends 50 ns late. */
function clocked(options: Record<string, number>): { figures: () => Record<string, number>; play: (transactions: number) => void } {
  const program = programOf('specjbb-like', options, setupOf({ vcpus: 1 }));
  const calls = { nowNs: 0, wake: () => {}, allocate: () => true, free: () => {}, startMeasuring: () => {} };
  return {
    figures: () => program.figures!({ workDone: 0, measuredNs: 0 }),
    play(transactions) {
      for (let done = 0; ;) {
        const step = { task: 0, measuring: 1, phase: emptyPhase() };
        program.next(0, step.phase, calls);
        if (done === transactions) return;
        if (step.phase.kind === BLOCK) throw new Error('the only thread blocks');
        if (isTransaction(step)) {
          done++;
          calls.nowNs += 1000;
        } else if (step.phase.kind === SLEEP) calls.nowNs += step.phase.durationNs + 50;
        else calls.nowNs += isBurst(step) ? 300 : isCollecting(step) ? 7000 : 5;
      }
    },
  };
}
