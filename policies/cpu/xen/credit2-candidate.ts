import type { Kernel } from '../../../sim/policy-api.ts';
import { type CpuId, NONE, type VcpuId } from '../../../sim/units.ts';
import { idleCpu, MIGRATE_RESIST_NS } from './credit2-tickle.ts';
import { isTickled, PARKED, parkedDsq, queueDsq, SCHEDULED, type Units } from './credit2-units.ts';

/** The credits of an idle CPU: anybody has more. */
const IDLE_CREDIT_NS = -(2 ** 30);

/**
 * What a CPU runs next: `prev`, a vCPU that waits in its run queue, or NONE. One that has just begun is left alone; one that would
 * rather run where a CPU is idle gives way; the first in the queue that may run here, is not meant for another CPU, and leads by enough
 * if it comes from another CPU, goes before `prev` if it has more credits.
 * After: Xen, common/sched/credit2.c, runq_candidate.
 */
export function candidate(k: Kernel, u: Units, cpu: CpuId, prev: VcpuId, isYielding: boolean): VcpuId {
  const queue = u.queues.ofCpu[cpu]!;
  let next: VcpuId = NONE;
  if (prev !== NONE && u.state[prev] === SCHEDULED && u.moveTo[prev] === NONE) {
    if (!isYielding && k.nowNs - u.startedNs[prev]! < u.options.ratelimitNs) return prev;
    if (!givesWay(k, u, cpu, prev, queue)) next = prev;
  }
  const toBeat = next === NONE ? IDLE_CREDIT_NS : u.credit[next]!;
  for (let vcpu = k.dsqFirst(queueDsq(queue)); vcpu !== NONE;) {
    const waiting = vcpu;
    vcpu = k.dsqNext(waiting); // as it may be parked below
    const meantFor = u.tickledCpu[waiting]! as CpuId;
    if (!k.allows(waiting, cpu) || (meantFor !== NONE && meantFor !== cpu && isTickled(k, u, meantFor))) continue;
    if (u.cpu[waiting] !== cpu && toBeat + MIGRATE_RESIST_NS > u.credit[waiting]!) continue;
    if (!isYielding && u.credit[waiting]! <= toBeat) return next;
    if (!u.caps.has(waiting) || u.caps.grab(k, waiting)) return waiting;
    park(k, u, waiting);
    if (u.options.isFaithful) return next; // the original looks no further, though another might run
  }
  return next;
}

function givesWay(k: Kernel, u: Units, cpu: CpuId, prev: VcpuId, queue: number): boolean {
  return u.soft.matters(k, prev) && !k.prefers(prev, cpu) && idleCpu(k, u, queue, prev, cpu, true) !== NONE;
}

function park(k: Kernel, u: Units, vcpu: VcpuId): void {
  u.state[vcpu] = PARKED;
  u.loads.set(vcpu, u.queue[vcpu]!, false, k.nowNs);
  k.dsqMoveTo(vcpu, parkedDsq(u));
}
