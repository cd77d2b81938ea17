import type { MemoryPolicy } from '../../sim/policy-api.ts';
import type { NodeId } from '../../sim/units.ts';

/**
 * Block k of a guest on node k modulo the number of nodes, or the nearest with room.
 * After: Linux mm/mempolicy.c, MPOL_INTERLEAVE (numactl --interleave=all).
 */
export function interleave(): MemoryPolicy {
  return {
    name: 'interleave',
    backs: 'first-touch',
    fallback: 'distance',
    alloc: (k, _guest, block) => (block % k.nodeCount) as NodeId,
  };
}
