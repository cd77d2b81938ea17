import type { Kernel, MemoryPolicy } from '../../sim/policy-api.ts';
import { type GuestId, MiB, NONE, type NodeId } from '../../sim/units.ts';

const SMALLER_EXTENT_BYTES = MiB(2);

/** The extent that a guest being built is given at present. */
interface Building {
  endBlock: number;
  node: NodeId;
}

/**
 * A guest's memory in extents over the nodes it is meant for in turn, over all nodes if it is meant for none, all taken when it is
 * built: what Xen's domain builder asks for in extents of 1 GiB ("round-1G"), or the finest it could ("round-4K"; no finer here than
 * a block). Where none of these nodes has an extent free the others are tried by id; where no node has, and for what is less than an
 * extent, come extents of 2 MiB, then blocks.
 * After: Xen 4.1 and later, tools/libs/guest/xg_dom_x86.c (1 GiB, 2 MiB, 4 KiB) and common/page_alloc.c (get_free_buddy, next_node
 * after last_alloc_node); G. Voron et al., EuroSys 2017, for the names. Not modelled: that free memory may be in pieces.
 */
export function round(grainBytes: number): MemoryPolicy {
  const building: (Building | undefined)[] = []; // [guest]
  return {
    name: 'round',
    backs: 'at-build',
    fallback: 'next-id',
    alloc(k, guest, block, _node, { memoryNodes }) {
      const extent = (building[guest] ??= { endBlock: 0, node: NONE });
      if (block >= extent.endBlock) nextExtent(k, guest, block, memoryNodes, extent, grainBytes);
      return extent.node;
    },
  };
}

function nextExtent(k: Kernel, guest: GuestId, block: number, wanted: readonly NodeId[], extent: Building, grainBytes: number): void {
  const leftBytes = k.guestMemoryBytes(guest) - block * k.blockBytes;
  for (const extentBytes of [grainBytes, Math.min(grainBytes, SMALLER_EXTENT_BYTES), k.blockBytes]) {
    if (extentBytes > Math.max(leftBytes, k.blockBytes)) continue;
    const node = nextNode(k, extent.node, wanted, Math.max(extentBytes, k.blockBytes));
    if (node === NONE) continue;
    extent.node = node;
    extent.endBlock = block + Math.max(1, Math.floor(extentBytes / k.blockBytes));
    return;
  }
  extent.node = wanted[0] ?? (0 as NodeId); // nothing free: the core finds that out as well
}

/** The next node by id after the last, and round, that is wanted and has room; else the first of all with room. */
function nextNode(k: Kernel, last: NodeId, wanted: readonly NodeId[], bytes: number): NodeId {
  for (let i = 1; i <= k.nodeCount; i++) {
    const node = ((Math.max(last, -1) + i) % k.nodeCount) as NodeId;
    if ((wanted.length === 0 || wanted.includes(node)) && k.nodeFreeBytes(node) >= bytes) return node;
  }
  for (let node = 0 as NodeId; node < k.nodeCount; node++) if (k.nodeFreeBytes(node) >= bytes) return node;
  return NONE;
}
