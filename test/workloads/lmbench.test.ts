import { describe, expect, test } from 'vitest';
import { GiB, KiB, MiB, NONE } from '../../sim/units.ts';
import { BLOCK, DONE, type Phase, RANDOM, RUN, SWEEP, TOUCH } from '../../sim/workload-api.ts';
import { inTurn, latestFirst, play, programOf, setupOf, type Trace } from './fake-guest.ts';

function firstRun(trace: Trace): Phase {
  return trace.steps.find(({ phase }) => phase.kind === RUN)!.phase;
}

describe('a program of own regions', () => {
  test('fills all of its regions, waits for the slowest task, and measures from the common start', () => {
    for (const choose of [inTurn, latestFirst]) {
      const { steps, measuring, wakes } = play(programOf('lmbench-rd', { size: MiB(8) }), 20, choose);
      const kinds = (task: number): number[] => steps.filter((step) => step.task === task).map(({ phase }) => phase.kind);
      const runs = steps.filter(({ phase }) => phase.kind === RUN);
      expect(measuring).toBe(1);
      expect(wakes).toBe(2);
      expect(runs.length).toBeGreaterThan(0);
      for (const run of runs) expect(run.measuring).toBe(1);
      const touches = steps.filter(({ phase }) => phase.kind === TOUCH);
      expect(touches.map(({ phase }) => phase.region).sort()).toEqual([0, 1, 2]);
      for (const { phase, measuring: started } of touches) expect([phase.offsetBytes, phase.bytes, started]).toEqual([0, MiB(8), 0]);
      expect([0, 1, 2].filter((task) => kinds(task)[1] === BLOCK).length).toBe(2);
    }
  });

  test('goes on without a task whose allocation fails', () => {
    const { steps, doneCount, stuck, measuring } = play(programOf('lmbench-rd', { size: MiB(8) }), 20, inTurn, MiB(20));
    expect([doneCount, stuck, measuring]).toEqual([1, [], 1]);
    expect(steps.filter(({ phase }) => phase.kind === DONE).map(({ task }) => task)).toEqual([2]);
  });

  test.each(['lmbench-rd', 'lmbench-lat', 'stream'])('%s refuses a size that does not fit and names it', (name) => {
    const setup = setupOf({ freeBytes: 3_000_000_000, vcpus: 3 }); // three quarters of a third: 750,000,000
    expect(() => programOf(name, { size: 750_000_001 }, setup)).toThrow(/size = 750000001, want 64 to 750000000 /);
    expect(() => programOf(name, { size: 750_000_000 }, setup)).not.toThrow();
    expect(() => programOf(name, { size: 63 }, setup)).toThrow(/size = 63,/);
  });

  test('adapts the default size to a small guest: 256 MiB where it fits, whole pages of what there is where not', () => {
    const bytes = (freeBytes: number): number => play(programOf('lmbench-rd', {}, setupOf({ freeBytes })), 1, inTurn).mostBytes;
    expect(bytes(GiB(2))).toBe(MiB(256));
    expect(bytes(1_000_000)).toBe(249_856); // 250,000 is 61.04 pages
    expect(() => bytes(5_000)).toThrow(/size = 0, want/);
  });
});

describe('lmbench-rd', () => {
  test('beyond L2 reads every line from the node, as many at once as the core can', () => {
    const run = firstRun(play(programOf('lmbench-rd', { size: MiB(64), passes: 3 }), 20, inTurn));
    expect(run).toMatchObject({
      pattern: SWEEP,
      passes: 3,
      cyclesPerInstruction: 0,
      accessesPerInstruction: 1,
      linesInFlight: Infinity,
      writeShare: 0,
    });
    expect(run.instructions).toBe(3 * 1_048_576); // 2^26 / 2^6 lines
    expect(run.workingSetBytes).toBe(MiB(64));
    expect(run.work).toBeCloseTo(0.201326592, 12); // 3 * 67,108,864 bytes
    expect(run.region).not.toBe(NONE);
  });

  test('within L2 reads a line in 4 cycles and leaves the node alone; one byte more does not', () => {
    const small = firstRun(play(programOf('lmbench-rd', { size: KiB(256) }), 20, inTurn));
    expect(small).toMatchObject({ cyclesPerInstruction: 4, accessesPerInstruction: 0, region: NONE });
    expect(firstRun(play(programOf('lmbench-rd', { size: KiB(256) + 64 }), 20, inTurn)).accessesPerInstruction).toBe(1);
  });

  test('makes phases of about 10 ms of small regions and one pass of a big one', () => {
    const small = firstRun(play(programOf('lmbench-rd', { size: KiB(16) }), 20, inTurn));
    expect((small.instructions * 4) / 2.5 / 1e6).toBeCloseTo(10, 2); // ms at 2.5 GHz
    expect(small.passes).toBe(24_414); // 10 ms / (256 lines * 1.6 ns)
    expect(firstRun(play(programOf('lmbench-rd', {}), 20, inTurn)).passes).toBe(1);
  });
});

describe('lmbench-lat', () => {
  test.each([
    ['L1', KiB(32), 128, 4, 0],
    ['L2', KiB(33), 128, 13, 0],
    ['the last level and memory', KiB(257), 128, 0, 1],
    ['memory, a quarter of a line at a time', MiB(64), 16, 3, 0.25], // three of four loads hit L1 at 4 cycles
    ['L2, half a line at a time', KiB(200), 32, 8.5, 0], // (13 + 4) / 2
  ])('loads from %s', (_, size, stride, cyclesPerInstruction, accessesPerInstruction) => {
    const run = firstRun(play(programOf('lmbench-lat', { size, stride }), 20, inTurn));
    expect(run).toMatchObject({ pattern: RANDOM, linesInFlight: 1, cyclesPerInstruction, accessesPerInstruction, workingSetBytes: size });
    expect(run.work * 1e6).toBeCloseTo(run.instructions, 6); // a load an instruction
  });

  test('tells the time of one load from the loads of all tasks', () => {
    // 3 tasks, 2 s, 40 million loads: each load took 3 * 2e9 / 40e6 ns
    const figures = programOf('lmbench-lat').figures!;
    expect(figures({ workDone: 40, measuredNs: 2e9 })).toEqual({ latencyNs: 150 });
    expect(figures({ workDone: 0, measuredNs: 2e9 })).toEqual({});
  });

  test('refuses a stride that leaves its region', () => {
    expect(() => programOf('lmbench-lat', { size: 4096, stride: 8192 })).toThrow(/stride = 8192, want at most size = 4096/);
  });
});

test('stream writes one line in three', () => {
  expect(firstRun(play(programOf('stream', { size: MiB(96) }), 20, inTurn))).toMatchObject({
    pattern: SWEEP,
    writeShare: 1 / 3,
    workingSetBytes: MiB(96),
  });
});
