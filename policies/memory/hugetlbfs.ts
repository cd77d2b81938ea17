import type { Kernel, MemoryPolicy } from '../../sim/policy-api.ts';
import type { GuestId, NodeId } from '../../sim/units.ts';

/**
 * All of a guest's memory is taken when it starts, by one thread of QEMU, from the node where that happens to run: a random one, as nothing
 * holds it (assumed); where that has no more huge pages, from the nearest that has.
 * After: QEMU, -mem-path on hugetlbfs with -mem-prealloc (util/oslib-posix.c, touch_all_pages); Linux mm/hugetlb.c,
 * dequeue_hugetlb_folio_nodemask: the zone list of the node of the thread that faults.
 */
export function hugetlbfs(): MemoryPolicy {
  const starts = new Map<GuestId, NodeId>();
  return {
    name: 'hugetlbfs',
    backs: 'at-build',
    fallback: 'distance',
    alloc(k, guest): NodeId {
      const known = starts.get(guest);
      if (known !== undefined) return known;
      const start = randomNodeWithCpus(k);
      starts.set(guest, start);
      return start;
    },
  };
}

function randomNodeWithCpus(k: Kernel): NodeId {
  const nodes = Array.from({ length: k.nodeCount }, (_, node) => node as NodeId).filter((node) => k.nodeCpuCount(node) > 0);
  return nodes[Math.floor(k.random() * nodes.length)]!;
}
