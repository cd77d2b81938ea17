import type { Kernel } from '../../../sim/policy-api.ts';
import type { CpuId, VcpuId } from '../../../sim/units.ts';

/** What a move would do to a vCPU's memory accesses: nothing that is known, bring them nearer, or farther. */
export const UNKNOWN = -1;
export const BETTER = 0;
export const WORSE = 1;

/** What load balancing heeds on a host with NUMA balancing. Called on the hot path: must not allocate. */
export interface Locality {
  /** [cpu] vCPUs that run or wait there and prefer some node (nr_numa_running), and of them those that prefer its own (nr_preferred_running). */
  readonly settled: Int32Array;
  readonly content: Int32Array;
  /** A vCPU runs or waits on a CPU from now on, or does so no more. */
  queued(k: Kernel, vcpu: VcpuId, cpu: CpuId): void;
  unqueued(k: Kernel, vcpu: VcpuId, cpu: CpuId): void;
  /** migrate_degrades_locality. @param running vCPUs that run or wait on `from` @returns UNKNOWN, BETTER or WORSE */
  judge(k: Kernel, vcpu: VcpuId, from: CpuId, to: CpuId, running: number, isIdle: boolean): number;
}

/** Of which vCPUs a queue, or a group of CPUs, has some (enum fbq_type): without a preferred node, away from it, or only such as are there. */
export const HAS_UNSETTLED = 0;
export const HAS_AWAY = 1;
export const ALL_CONTENT = 2;

/** fbq_classify_group, fbq_classify_rq: what is best taken from it. */
export function takingOf(running: number, settled: number, content: number): number {
  if (running > settled) return HAS_UNSETTLED;
  return running > content ? HAS_AWAY : ALL_CONTENT;
}
