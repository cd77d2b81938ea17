import type { Kernel, MemoryPolicy } from '../../sim/policy-api.ts';
import type { NodeId } from '../../sim/units.ts';

/**
 * Block k of a guest on the node whose turn it is of those it was given, or of all for a guest placed nowhere; where that node is full
 * on the next of them with room, and when all are full on the nearest to the one whose turn it was.
 * After: numactl 2.0, --interleave; Linux mm/mempolicy.c, MPOL_INTERLEAVE, interleave_nid. Linux takes the nearest node at once when one
 * is full, of the mask or not.
 */
export function interleave(): MemoryPolicy {
  return {
    name: 'interleave',
    backs: 'first-touch',
    fallback: 'distance',
    alloc: (k, _guest, block, _node, placement) => nextWithRoom(k, placement.memoryNodes, block),
  };
}

/**
 * As interleave, but w[n] blocks in turn on node n before the next node has its turn.
 * After: Linux mm/mempolicy.c, MPOL_WEIGHTED_INTERLEAVE, weighted_interleave_nid.
 * @param weights of the nodes the guest was given, in their order; the last stands for all after it
 */
export function weightedInterleave(weights: readonly number[]): MemoryPolicy {
  const weightOf = (i: number): number => weights[Math.min(i, weights.length - 1)]!;
  return {
    name: 'weighted-interleave',
    backs: 'first-touch',
    fallback: 'distance',
    alloc(k, _guest, block, _node, placement) {
      const nodes = countOf(k, placement.memoryNodes);
      let round = 0;
      for (let i = 0; i < nodes; i++) round += weightOf(i);
      let turn = 0;
      for (let left = block % round; left >= weightOf(turn); turn++) left -= weightOf(turn);
      return nextWithRoom(k, placement.memoryNodes, turn);
    },
  };
}

/** The node whose turn it is of these, or of all where there are none; where that is full the next of them with room. */
export function nextWithRoom(k: Kernel, nodes: readonly NodeId[], turn: number): NodeId {
  const count = countOf(k, nodes);
  for (let i = 0; i < count; i++) {
    const node = nodeAt(nodes, (turn + i) % count);
    if (k.nodeFreeBytes(node) >= k.blockBytes) return node;
  }
  return nodeAt(nodes, turn % count);
}

function countOf(k: Kernel, nodes: readonly NodeId[]): number {
  return nodes.length === 0 ? k.nodeCount : nodes.length;
}

function nodeAt(nodes: readonly NodeId[], i: number): NodeId {
  return nodes.length === 0 ? (i as NodeId) : nodes[i]!;
}
