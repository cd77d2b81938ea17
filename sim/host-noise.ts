import type { Burst } from './bursts.ts';
import { ms, us } from './units.ts';

/**
 * The host's own load: QEMU's threads and housekeeping, which float like everything else. A host is never silent, and on a silent one
 * vCPUs that have CPUs enough would never move. All figures are assumed; `host-noise` scales how often they wake.
 */
const IO_THREADS_PER_CPU = 0.25; //   short bursts: I/O threads, timers
const IO_BURST_NS = us(150);
const IO_WAIT_NS = ms(10);
const DAEMONS_PER_CPU = 0.0625; //    long bursts: monitoring, kswapd
const DAEMON_BURST_NS = ms(8);
const DAEMON_WAIT_NS = ms(150);

export function hostNoise(cpus: number, scale: number): Burst[] {
  const io = { runNs: IO_BURST_NS, waitNs: IO_WAIT_NS / scale };
  const daemon = { runNs: DAEMON_BURST_NS, waitNs: DAEMON_WAIT_NS / scale };
  const threads = (perCpu: number, thread: Burst): Burst[] => new Array<Burst>(Math.max(1, Math.round(cpus * perCpu))).fill(thread);
  return [...threads(IO_THREADS_PER_CPU, io), ...threads(DAEMONS_PER_CPU, daemon)];
}
