import type { Kernel } from '../../../sim/policy-api.ts';
import { type GuestId, NONE, type NodeId, type VcpuId } from '../../../sim/units.ts';
import type { NodeRule } from './held-nodes.ts';

export interface VProbeOptions {
  readonly periodNs: number;
  /** Accesses to the last-level cache per 1000 instructions from which a vCPU is memory-intensive, and from which it is dealt out first. */
  readonly intensive: number;
  readonly thrashing: number;
}

/**
 * Every period the vCPUs that use memory much are dealt out evenly over the nodes, by CPUs, each if possible to its local node, from which most of
 * its lines come. They are held there; but a CPU without work steals, as credit has it, from its own node first, then
 * from the others by number. All others are free.
 * After: S. Wu, H. Sun, L. Zhou, Q. Gan, H. Jin, "vProbe: Scheduling Virtual Machines on NUMA Systems", CLUSTER 2016, reconstructed from its
 * abstract. Assumed: the thresholds; the order in which nodes choose; that memory stays.
 */
export function vprobe({ periodNs, intensive, thrashing }: VProbeOptions): NodeRule {
  let counters: Counters;
  return {
    periodNs,
    step(k, held) {
      counters ??= countersOf(k);
      counters.read(k);
      const { accessesPerThousand, local } = counters;
      const isBetween = (low: number, high: number) => (vcpu: VcpuId) =>
        accessesPerThousand[vcpu]! >= low && accessesPerThousand[vcpu]! < high && k.isHere(k.guestOf(vcpu));
      const vcpus = Array.from({ length: k.vcpuCount }, (_, vcpu) => vcpu as VcpuId);
      const order = [...vcpus.filter(isBetween(thrashing, Infinity)), ...vcpus.filter(isBetween(intensive, thrashing))];
      const nodes = dealOut(k, order, local);
      for (const vcpu of vcpus) held.send(k, vcpu, nodes.get(vcpu) ?? NONE);
    },
  };
}

/**
 * The node with the fewest for its CPUs chooses next, of several the one that most of those still left are local to: the first that is local to it,
 * or else the first of the node that most are local to.
 * @param order who is chosen first
 * @param local [vcpu] node
 */
export function dealOut(k: Kernel, order: readonly VcpuId[], local: ArrayLike<number>): Map<VcpuId, NodeId> {
  const left = new Set(order);
  const locals = new Int32Array(k.nodeCount); // [node] of those left
  for (const vcpu of order) locals[local[vcpu]!]!++;
  const dealt = new Int32Array(k.nodeCount);
  const nodes = new Map<VcpuId, NodeId>();
  const choosers = Array.from({ length: k.nodeCount }, (_, node) => node as NodeId).filter((node) => k.nodeCpuCount(node) > 0);
  while (left.size > 0 && choosers.length > 0) {
    const use = (node: NodeId): number => dealt[node]! / k.nodeCpuCount(node);
    const node = choosers.reduce((best, other) => ((use(other) - use(best) || locals[best]! - locals[other]!) < 0 ? other : best));
    const vcpu = choiceOf(k, node, left, local, locals);
    if (vcpu === NONE) {
      choosers.splice(choosers.indexOf(node), 1);
      continue;
    }
    nodes.set(vcpu, node);
    left.delete(vcpu);
    locals[local[vcpu]!]!--;
    dealt[node]!++;
  }
  return nodes;
}

/** NONE if no one that is left may run there. */
function choiceOf(k: Kernel, node: NodeId, left: ReadonlySet<VcpuId>, local: ArrayLike<number>, locals: Int32Array): VcpuId {
  let best: VcpuId = NONE;
  for (const vcpu of left) {
    if (local[vcpu] === node && k.allowsNode(vcpu, node)) return vcpu;
    const isOfMore = best === NONE || locals[local[vcpu]!]! > locals[local[best]!]!;
    if (isOfMore && k.allowsNode(vcpu, node)) best = vcpu;
  }
  return best;
}

/** What the counters say of the time since the last reading. */
interface Counters {
  readonly accessesPerThousand: Float64Array; // [vcpu] accesses to the last-level cache per 1000 instructions; 0 if it ran none
  readonly local: Int32Array; //                 [vcpu] node that most of its lines came from; the last one that is known
  read(k: Kernel): void;
}

function countersOf({ vcpuCount, nodeCount }: Kernel): Counters {
  const accessesPerThousand = new Float64Array(vcpuCount);
  const local = new Int32Array(vcpuCount);
  const instructions = new Float64Array(vcpuCount);
  const accesses = new Float64Array(vcpuCount);
  const lines = new Float64Array(vcpuCount * nodeCount);

  function readLocal(k: Kernel, vcpu: VcpuId): void {
    let most = 0;
    for (let node = 0 as NodeId; node < nodeCount; node++) {
      const at = vcpu * nodeCount + node;
      const now = k.pmuLines(vcpu, node);
      if (now - lines[at]! > most) {
        most = now - lines[at]!;
        local[vcpu] = node;
      }
      lines[at] = now;
    }
  }

  return {
    accessesPerThousand,
    local,
    read(k) {
      for (let guest = 0 as GuestId; guest < k.guestCount; guest++) {
        if (!k.isHere(guest)) continue;
        const first = k.guestFirstVcpu(guest);
        for (let vcpu = first; vcpu < first + k.guestVcpuCount(guest); vcpu++) {
          const ran = k.pmuInstructions(vcpu as VcpuId) - instructions[vcpu]!;
          accessesPerThousand[vcpu] = 0;
          if (ran <= 0) continue; // counters cost time to read
          const asked = k.pmuAccesses(vcpu as VcpuId) - accesses[vcpu]!;
          accessesPerThousand[vcpu] = (1000 * asked) / ran;
          instructions[vcpu]! += ran;
          accesses[vcpu]! += asked;
          readLocal(k, vcpu as VcpuId);
        }
      }
    },
  };
}
