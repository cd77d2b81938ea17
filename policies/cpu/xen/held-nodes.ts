import type { Kernel } from '../../../sim/policy-api.ts';
import { type CpuId, NONE, type NodeId, type VcpuId } from '../../../sim/units.ts';
import { queueOf } from './run-queues.ts';
import type { SoftAffinity } from './soft-affinity.ts';

/** Nodes that vCPUs are held on. They leave these only when a CPU of another node steals them, and then come back to the first idle CPU there. */
export interface HeldNodes {
  /** [vcpu] NONE for one that is free. */
  readonly nodeOf: Int32Array;
  /** Holds a vCPU on a node from now on, and sends it there if it is elsewhere; NONE frees it where it is. */
  send(k: Kernel, vcpu: VcpuId, node: NodeId): void;
}

/** What a scheduler that is built on credit adds to it. */
export interface NodeRule {
  readonly periodNs: number;
  /** Called every period: who is held where from now on. */
  step(k: Kernel, held: HeldNodes): void;
}

/** The CPUs of its node alone for a vCPU that is held, whichever step of a search it is: where it belongs. */
export function onlyHeld(soft: SoftAffinity, nodeOf: Int32Array): SoftAffinity {
  return {
    ...soft,
    matters: (k, vcpu) => !isHeld(k, vcpu, nodeOf) && soft.matters(k, vcpu),
    suits: (k, vcpu, cpu, isSoft) =>
      isHeld(k, vcpu, nodeOf) ? k.allows(vcpu, cpu) && k.cpuNode(cpu) === nodeOf[vcpu] : soft.suits(k, vcpu, cpu, isSoft),
  };
}

/** Those of its node in the first step, then all: who is told that it waits. */
export function heldFirst(soft: SoftAffinity, nodeOf: Int32Array): SoftAffinity {
  return {
    ...soft,
    matters: (k, vcpu) => isHeld(k, vcpu, nodeOf) || soft.matters(k, vcpu),
    suits: (k, vcpu, cpu, isSoft) =>
      isHeld(k, vcpu, nodeOf) ? k.allows(vcpu, cpu) && (!isSoft || k.cpuNode(cpu) === nodeOf[vcpu]) : soft.suits(k, vcpu, cpu, isSoft),
  };
}

/** Of the node's CPUs that a vCPU may use, the one with the fewest that run or wait there; NONE without. */
export function emptiestCpu(k: Kernel, vcpu: VcpuId, node: NodeId): CpuId {
  let best: CpuId = NONE;
  let least = Infinity;
  const end = k.nodeFirstCpu(node) + k.nodeCpuCount(node);
  for (let cpu = k.nodeFirstCpu(node); cpu < end; cpu++) {
    if (!k.allows(vcpu, cpu)) continue;
    const load = k.dsqNrQueued(queueOf(cpu)) + (k.cpuCurr(cpu) === NONE ? 0 : 1);
    if (load >= least) continue;
    best = cpu;
    least = load;
  }
  return best;
}

/** A node that its mask has lost since holds a vCPU no more. */
function isHeld(k: Kernel, vcpu: VcpuId, nodeOf: Int32Array): boolean {
  return nodeOf[vcpu] !== NONE && k.allowsNode(vcpu, nodeOf[vcpu] as NodeId);
}
