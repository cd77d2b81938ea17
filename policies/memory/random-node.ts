import type { MemoryPolicy } from '../../sim/policy-api.ts';
import type { NodeId } from '../../sim/units.ts';

/** Each block on a node drawn at random, or the nearest with room: what chance alone gives. */
export function randomNode(): MemoryPolicy {
  return {
    name: 'random-node',
    backs: 'first-touch',
    fallback: 'distance',
    alloc: (k) => Math.floor(k.random() * k.nodeCount) as NodeId,
  };
}
