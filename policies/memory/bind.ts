import type { MemoryPolicy } from '../../sim/policy-api.ts';

/**
 * Each block, at its first touch, on the nearest to the touching CPU of the nodes the guest was given, and nowhere else: when these
 * are full the guest is out of memory. A guest placed nowhere has first touch.
 * After: numactl 2.0, --membind; Linux mm/mempolicy.c, MPOL_BIND.
 */
export function bind(): MemoryPolicy {
  return { name: 'bind', backs: 'first-touch', fallback: 'within', alloc: (_k, _guest, _block, node) => node };
}
