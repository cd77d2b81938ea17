import type { Kernel } from '../../../sim/policy-api.ts';
import type { CpuId, DsqId, VcpuId } from '../../../sim/units.ts';

/**
 * Linux's fair scheduling is two things that know little of each other: the order on one CPU (CFS, EEVDF: fair queues) and the choice of
 * a CPU (wake placement, load balancing: a balance). This is what they know.
 */

/** Each CPU's queue has the CPU's number. */
export const queueOf = (cpu: CpuId): DsqId => cpu as number as DsqId;

/** What the fair class tells of its queues, one a CPU. Called on the hot path: must not allocate. */
export interface FairQueues {
  /** vCPUs that run or wait on a CPU (h_nr_running). */
  nrRunning(k: Kernel, cpu: CpuId): number;
  /** The sum of their weights, 100 for each of nice 0. */
  load(k: Kernel, cpu: CpuId): number;
  /** Moves a waiting vCPU to the queue of another CPU; its lag or lead is kept as the class keeps it. In dispatch or a timer. */
  migrate(k: Kernel, vcpu: VcpuId, to: CpuId): boolean;
}

/** Where vCPUs run. Called on the hot path: must not allocate. */
export interface Balance {
  readonly name: string;
  init?(k: Kernel, queues: FairQueues): void;
  /** CPU on which a waking vCPU is queued (select_task_rq_fair). `prev` is NONE if it never ran. */
  choose(k: Kernel, vcpu: VcpuId, prev: CpuId, flags: number): CpuId;
  /** A CPU has no work left: moves to its queue what it takes over from others (newidle_balance). True if it took something. */
  newidle(k: Kernel, cpu: CpuId): boolean;
  /** Tick of a busy CPU, `vcpu` runs on it. */
  tick?(k: Kernel, cpu: CpuId, vcpu: VcpuId): void;
  /** CPU on which a vCPU is queued that had to leave `cpu` before it was done; without it the same. */
  requeue?(k: Kernel, vcpu: VcpuId, cpu: CpuId): CpuId;
}
