/** A period changes by so many tenths of itself: NUMA_PERIOD_SLOTS. */
const SLOTS = 10;
/** Of ten faults so many near, or private, are enough: NUMA_PERIOD_THRESHOLD. */
const THRESHOLD = 7;

/**
 * How a vCPU's scan period changes after a sequence, ms: longer where most memory is private or near, the more the surer; shorter where
 * there is something to gain. Counts are pages of hint faults.
 * After: Linux 6.12 kernel/sched/fair.c, update_task_scan_period, which does the rest (failed moves, clamping) around this.
 */
export function periodChangeMs(periodMs: number, local: number, remote: number, privates: number, shared: number): number {
  const slotMs = Math.ceil(periodMs / SLOTS);
  const localTenths = tenths(local, remote);
  const privateTenths = tenths(privates, shared);
  const most = privateTenths >= THRESHOLD ? privateTenths : localTenths;
  if (most >= THRESHOLD) return Math.max(1, most - THRESHOLD) * slotMs;
  return -(THRESHOLD - Math.max(localTenths, privateTenths)) * slotMs;
}

function tenths(part: number, rest: number): number {
  return part + rest === 0 ? 0 : Math.floor((part * SLOTS) / (part + rest));
}
