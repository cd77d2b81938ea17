import { expect, test } from 'vitest';
import { ms } from '../../sim/units.ts';
import { DONE, SLEEP, type WorkloadEntry } from '../../sim/workload-api.ts';
import { computes, FREE_COSTS, guest, lopsidedMachine, pinned, program, ran } from './scenario-fixture.ts';

/** Workers look at the list of jobs at these times only, so that all jobs that end together have ended before one is chosen. */
const LOOK_NS = 1000;
const JOB_NS = ms(1); // of a unit of time

/**
 * List scheduling: a worker that is free takes the first job of the list whose predecessors are done. R. L. Graham, "Bounds on
 * multiprocessing timing anomalies" (1969): nine jobs, of which the last follows the first and the fifth to eighth follow the fourth.
 */
function listScheduled(workers: number, times: readonly number[], precedes: readonly (readonly [number, number])[]): WorkloadEntry {
  const state = times.map(() => 'waiting' as 'waiting' | 'running' | 'done');
  const current = Array.from({ length: workers }, () => -1);
  const isReady = (job: number): boolean =>
    state[job] === 'waiting' && precedes.every(([before, after]) => after !== job || state[before] === 'done');
  return program(
    (worker, phase, calls) => {
      if (current[worker]! >= 0) state[current[worker]!] = 'done';
      current[worker] = -1;
      const wait = LOOK_NS - (calls.nowNs % LOOK_NS);
      const next = calls.nowNs % LOOK_NS === 0 ? times.findIndex((_, job) => isReady(job)) : -1;
      if (next >= 0) {
        state[next] = 'running';
        current[worker] = next;
        // ends within the look, so that it is done when the next is chosen
        computes(phase, (times[next]! * JOB_NS - LOOK_NS / 2) * lopsidedMachine.clockGHz);
      } else if (state.every((each) => each !== 'waiting')) phase.kind = DONE;
      else {
        phase.kind = SLEEP;
        phase.durationNs = wait;
      }
    },
    { tasks: workers },
  );
}

const TIMES = [3, 2, 2, 2, 4, 4, 4, 4, 9];
const ORDER: readonly (readonly [number, number])[] = [[0, 8], [3, 4], [3, 5], [3, 6], [3, 7]]; // prettier-ignore

function makespan(workers: number, times: readonly number[], precedes = ORDER): number {
  const cpus = Array.from({ length: workers }, (_, cpu) => cpu);
  const work = guest(listScheduled(workers, times, precedes), { kind: 'bare', vcpus: workers });
  return ran({ policy: pinned(cpus, () => 0), guests: [work], costs: FREE_COSTS, checks: 'cheap' }).simulatedNs / JOB_NS;
}

/** Why no test of this project may ask that more CPUs, shorter jobs or fewer dependencies be never slower. */
test.each([
  ['as it is, on three CPUs', 3, TIMES, ORDER, 12],
  ['with a CPU more', 4, TIMES, ORDER, 15],
  ['with every job shorter by one', 3, TIMES.map((time) => time - 1), ORDER, 13],
  ['with two dependencies fewer', 3, TIMES, ORDER.slice(0, 1).concat(ORDER.slice(3)), 16],
] as const)("Graham's nine jobs, %s", (_, workers, times, precedes, expected) => {
  expect(Math.round(makespan(workers, times, precedes) * 100) / 100).toBe(expected);
});
