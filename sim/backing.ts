import { PolicyError } from './assert.ts';
import type { GuestId, NodeId } from './units.ts';
import { boundNode } from './vnuma-host.ts';
import type { World } from './world.ts';

/**
 * Backs a block of guest memory where the policy says, or its virtual node is bound to, or where the policy's fallback leads.
 * @param region the region it belongs to, or NONE
 * @param cpuNode node of the CPU that touches it, or NONE while the guest is built
 * @returns its node, or NONE when the policy allows no node with room: out of memory
 * @throws PolicyError for a node that does not exist
 */
export function backBlock(w: World, guest: number, region: number, block: number, cpuNode: number): number {
  const { memory, policy, scenario } = w;
  const own = block - memory.guestBlocks.first[guest]!;
  w.hook = 'memory.alloc';
  const bound = boundNode(w, guest, own);
  const wanted = bound >= 0 ? bound : policy.memory.alloc(w.kernel, guest as GuestId, own, cpuNode as NodeId, w.placements[guest]!);
  const { nodeCount } = scenario.machine;
  if (!(Number.isInteger(wanted) && wanted >= 0 && wanted < nodeCount))
    throw new PolicyError(`node ${String(wanted)}, want 0 to ${nodeCount - 1}`);
  w.hook = '';
  return memory.back(guest, region, block, wanted, policy.memory.fallback, w.placements[guest]!.memoryNodes);
}
