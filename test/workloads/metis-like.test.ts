import { describe, expect, test } from 'vitest';
import { GiB, KiB, MiB } from '../../sim/units.ts';
import { BLOCK, DONE, RANDOM, RUN, SWEEP, TOUCH } from '../../sim/workload-api.ts';
import { inTurn, latestFirst, play, programOf, setupOf, type Step, type Trace } from './fake-guest.ts';

const ALL = 100_000;
const orders = [inTurn, latestFirst];

/** 3 threads with 2 map tasks each: 6 pieces of 2 MiB, in 2 passes 12 map tasks. Regions 0 to 5 are pieces, 6 to 8 tables. */
const SMALL = { size: MiB(12), tasks: 2, passes: 2, table: MiB(4), output: 0.25, reduce: 0.2, accesses: 40, cpi: 0.7, write: 0.3 };

const of = ({ steps }: Trace, kind: number): Step[] => steps.filter(({ phase }) => phase.kind === kind);
const maps = (trace: Trace): Step[] => of(trace, RUN).filter(({ phase }) => phase.region < 6);

describe('metis-like', () => {
  test('has no phase of one kind before the last of the kind before: load, map, reduce', () => {
    for (const choose of orders) {
      const trace = play(programOf('metis-like', SMALL), ALL, choose);
      const runs = of(trace, RUN);
      expect([trace.doneCount, trace.stuck, trace.measuring]).toEqual([3, [], 1]);
      expect(of(trace, TOUCH).every(({ measuring }) => measuring === 0)).toBe(true);
      expect(runs.every(({ measuring }) => measuring === 1)).toBe(true);
      // 12 map tasks, each with its table, then 3 threads at 3 tables each
      expect(runs.length).toBe(24 + 9);
      expect(runs.slice(0, 24).filter(({ phase }) => phase.region < 6).length).toBe(12);
      expect(runs.slice(24).every(({ phase }) => phase.region >= 6)).toBe(true);
      expect(of(trace, BLOCK).length).toBe(2 + 2); // all but the last at each of two barriers
    }
  });

  test('reads every piece once a pass, and works on the own table after each', () => {
    for (const take of ['queue', 'equal']) {
      for (const choose of orders) {
        const trace = play(programOf('metis-like', { ...SMALL, take }), ALL, choose);
        expect(maps(trace).map(({ phase }) => phase.region).sort()).toEqual([0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5]); // prettier-ignore
        for (const task of [0, 1, 2]) {
          const regions = of(trace, RUN).filter((step) => step.task === task).map(({ phase }) => phase.region); // prettier-ignore
          const mapping = regions.slice(0, -3);
          expect(mapping.every((region, i) => (i % 2 === 0 ? region < 6 : region === 6 + task))).toBe(true);
          expect(regions.slice(-3)).toEqual([6 + task, 6 + ((task + 1) % 3), 6 + ((task + 2) % 3)]);
        }
      }
    }
  });

  test('gives the next map task to whoever asks, or each thread its own', () => {
    const taken = (take: string): number[][] => {
      const trace = play(programOf('metis-like', { ...SMALL, take, output: 0, reduce: 0 }), ALL, latestFirst);
      return [0, 1, 2].map((task) => maps(trace).flatMap((step) => (step.task === task ? [step.phase.region] : [])));
    };
    // the one that runs takes all there are
    expect(taken('queue').map((regions) => regions.length).sort((a, b) => a - b)).toEqual([0, 0, 12]); // prettier-ignore
    expect(taken('equal')).toEqual([[0, 3, 0, 3], [1, 4, 1, 4], [2, 5, 2, 5]]); // prettier-ignore
  });

  test.each([
    ['main', { 0: [0, 1, 2, 3, 4, 5] }],
    ['each', { 0: [0, 3], 1: [1, 4], 2: [2, 5] }],
    ['apart', { 3: [0, 1, 2, 3, 4, 5] }],
  ])('input=%s is loaded by whom it says', (input, expected) => {
    for (const choose of orders) {
      const trace = play(programOf('metis-like', { ...SMALL, input }, setupOf({ vcpus: input === 'apart' ? 4 : 3 })), ALL, choose);
      const loaded: Record<number, number[]> = {};
      for (const { task, phase } of of(trace, TOUCH)) {
        if (phase.region < 6) (loaded[task] ??= []).push(phase.region);
        else expect([task, phase.bytes]).toEqual([phase.region - 6, MiB(4)]);
      }
      expect(loaded).toEqual(expected);
      expect(of(trace, DONE).length).toBe(input === 'apart' ? 4 : 3);
      if (input === 'apart') expect(of(trace, RUN).some(({ task }) => task === 3)).toBe(false);
    }
  });

  test('spends its instructions as asked: each line of a piece once, the rest by the shares of table and reduction', () => {
    const runs = of(play(programOf('metis-like', SMALL), ALL, inTurn), RUN).map(({ phase }) => phase);
    const piece = runs.find(({ region }) => region < 6)!;
    const table = runs.find(({ region }) => region >= 6)!;
    const visit = runs.at(-1)!;
    // 32,768 lines at 40 accesses in 1000 instructions; a quarter of the map's on the table
    expect(piece.instructions).toBeCloseTo(819_200, 6);
    expect(table.instructions).toBeCloseTo(819_200 / 3, 6);
    // the map has 12 * 1,092,266.67; the reduction a quarter of that, over 9 visits
    expect(visit.instructions).toBeCloseTo(364_088.889, 3);
    expect(piece).toMatchObject({ accessesPerInstruction: 0.04, cyclesPerInstruction: 0.7, pattern: SWEEP, writeShare: 0 });
    expect([piece.workingSetBytes, piece.linesInFlight, piece.work]).toEqual([MiB(12), Infinity, 0.002097152]);
    expect(table).toMatchObject({ accessesPerInstruction: 0.04, pattern: RANDOM, writeShare: 0.3, workingSetBytes: MiB(4), work: 0 });
  });

  test('takes pattern and lines in flight from its options, and has neither tables nor reduction when told so', () => {
    const trace = play(programOf('metis-like', { ...SMALL, pattern: 'random', inflight: 5, output: 0, reduce: 0 }), ALL, inTurn);
    expect(of(trace, RUN).length).toBe(12);
    for (const { phase } of of(trace, RUN)) expect(phase).toMatchObject({ pattern: RANDOM, linesInFlight: 5 });
    expect(trace.mostBytes).toBe(MiB(12));
  });

  test('tells how long map and reduction took, from the start of the map', () => {
    const program = programOf('metis-like', SMALL, setupOf({ vcpus: 1 }));
    const figures = (): Record<string, number> => program.figures!({ workDone: 0, measuredNs: 0 });
    expect(figures()).toEqual({});
    // 1 table, 2 loads, 2 * 2 phases twice, then the reduction: the clock stands at 10 ns times the phases before
    const calls = { nowNs: 0, wake: () => {}, allocate: () => true, free: () => {}, startMeasuring: () => {} };
    for (let phase = 0; phase <= 12; phase++) {
      calls.nowNs = 10 * phase;
      program.next(0, {} as never, calls);
    }
    // the map starts with phase 3 and has 8, the reduction has one: 30, 110, 120
    expect(figures()).toEqual({ mapNs: 80, reduceNs: 10, mapReduceNs: 90 });
  });

  test('ends as a whole when there is no memory for a part of it', () => {
    for (const choose of orders) {
      const trace = play(programOf('metis-like', SMALL), ALL, choose, MiB(17));
      expect([trace.doneCount, trace.stuck, of(trace, RUN).length]).toEqual([3, [], 0]);
    }
  });

  test('refuses an input that does not fit beside the tables, or is too small to be cut up', () => {
    // three quarters of 128 MiB less 3 tables of 4 MiB leave 84 MiB: 6 pieces of 7 blocks
    const setup = setupOf({ freeBytes: MiB(128) });
    expect(() => programOf('metis-like', { ...SMALL, size: MiB(84) }, setup)).not.toThrow();
    expect(() => programOf('metis-like', { ...SMALL, size: MiB(84) + KiB(24) }, setup)).toThrow(/size = 88104960, want 24576 to 88080384 /);
    expect(() => programOf('metis-like', { ...SMALL, size: KiB(23) }, setup)).toThrow(/size = 23552,/);
    expect(() => programOf('metis-like', { ...SMALL, input: 'apart' }, setupOf({ vcpus: 1 }))).toThrow(
      /input = apart, want at least 2 vCPUs/,
    );
  });

  test('has by default 1 GiB of input, or what a small guest has room for', () => {
    const piece = (freeBytes: number): number =>
      of(play(programOf('metis-like', { ...SMALL, size: 0 }, setupOf({ freeBytes })), 30, inTurn), TOUCH).find(
        ({ phase }) => phase.region === 0,
      )!.phase.bytes;
    expect(piece(GiB(4))).toBe(178_954_240); // 1 GiB / 6 in whole pages: 43,690 of them
    expect(piece(MiB(128))).toBe(MiB(14));
  });
});
