import type { Kernel, MemoryPolicy, MemoryRule } from '../../sim/policy-api.ts';
import { GiB, type GuestId, NONE, type NodeId, type VcpuId } from '../../sim/units.ts';
import { nextWithRoom } from './interleave.ts';
import { round } from './round.ts';

/**
 * Memory as a guest's own configuration says, by virtual node or for all of it: strict from its nodes alone, of these the nearest to the
 * touching CPU; preferred from the first of its nodes, then the nearest to it with room; interleave block by block over its nodes, by the
 * block's number in the guest, then the nearest; restrictive as strict, while nobody changes the cpuset; where nothing is said, where it
 * is touched first. What is preallocated is touched at the start by the main thread of QEMU. That thread begins on the node vCPU 0 may
 * use on which the fewest of them have begun for its CPUs, the lowest of equals: assumed, for what SD_BALANCE_EXEC does on an idle host.
 * After: Linux mm/mempolicy.c; QEMU backends/hostmem.c (host_memory_backend_memory_complete: mbind, then prealloc).
 */
export function configuredMemory(): MemoryPolicy {
  const mainNodes: (NodeId | undefined)[] = []; // [guest]
  const begun: number[] = []; //                   [node] main threads
  return {
    name: 'configured',
    backs: 'first-touch',
    fallback: 'distance',
    alloc(k, guest, block, node) {
      const touching = node === NONE ? (mainNodes[guest] ??= mainNode(k, guest, begun)) : node;
      return wantedNode(k, ruleOf(k, guest, block), block, touching);
    },
    isPreallocated: (k, guest, block) => k.configured(guest).preallocated[k.blockVnode(guest, block)] === true,
    heldTo,
  };
}

/**
 * As configuredMemory, but all of it is taken when the guest is built: what no rule is said of in extents of 1 GiB over the nodes the guest
 * was placed on (memory/round.ts); what is strict on several nodes, on these in turn.
 * After: Xen, tools/libs/guest/xg_dom_x86.c (vnode_to_pnode, XENMEMF_exact_node).
 */
export function configuredAtBuild(): MemoryPolicy {
  const inTurn = round(GiB(1));
  return {
    name: 'configured-at-build',
    backs: 'at-build',
    fallback: 'next-id',
    alloc(k, guest, block, node, placement) {
      const rule = ruleOf(k, guest, block);
      if (rule === null || rule.mode === 'default') return inTurn.alloc(k, guest, block, node, placement);
      return rule.mode === 'preferred' ? rule.nodes[0]! : nextWithRoom(k, rule.nodes, block);
    },
    heldTo,
  };
}

function ruleOf(k: Kernel, guest: GuestId, block: number): MemoryRule | null {
  const { memory, vnodeMemory } = k.configured(guest);
  return vnodeMemory.length === 0 ? memory : (vnodeMemory[k.blockVnode(guest, block)] ?? memory);
}

function heldTo(k: Kernel, guest: GuestId, block: number): readonly NodeId[] | null {
  const rule = ruleOf(k, guest, block);
  return rule?.mode === 'strict' || rule?.mode === 'restrictive' ? rule.nodes : null;
}

function wantedNode(k: Kernel, rule: MemoryRule | null, block: number, touching: NodeId): NodeId {
  if (rule?.mode === 'preferred') return rule.nodes[0]!;
  return rule?.mode === 'interleave' ? nextWithRoom(k, rule.nodes, block) : touching;
}

function mainNode(k: Kernel, guest: GuestId, begun: number[]): NodeId {
  const vcpu = k.guestFirstVcpu(guest) as VcpuId;
  let best: NodeId = NONE;
  let least = Infinity;
  for (let node = 0 as NodeId; node < k.nodeCount; node++) {
    const load = (begun[node] ?? 0) / k.nodeCpuCount(node);
    if (k.nodeCpuCount(node) === 0 || !k.allowsNode(vcpu, node) || load >= least) continue;
    best = node;
    least = load;
  }
  if (best === NONE) best = 0 as NodeId; // cannot be: where no CPU of a mask is online all are allowed
  begun[best] = (begun[best] ?? 0) + 1;
  return best;
}
