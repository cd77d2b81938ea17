import { DONE, DOWN, type GuestProgram, RUN, SLEEP, UP, type WorkloadEntry } from '../sim/workload-api.ts';
import { NONE } from '../sim/units.ts';

/** What threads did on another machine, to be done again: each its steps, one after the other. */
export interface Replay {
  readonly threads: readonly ReplayThread[];
  /** How many links there are, from one thread to another. */
  readonly linkCount: number;
  /** How long it took there. */
  readonly spanNs: number;
  /** How often each thread goes through its steps; -1 for ever. */
  readonly loop: number;
}

export interface ReplayThread {
  readonly name: string;
  /** 100 for nice 0. */
  readonly weight: number;
  readonly steps: readonly ReplayStep[];
}

export type ReplayStep =
  /** run: CPU time, the same whatever the clock, as a trace does not say what it was spent on; sleep: from then on. */
  | { readonly kind: 'run' | 'sleep'; readonly ns: number }
  /** post: one more along the link; wait: until there is one. */
  | { readonly kind: 'post' | 'wait'; readonly link: number };

/** A link is a semaphore, so that no wait is over before its post, and a post that comes early is kept. */
export function replayed(name: string, summary: string, replay: Replay): WorkloadEntry {
  return {
    name,
    summary,
    ends: replay.loop < 0 ? 'never' : 'by itself',
    options: [],
    build: (_, { clockGHz }) => programOf(replay, clockGHz),
  };
}

function programOf({ threads, linkCount, spanNs, loop }: Replay, clockGHz: number): GuestProgram {
  const at = new Int32Array(threads.length); //      [task] its next step
  const rounds = new Int32Array(threads.length); //  [task] it has been through
  let startNs = -1;
  let endNs = -1;
  let wakes = 0;
  return {
    tasks: threads.length,
    threads: threads.map(({ name, weight }) => ({ name, weight, cpus: null, sliceNs: 0 })),
    regions: 0,
    semaphores: new Array<number>(linkCount).fill(0),
    unit: 's/s',
    next(task, phase, { nowNs }) {
      if (startNs < 0) startNs = nowNs;
      const { steps } = threads[task]!;
      if (at[task] === steps.length) {
        at[task] = 0;
        rounds[task]!++;
        endNs = nowNs;
      }
      if (steps.length === 0 || (loop >= 0 && rounds[task]! >= loop)) {
        phase.kind = DONE;
        return;
      }
      const step = steps[at[task]!++]!;
      switch (step.kind) {
        case 'run':
          phase.kind = RUN;
          phase.instructions = step.ns; // one a nanosecond, without rounding
          phase.cyclesPerInstruction = clockGHz;
          phase.region = NONE;
          phase.work = step.ns / 1e9;
          return;
        case 'sleep':
          phase.kind = SLEEP;
          phase.durationNs = step.ns;
          return;
        case 'post':
          wakes++;
          phase.kind = UP;
          phase.object = step.link;
          return;
        default:
          phase.kind = DOWN;
          phase.object = step.link;
      }
    },
    figures: () => ({ threads: threads.length, wakes, tracedNs: spanNs, lastRoundEndNs: Math.max(0, endNs - startNs) }),
  };
}
