import type { Kernel } from '../../../sim/policy-api.ts';
import type { NodeId } from '../../../sim/units.ts';

/** Which memory is slow: that of nodes without CPUs. */
export interface Tiers {
  readonly hasSlow: boolean;
  /** [node] 1 where memory is slow. */
  readonly isSlow: Uint8Array;
  /** [node] the slow nodes, nearest first by SLIT. */
  readonly below: readonly (readonly NodeId[])[];
}

/**
 * Nodes with CPUs are the upper tier, all others the lower; there are no more than these two.
 * After: Linux mm/memory-tiers.c, where all memory no worse than that of a node with CPUs is of the top tier (node_is_toptier) and what is
 * demoted goes to the nearest node of the next. Simplified: there the distance of a device's memory says which tier it is of.
 */
export function tiersOf(k: Kernel): Tiers {
  const nodes = Array.from({ length: k.nodeCount }, (_, node) => node as NodeId);
  const isSlow = Uint8Array.from(nodes, (node) => (k.nodeCpuCount(node) === 0 ? 1 : 0));
  return {
    hasSlow: isSlow.includes(1),
    isSlow,
    below: nodes.map((node) => nodes.map((_, i) => k.nthNearest(node, i)).filter((candidate) => isSlow[candidate] === 1)),
  };
}
