import { exponential, type Random } from './random.ts';
import { ms, us } from './units.ts';
import { type GuestProgram, type Phase, RUN, SLEEP } from './workload-api.ts';

/**
 * The host's own load: QEMU's and dom0's threads and housekeeping, which float like everything else. A host is never silent, and
 * on a silent one vCPUs that have CPUs enough would never move. All figures are assumed; `host-noise` scales how often they wake.
 */
const IO_THREADS_PER_CPU = 0.25; //   short bursts: I/O threads, timers
const IO_BURST_NS = us(150);
const IO_WAIT_NS = ms(10);
const DAEMONS_PER_CPU = 0.0625; //    long bursts: xenstored, monitoring, kswapd
const DAEMON_BURST_NS = ms(8);
const DAEMON_WAIT_NS = ms(150);

export function hostNoise(cpus: number, scale: number, clockGHz: number, stream: (thread: number) => Random): GuestProgram {
  const ioThreads = Math.max(1, Math.round(cpus * IO_THREADS_PER_CPU));
  const tasks = ioThreads + Math.max(1, Math.round(cpus * DAEMONS_PER_CPU));
  const streams = Array.from({ length: tasks }, (_, thread) => stream(thread));
  const isRunning = new Uint8Array(tasks);

  function next(task: number, phase: Phase): void {
    const random = streams[task]!;
    const isIo = task < ioThreads;
    isRunning[task] ^= 1;
    if (isRunning[task] === 1) {
      phase.kind = SLEEP;
      phase.durationNs = exponential(random, (isIo ? IO_WAIT_NS : DAEMON_WAIT_NS) / scale);
      return;
    }
    phase.kind = RUN;
    phase.cyclesPerInstruction = 1;
    phase.instructions = exponential(random, isIo ? IO_BURST_NS : DAEMON_BURST_NS) * clockGHz;
    phase.isSystem = true;
  }

  return { tasks, regions: 0, unit: 'bursts/s', next };
}
