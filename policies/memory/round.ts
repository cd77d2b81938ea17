import type { MemoryPolicy } from '../../sim/policy-api.ts';
import type { NodeId } from '../../sim/units.ts';

/**
 * A guest's memory in runs of `grainBytes` over all nodes in turn, all taken when it is built: what Xen's domain builder gives a
 * guest that is placed nowhere, as its largest extents are of 1 GiB ("round-1G"), or the finest it could ("round-4K"; no finer here
 * than a block). Where a node is full it goes on by node id.
 * After: Xen, tools/libs/guest/xg_dom_x86.c and common/page_alloc.c (get_free_buddy); G. Voron et al., EuroSys 2017, for the names.
 */
export function round(grainBytes: number): MemoryPolicy {
  return {
    name: 'round',
    backs: 'at-build',
    fallback: 'next-id',
    alloc: (k, _guest, block) => (Math.floor((block * k.blockBytes) / grainBytes) % k.nodeCount) as NodeId,
  };
}
