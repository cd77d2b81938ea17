import type { Kernel } from '../../../sim/policy-api.ts';
import { type CpuId, NONE, type NodeId, type VcpuId } from '../../../sim/units.ts';
import type { CreditAccounts } from './credit-accounts.ts';
import { isHot, queueOf } from './run-queues.ts';
import type { SoftAffinity } from './soft-affinity.ts';

export interface Steal {
  /** A vCPU of more priority than `above` that waits for another CPU and may run on `cpu`, or NONE. */
  find(k: Kernel, cpu: CpuId, above: number): VcpuId;
  /** That many more wait in the queue of a CPU, so that nodes without any are passed by. */
  count(k: Kernel, cpu: CpuId, more: number): void;
}

/**
 * Stealing as the credit scheduler of today does it: first what has a soft affinity for this CPU, then what may run here at all; each
 * time node by node, its own first, then by number and round; in a node from the CPU after the one robbed last.
 * After: Xen, common/sched/credit.c, csched_load_balance and csched_runq_steal.
 */
export function nodeWise(k: Kernel, accounts: CreditAccounts, soft: SoftAffinity, hotNs: number): Steal {
  const waiting = new Int32Array(k.nodeCount); //     [node] vCPUs in the queues of its CPUs
  const balanceBias = new Int32Array(k.nodeCount); // [node] CPU robbed last
  for (let node = 0 as NodeId; node < k.nodeCount; node++) balanceBias[node] = k.nodeFirstCpu(node);

  /** The first that suits, of the highest priority. */
  function candidate(kernel: Kernel, peer: CpuId, cpu: CpuId, above: number, isSoft: boolean): VcpuId {
    let best: VcpuId = NONE;
    let bestPriority = above;
    for (let vcpu = kernel.dsqFirst(queueOf(peer)); vcpu !== NONE; vcpu = kernel.dsqNext(vcpu)) {
      if (accounts.priority[vcpu]! <= bestPriority || (isSoft && !soft.matters(kernel, vcpu))) continue;
      if (!soft.suits(kernel, vcpu, cpu, isSoft) || isHot(kernel, vcpu, hotNs)) continue;
      best = vcpu;
      bestPriority = accounts.priority[vcpu]!;
    }
    return best;
  }

  function ofNode(kernel: Kernel, node: NodeId, cpu: CpuId, above: number, isSoft: boolean): VcpuId {
    const first = kernel.nodeFirstCpu(node);
    const cpus = kernel.nodeCpuCount(node);
    for (let i = 1; i <= cpus; i++) {
      const peer = (first + ((balanceBias[node]! - first + i) % cpus)) as CpuId;
      if (peer === cpu || kernel.dsqNrQueued(queueOf(peer)) === 0 || kernel.cpuCurr(peer) === NONE) continue; // it runs its own
      const vcpu = candidate(kernel, peer, cpu, above, isSoft);
      if (vcpu === NONE) continue;
      balanceBias[node] = peer;
      return vcpu;
    }
    return NONE;
  }

  return {
    find(kernel, cpu, above) {
      const own = kernel.cpuNode(cpu);
      for (let step = 0; step < 2; step++) {
        for (let i = 0; i < kernel.nodeCount; i++) {
          const node = ((own + i) % kernel.nodeCount) as NodeId;
          if (waiting[node] === 0) continue;
          const vcpu = ofNode(kernel, node, cpu, above, step === 0);
          if (vcpu !== NONE) return vcpu;
        }
      }
      return NONE;
    },
    count(kernel, cpu, more) {
      waiting[kernel.cpuNode(cpu)]! += more;
    },
  };
}

/** The next idle CPU by number, after `after` and round, that suits a vCPU; not claimed. NONE without. */
export function nextIdle(k: Kernel, soft: SoftAffinity, vcpu: VcpuId, after: CpuId, isSoft: boolean): CpuId {
  const start = k.cpuNode(after);
  for (let i = 0; i <= k.nodeCount; i++) {
    const node = ((start + i) % k.nodeCount) as NodeId;
    if (k.nodeCpuCount(node) === 0 || k.nrIdle(node) === 0 || !k.allowsNode(vcpu, node)) continue;
    const first = k.nodeFirstCpu(node);
    const from = i === 0 ? after + 1 : first;
    const end = i === k.nodeCount ? after + 1 : first + k.nodeCpuCount(node);
    for (let cpu = from as CpuId; cpu < end; cpu++) if (k.isIdle(cpu) && soft.suits(k, vcpu, cpu, isSoft)) return cpu;
  }
  return NONE;
}
