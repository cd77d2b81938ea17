import { describe, expect, test } from 'vitest';
import { KiB, MiB, us } from '../../sim/units.ts';
import { type Phase, RANDOM, RUN } from '../../sim/workload-api.ts';
import { inTurn, play, programOf, setupOf } from './fake-guest.ts';

function firstRun(options: Record<string, number | string>): Phase {
  return play(programOf('hot-set', options), 20, inTurn).steps.find(({ phase }) => phase.kind === RUN)!.phase;
}

describe('hot-set', () => {
  test('loads at random, one after the other, about 10 ms a phase, and counts each load', () => {
    const run = firstRun({ size: MiB(64) });
    expect(run).toMatchObject({ pattern: RANDOM, accessesPerInstruction: 1, linesInFlight: 1, writeShare: 0, workingSetBytes: MiB(64) });
    expect(run.instructions).toBe(100_000); // of about 100 ns
    expect(run.work).toBeCloseTo(0.1, 12); // million loads
  });

  test('has as many loads on the way as it is told, and makes that many more a phase', () => {
    expect(firstRun({ size: MiB(64), lines: 6, writes: 0.25 })).toMatchObject({
      instructions: 600_000,
      linesInFlight: 6,
      writeShare: 0.25,
      cyclesPerInstruction: 0,
    });
    expect(firstRun({ size: MiB(64), cycles: 170 }).cyclesPerInstruction).toBe(170);
  });

  test.each([
    [{}, { kind: 'hot', blockShare: 0.125, accessShare: 0.9, driftNs: 0 }],
    [
      { heat: 'hot', 'hot-share': 0.3, 'hot-loads': 0.7, drift: us(40) },
      { kind: 'hot', blockShare: 0.3, accessShare: 0.7, driftNs: 40_000 },
    ],
    [
      { heat: 'zipf', exponent: 1.7, drift: us(50) },
      { kind: 'zipf', exponent: 1.7, driftNs: 50_000 },
    ],
    [{ heat: 'uniform', exponent: 1.7 }, null],
  ])('%j heats the region of each of its vCPUs alike', (options, heat) => {
    expect(programOf('hot-set', options).heat).toEqual([heat, heat, heat]);
  });

  test('tells the time between loads of one vCPU', () => {
    // 3 tasks, 2 s, 40 million loads: one every 3 * 2e9 / 40e6 ns
    const figures = programOf('hot-set').figures!;
    expect(figures({ workDone: 40, measuredNs: 2e9 })).toEqual({ loadNs: 150 });
    expect(figures({ workDone: 0, measuredNs: 2e9 })).toEqual({});
  });

  test('refuses what has no place on a node, does not fit, or would move on at every step', () => {
    expect(() => programOf('hot-set', { size: KiB(256) })).toThrow('size = 262144, want more than the private cache of 262144 bytes');
    expect(() => programOf('hot-set', { size: KiB(256) + 64 })).not.toThrow();
    expect(() => programOf('hot-set', { size: MiB(500) }, setupOf({ vcpus: 3 }))).toThrow(/hot-set: size = 524288000, want 64 to/);
    expect(() => programOf('hot-set', { drift: us(9) })).toThrow('drift = 9000, want 0 or at least 10000 ns');
    expect(() => programOf('hot-set', { drift: us(10) })).not.toThrow();
  });
});
