import { exponential, type Random } from './random.ts';
import { type GuestProgram, type Phase, RUN, SLEEP } from './workload-api.ts';

/** Mean times of one thread. */
export interface Burst {
  readonly runNs: number;
  readonly waitNs: number;
}

/** Threads that sleep and run in turn for ever, for exponential times, in the kernel and on no memory. Each draws from a stream of its own. */
export function bursts(threads: readonly Burst[], clockGHz: number, stream: (thread: number) => Random): GuestProgram {
  const streams = threads.map((_, thread) => stream(thread));
  const isRunning = new Uint8Array(threads.length);

  function next(task: number, phase: Phase): void {
    const random = streams[task]!;
    const { runNs, waitNs } = threads[task]!;
    isRunning[task] ^= 1;
    if (isRunning[task] === 1) {
      phase.kind = SLEEP;
      phase.durationNs = exponential(random, waitNs);
      return;
    }
    phase.kind = RUN;
    phase.cyclesPerInstruction = 1;
    phase.instructions = exponential(random, runNs) * clockGHz;
    phase.isSystem = true;
  }

  return { tasks: threads.length, regions: 0, unit: 'bursts/s', next };
}
