import { describe, expect, test } from 'vitest';
import { KiB, MiB } from '../../sim/units.ts';
import { DONE, RUN, SWEEP, TOUCH } from '../../sim/workload-api.ts';
import { inTurn, latestFirst, play, programOf, setupOf, type Trace } from './fake-guest.ts';

/** Three threads, blocks of 2 MiB. */
const played = (options: Record<string, number | string>, choose: (count: number) => number = inTurn): Trace =>
  play(programOf('numa01-like', options), 200, choose);
const places = ({ steps }: Trace, thread: number): number[][] =>
  steps
    .filter(({ task, phase }) => task === thread && phase.kind === TOUCH)
    .map(({ phase: { region, offsetBytes, bytes } }) => [region, offsetBytes / MiB(1), bytes / MiB(1)]);

describe('numa01-like', () => {
  test.each([inTurn, latestFirst])('threads touch the blocks of all memory in turn, and then all begin together', (choose) => {
    const trace = played({ size: MiB(9), passes: 2 }, choose);
    expect([0, 1, 2].map((thread) => places(trace, thread))).toEqual([
      [
        [0, 0, 2],
        [0, 6, 2],
      ],
      [
        [0, 2, 2],
        [0, 8, 1], // what is left of 9
      ],
      [[0, 4, 2]],
    ]);
    expect(trace.measuring).toBe(1);
    expect(trace.steps.filter(({ phase }) => phase.kind === RUN).every(({ measuring }) => measuring === 1)).toBe(true);
    expect([trace.doneCount, trace.stuck]).toEqual([3, []]);
  });

  test('then each clears all of it, so many times', () => {
    const runs = played({ size: MiB(9), passes: 2 }).steps.filter(({ phase }) => phase.kind === RUN);
    expect([0, 1, 2].map((thread) => runs.filter(({ task }) => task === thread).length)).toEqual([2, 2, 2]);
    expect(runs[0]!.phase).toMatchObject({ region: 0, pattern: SWEEP, writeShare: 1, workingSetBytes: MiB(9), linesInFlight: Infinity });
    expect(runs[0]!.phase).toMatchObject({ instructions: MiB(9) / 64, accessesPerInstruction: 1, work: MiB(9) / 1e9 });
  });

  test('or a part of its own, where others have touched it', () => {
    const trace = played({ size: MiB(9), alloc: 'thread', passes: 2 }); // parts of 3 MiB, two pieces each
    expect(places(trace, 0)).toEqual([
      [0, 0, 2],
      [1, 2, 1],
    ]);
    expect(places(trace, 2)).toEqual([
      [1, 0, 2],
      [2, 2, 1],
    ]);
    const runs = trace.steps.filter(({ phase }) => phase.kind === RUN);
    expect(runs.map(({ task, phase }) => phase.region - task)).toEqual([0, 0, 0, 0, 0, 0]);
    expect(runs[0]!.phase).toMatchObject({ instructions: MiB(3) / 64, workingSetBytes: MiB(3) });
  });

  test('passes as often as the benchmark unless told', () => {
    const runsOf = (alloc: string): number =>
      play(programOf('numa01-like', { size: MiB(2), alloc }, setupOf({ vcpus: 1 })), 2000, inTurn).steps.filter(
        ({ phase }) => phase.kind === RUN,
      ).length;
    expect([runsOf('process'), runsOf('thread')]).toEqual([50, 1000]);
  });

  test('ends where it gets no memory, and refuses less than a page a thread', () => {
    const { steps } = play(programOf('numa01-like', { size: MiB(9) }), 9, inTurn, MiB(8));
    expect(steps.map(({ phase }) => phase.kind)).toEqual([DONE, DONE, DONE]);
    expect(() => programOf('numa01-like', { size: KiB(8), alloc: 'thread' })).toThrow('size = 8192, want at least 3 pages');
  });
});
