import { expect, test } from 'vitest';
import { DONE, DOWN, emptyPhase, type GuestCalls, RUN, SLEEP, UP, type WorkloadSetup } from '../../sim/workload-api.ts';
import { replayed } from '../../workloads/replay.ts';

const setup = { clockGHz: 1.7 } as WorkloadSetup;
const replay = {
  linkCount: 2,
  spanNs: 7000,
  loop: 2,
  threads: [
    { name: 'a', weight: 33, steps: [{ kind: 'run', ns: 301 }, { kind: 'post', link: 1 }, { kind: 'sleep', ns: 57 }] },
    { name: 'b', weight: 100, steps: [{ kind: 'wait', link: 1 }] },
    { name: 'c', weight: 100, steps: [] },
  ],
} as const; // prettier-ignore

test('each thread goes through its steps as often as asked, then ends', () => {
  const program = replayed('r', 'for tests', replay).build({}, setup);
  expect([program.tasks, program.semaphores, program.threads!.map(({ weight }) => weight)]).toEqual([3, [0, 0], [33, 100, 100]]);
  const said = (task: number, nowNs: number): unknown[] => {
    const phase = emptyPhase();
    program.next(task, phase, { nowNs } as GuestCalls);
    return phase.kind === RUN ? [RUN, phase.instructions * (phase.cyclesPerInstruction / 1.7)] : phase.kind === SLEEP ? [SLEEP, phase.durationNs] : phase.kind === DONE ? [DONE] : [phase.kind, phase.object]; // prettier-ignore
  };
  const round = [[RUN, 301], [UP, 1], [SLEEP, 57]]; // prettier-ignore
  expect([100, 401, 401, 458, 759, 759, 816].map((nowNs) => said(0, nowNs))).toEqual([...round, ...round, [DONE]]);
  expect([said(1, 401), said(1, 401), said(1, 759)]).toEqual([[DOWN, 1], [DOWN, 1], [DONE]]); // prettier-ignore
  expect(said(2, 800)).toEqual([DONE]);
  expect(program.figures!({ workDone: 0, measuredNs: 0 })).toEqual({ threads: 3, wakes: 2, tracedNs: 7000, lastRoundEndNs: 700 });
});

test('for ever, it never ends', () => {
  expect([replayed('r', '', replay).ends, replayed('r', '', { ...replay, loop: -1 }).ends]).toEqual(['by itself', 'never']);
});
