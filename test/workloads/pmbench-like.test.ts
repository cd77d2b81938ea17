import { describe, expect, test } from 'vitest';
import { KiB, MiB } from '../../sim/units.ts';
import { DONE, RANDOM, RUN, TOUCH } from '../../sim/workload-api.ts';
import { inTurn, latestFirst, play, programOf, setupOf } from './fake-guest.ts';

describe('pmbench-like', () => {
  test.each([inTurn, latestFirst])('every thread touches its part of one region, and then all begin together', (choose) => {
    const { steps, measuring } = play(programOf('pmbench-like', { size: MiB(1) + KiB(8) }), 40, choose);
    const touches = steps.filter(({ phase }) => phase.kind === TOUCH).sort((a, b) => a.task - b.task);
    // 258 pages over three threads: 86 each
    expect(touches.map(({ phase: { region, offsetBytes, bytes } }) => [region, offsetBytes, bytes])).toEqual([
      [0, 0, KiB(344)],
      [0, KiB(344), KiB(344)],
      [0, KiB(688), KiB(344)],
    ]);
    expect(measuring).toBe(1);
    const runs = steps.filter(({ phase }) => phase.kind === RUN);
    expect(runs.every((run) => run.measuring === 1)).toBe(true);
    expect(new Set(runs.map(({ task }) => task)).size).toBe(choose === inTurn ? 3 : 1);
  });

  test('accesses count when the time to settle is over', () => {
    const { steps } = play(programOf('pmbench-like', { settle: 1 }), 40, inTurn); // the clock of the test stands still
    expect(steps.some(({ phase }) => phase.kind === RUN)).toBe(true);
    expect(steps.at(-1)!.measuring).toBe(0);
  });

  test('the last thread touches what is left over', () => {
    const { steps } = play(programOf('pmbench-like', { size: KiB(33) }), 6, inTurn); // parts of 8 KiB
    expect(steps.filter(({ phase }) => phase.kind === TOUCH).map(({ phase }) => phase.bytes)).toEqual([KiB(8), KiB(8), KiB(17)]);
  });

  test('accesses come one after the other, a fifth of them stores, and each counts', () => {
    const { phase } = play(programOf('pmbench-like', { size: MiB(64), cycles: 70 }), 40, inTurn).steps.find(
      (step) => step.phase.kind === RUN,
    )!;
    expect(phase).toMatchObject({ pattern: RANDOM, region: 0, accessesPerInstruction: 1, cyclesPerInstruction: 70 });
    expect(phase).toMatchObject({ linesInFlight: 1, writeShare: 0.2, workingSetBytes: MiB(64) });
    expect(phase.work).toBe(phase.instructions / 1e6);
  });

  test('the region is hot in the middle, or even', () => {
    expect(programOf('pmbench-like', { deviation: 0.4 }).heat).toEqual([{ kind: 'normal', deviation: 0.4, driftNs: 0 }]);
    expect(programOf('pmbench-like', { pattern: 'uniform' }).heat).toEqual([null]);
  });

  test('takes three quarters of the free memory unless told, and ends where it gets none', () => {
    const { mostBytes } = play(programOf('pmbench-like'), 9, inTurn);
    expect(mostBytes).toBe(MiB(1350)); // of 1800
    expect(play(programOf('pmbench-like'), 9, inTurn, MiB(9)).steps.map(({ phase }) => phase.kind)).toEqual([DONE, DONE, DONE]);
    expect(() => programOf('pmbench-like', { size: KiB(8) }, setupOf({ vcpus: 3 }))).toThrow('size = 8192, want at least 3 pages');
  });
});
