import type { MemoryPolicy } from '../../sim/policy-api.ts';

/**
 * All of a guest's memory on the node it was placed on, and nowhere else: when that node is full the guest is out of memory.
 * A guest placed nowhere has first touch.
 * After: numactl 2.0, --membind; Linux mm/mempolicy.c, MPOL_BIND.
 */
export function bind(): MemoryPolicy {
  return {
    name: 'bind',
    backs: 'first-touch',
    fallback: 'none',
    alloc: (_k, _guest, _block, node, placement) => placement.memoryNodes[0] ?? node,
  };
}
