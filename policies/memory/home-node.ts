import type { Fallback, MemoryPolicy } from '../../sim/policy-api.ts';
import type { NodeId } from '../../sim/units.ts';

/**
 * All of a guest's memory on the node it was placed on, taken when it is built. Where that node is full the fallback decides:
 * Xen 4.0 goes on by node id ('next-id'), a policy of today by distance. A guest placed nowhere starts at node 0.
 * After: Xen 4.0, common/page_alloc.c, alloc_heap_pages on domain_to_node.
 */
export function homeNode(fallback: Fallback): MemoryPolicy {
  return {
    name: 'home-node',
    backs: 'at-build',
    fallback,
    alloc: (_k, _guest, _block, _node, placement) => placement.memoryNodes[0] ?? (0 as NodeId),
  };
}
