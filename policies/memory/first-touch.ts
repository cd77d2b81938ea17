import type { MemoryPolicy } from '../../sim/policy-api.ts';

/**
 * Each block on the node of the CPU that touches it first, or the nearest with room.
 * After: Linux mm/mempolicy.c, MPOL_DEFAULT; KVM backs guest memory at its first EPT or NPT fault.
 */
export function firstTouch(): MemoryPolicy {
  return {
    name: 'first-touch',
    backs: 'first-touch',
    fallback: 'distance',
    alloc: (_k, _guest, _block, node) => node,
  };
}
