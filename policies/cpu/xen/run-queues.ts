import { type Kernel } from '../../../sim/policy-api.ts';
import { type CpuId, type DsqId, NONE, type VcpuId } from '../../../sim/units.ts';
import type { CreditAccounts } from './credit-accounts.ts';

/** The run queues of the credit scheduler: each CPU's has the CPU's number, and one more holds what is parked. */

export const queueOf = (cpu: CpuId): DsqId => cpu as number as DsqId;

export const parkedQueue = (k: Kernel): DsqId => k.cpuCount as DsqId;

export function createQueues(k: Kernel): void {
  for (let cpu = 0; cpu <= k.cpuCount; cpu++) k.createDsq(cpu as DsqId);
}

/** Whether it ran so short ago that its cache is taken to be hot (__csched_vcpu_is_cache_hot). */
export function isHot(k: Kernel, vcpu: VcpuId, hotNs: number): boolean {
  return hotNs > 0 && k.runtimeNs(vcpu) > 0 && k.nowNs - k.stoppedNs(vcpu) < hotNs;
}

/**
 * The first vCPU of the highest priority above `above` that waits in the queue of `from` and may run on `cpu`; NONE without. Queues
 * are searched by present priority instead of being sorted after each accounting.
 */
export function bestWaiting(k: Kernel, accounts: CreditAccounts, from: CpuId, above: number, cpu: CpuId, hotNs: number): VcpuId {
  let best: VcpuId = NONE;
  let bestPriority = above;
  for (let vcpu = k.dsqFirst(queueOf(from)); vcpu !== NONE; vcpu = k.dsqNext(vcpu)) {
    if (accounts.priority[vcpu]! <= bestPriority || !k.allows(vcpu, cpu) || isHot(k, vcpu, hotNs)) continue;
    best = vcpu;
    bestPriority = accounts.priority[vcpu]!;
  }
  return best;
}
