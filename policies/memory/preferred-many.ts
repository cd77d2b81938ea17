import type { Kernel, MemoryPolicy, Placement } from '../../sim/policy-api.ts';
import { NONE, type NodeId } from '../../sim/units.ts';

/**
 * Each block, at its first touch, on the nearest to the touching CPU of the nodes the guest was given; when these are full, on the
 * nearest of all. A guest placed nowhere has first touch.
 * After: numactl 2.0, --preferred-many; Linux mm/mempolicy.c, MPOL_PREFERRED_MANY.
 */
export function preferredMany(): MemoryPolicy {
  return {
    name: 'preferred-many',
    backs: 'first-touch',
    fallback: 'distance',
    alloc(k, _guest, _block, node, placement) {
      const near = nearestWithRoom(k, node, placement);
      return near === NONE ? node : near;
    },
  };
}

function nearestWithRoom(k: Kernel, node: NodeId, { memoryNodes }: Placement): NodeId {
  for (let i = 0; i < k.nodeCount; i++) {
    const near = k.nthNearest(node, i);
    if (memoryNodes.includes(near) && k.nodeFreeBytes(near) >= k.blockBytes) return near;
  }
  return NONE;
}
