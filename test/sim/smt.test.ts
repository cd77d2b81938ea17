import { describe, expect, test } from 'vitest';
import { lopsided } from '../../machines/lopsided.ts';
import { buildMachine } from '../../sim/machine.ts';
import type { MachineSpec } from '../../sim/machine-spec.ts';
import { DONE, RUN } from '../../sim/workload-api.ts';
import { computes, FREE_COSTS, guest, pinned, program, ran } from './scenario-fixture.ts';

/** Node 0 has two cores of two threads: CPUs 0 1 and 2 3; two busy ones compute at 0.6 of the speed of one. */
const spec: MachineSpec = {
  ...lopsided,
  nodeCpus: [4, ...lopsided.nodeCpus.slice(1).map(() => 2)],
  threadsPerCore: 2,
  threadShare: { value: 0.6, source: 'assumed: for tests' },
};
const machine = buildMachine(spec);
const cyclesPerMs = spec.clockGHz.value * 1e6;

/** Task i computes for ms[i] of a core alone, and ends. Returns when each was done, in ms. */
function doneMs(cpus: readonly number[], works: readonly number[]): number[] {
  const guests = works.map((work, i) => {
    const steps = new Int32Array(1);
    return guest(
      program((_task, phase) => {
        phase.kind = steps[0]++ === 0 ? RUN : DONE;
        computes(phase, work * cyclesPerMs);
      }),
      { name: `g${i}` },
    );
  });
  const recording = ran({ machine, guests, costs: FREE_COSTS, policy: pinned(cpus, () => 0) });
  return recording.guests.map(({ elapsedNs }) => Math.round(elapsedNs / 1e4) / 100);
}

describe('two threads of a core', () => {
  test('that both compute take 1 / 0.6 as long, and the one that is left goes on at full speed', () => {
    // Both at 0.6 until the first has done 3 ms: 5 ms. The second has 6 - 3 ms left, alone: 8 ms.
    expect(doneMs([0, 1], [3, 6])).toEqual([5, 8]);
  });

  test('do not slow down those of another core', () => {
    expect(doneMs([0, 2], [3, 6])).toEqual([3, 6]);
  });
});

test('of four threads a core each busy one costs the same', () => {
  const { threadSlowdown, cpuCore } = buildMachine({ ...spec, threadsPerCore: 4, nodeCpus: [8, ...spec.nodeCpus.slice(1).map(() => 4)] });
  expect([...threadSlowdown].map((slow) => Math.round(1000 / slow) / 1000)).toEqual([1, 0.867, 0.733, 0.6]); // 0.4 / 3 each
  expect([...cpuCore.slice(0, 9)]).toEqual([0, 0, 0, 0, 1, 1, 1, 1, 2]);
});

test.each([
  ['nodeCpus', { threadsPerCore: 3 }, /nodeCpus\[0\] = 4, want whole cores of 3 threads/],
  ['threadsPerCore', { threadsPerCore: 0 }, /threadsPerCore = 0, want a whole number from 1/],
  ['threadShare', { threadShare: { value: 0.4, source: 'assumed: for tests' } }, /threadShare = 0.4, want 1\/2 to 1/],
] as const)('a machine with an impossible %s is refused', (_, change, message) => {
  expect(() => buildMachine({ ...spec, ...change })).toThrow(message);
});
