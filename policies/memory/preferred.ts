import type { MemoryPolicy } from '../../sim/policy-api.ts';

/**
 * Each block on the node the guest was placed on, at its first touch, or the nearest to it with room. A guest placed nowhere has
 * first touch.
 * After: numactl 2.0, --preferred; Linux mm/mempolicy.c, MPOL_PREFERRED.
 */
export function preferred(): MemoryPolicy {
  return {
    name: 'preferred',
    backs: 'first-touch',
    fallback: 'distance',
    alloc: (_k, _guest, _block, node, placement) => placement.memoryNodes[0] ?? node,
  };
}
