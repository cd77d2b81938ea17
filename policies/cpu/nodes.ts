import type { Kernel } from '../../sim/policy-api.ts';
import { type CpuId, NONE, type NodeId, type VcpuId } from '../../sim/units.ts';
import { queueOf } from './linux/balance.ts';

/** Searches of the machine by node that cpu parts share. */

export function allowsNode(k: Kernel, vcpu: VcpuId, node: NodeId): boolean {
  return k.nodeCpuCount(node) > 0 && k.allowsNode(vcpu, node);
}

/** Claims the idle CPU nearest to a node, on the node itself from `start` on; NONE if no allowed CPU is idle. */
export function claimNearestIdle(k: Kernel, vcpu: VcpuId, node: NodeId, start: CpuId): CpuId {
  for (let i = 0; i < k.nodeCount; i++) {
    const near = k.nthNearest(node, i);
    if (k.nrIdle(near) === 0) continue;
    const cpu = k.pickIdleCpuNode(vcpu, near, near === node ? start : k.nodeFirstCpu(near));
    if (cpu !== NONE) return cpu;
  }
  return NONE;
}

/** The CPU of a node with the fewest vCPUs running and waiting, ties by id. */
export function shortestQueue(k: Kernel, node: NodeId): CpuId {
  const first = k.nodeFirstCpu(node);
  let best = first;
  let fewest = Infinity;
  for (let i = 0; i < k.nodeCpuCount(node); i++) {
    const cpu = (first + i) as CpuId;
    const load = k.dsqNrQueued(queueOf(cpu)) + (k.cpuCurr(cpu) === NONE ? 0 : 1);
    if (load < fewest) {
      fewest = load;
      best = cpu;
    }
  }
  return best;
}

/** Whether a CPU should take over a vCPU that waits for another. */
export type MayTake = (k: Kernel, vcpu: VcpuId, cpu: CpuId, from: CpuId) => boolean;

/** The vCPU a CPU may take over: from the nearest node with one, from the CPU there with the longest queue. NONE without. */
export function nearestWaiting(k: Kernel, cpu: CpuId, mayTake: MayTake): VcpuId {
  for (let i = 0; i < k.nodeCount; i++) {
    const node = k.nthNearest(k.cpuNode(cpu), i);
    const first = k.nodeFirstCpu(node);
    let best: VcpuId = NONE;
    let longest = 0;
    for (let j = 0; j < k.nodeCpuCount(node); j++) {
      const from = (first + j) as CpuId;
      const length = k.dsqNrQueued(queueOf(from));
      if (k.cpuCurr(from) === NONE || length <= longest) continue; // an idle CPU is about to run its own
      const vcpu = firstToTake(k, cpu, from, mayTake);
      if (vcpu === NONE) continue;
      best = vcpu;
      longest = length;
    }
    if (best !== NONE) return best;
  }
  return NONE;
}

function firstToTake(k: Kernel, cpu: CpuId, from: CpuId, mayTake: MayTake): VcpuId {
  for (let vcpu = k.dsqFirst(queueOf(from)); vcpu !== NONE; vcpu = k.dsqNext(vcpu)) {
    if (k.allows(vcpu, cpu) && mayTake(k, vcpu, cpu, from)) return vcpu;
  }
  return NONE;
}

/** The nearest idle CPU that may take over a vCPU waiting for `from`, not claimed; NONE without. */
export function idleTaker(k: Kernel, vcpu: VcpuId, from: CpuId, mayTake: MayTake): CpuId {
  for (let i = 0; i < k.nodeCount; i++) {
    const node = k.nthNearest(k.cpuNode(from), i);
    if (k.nrIdle(node) === 0 || !allowsNode(k, vcpu, node)) continue;
    const first = k.nodeFirstCpu(node);
    for (let j = 0; j < k.nodeCpuCount(node); j++) {
      const cpu = (first + j) as CpuId;
      if (k.isIdle(cpu) && k.allows(vcpu, cpu) && mayTake(k, vcpu, cpu, from)) return cpu;
    }
  }
  return NONE;
}
