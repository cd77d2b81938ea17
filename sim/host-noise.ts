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
  return [
    ...threads(cpus * IO_THREADS_PER_CPU, IO_BURST_NS, IO_WAIT_NS / scale),
    ...threads(cpus * DAEMONS_PER_CPU, DAEMON_BURST_NS, DAEMON_WAIT_NS / scale),
  ];
}

/** A machine too small for one of them has one that wakes so much less often, so that the load of a CPU is the same. */
function threads(share: number, runNs: number, waitNs: number): Burst[] {
  const rareness = Math.max(1, 1 / share);
  return new Array<Burst>(Math.max(1, Math.round(share))).fill({ runNs, waitNs: waitNs * rareness });
}
