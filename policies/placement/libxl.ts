import { FLOATING, type Kernel, type Placement, type PlacementPolicy } from '../../sim/policy-api.ts';
import type { CpuId, GuestId, NodeId } from '../../sim/units.ts';
import { isThere } from './is-there.ts';

const MOST_NODES = 16; // more subsets than that are not tried
const KIB = 1024;
const UINT32 = 2 ** 32;

export interface LibxlOptions {
  /** `soft`: vCPUs would rather run on the nodes (since Xen 4.5); `pinned`: they are held there (4.2). */
  readonly hold: 'soft' | 'pinned';
  /** Counts free memory in 32 bits of KiB, so that from 2 TiB on a node with more can seem to have less. */
  readonly isFaithful: boolean;
}

/**
 * The fewest nodes with memory and CPUs enough for a guest; of as many, those on which the fewest vCPUs may run, then those with the
 * most free memory, then the first in order. Distance is not looked at. vCPUs of the host's own load count on every node. Its memory
 * goes on these nodes in turn; a guest that fits nowhere, or on a machine of one node or more than 16, floats.
 * After: Xen, tools/libs/light/libxl_numa.c, libxl__get_numa_candidate, and libxl_dom.c, numa_place_domain and numa_cmpf.
 */
export function libxl({ hold, isFaithful }: LibxlOptions): PlacementPolicy {
  const placed: (readonly NodeId[] | undefined)[] = []; // [guest] node affinity; [] for all nodes
  return {
    name: hold === 'pinned' ? 'libxl-pinned' : 'libxl',
    place(k: Kernel, guest: GuestId): Placement {
      const nodes = bestNodes(k, guest, placed, isFaithful);
      placed[guest] = nodes;
      if (nodes.length === 0) return FLOATING;
      return hold === 'pinned'
        ? { hardNodes: nodes, softNodes: null, memoryNodes: nodes }
        : { hardNodes: null, softNodes: nodes, memoryNodes: nodes };
    },
  };
}

/** What is added up over the nodes of a candidate. */
interface Node {
  readonly id: NodeId;
  readonly cpus: number;
  readonly vcpus: number;
  readonly freeKib: number;
}

function bestNodes(k: Kernel, guest: GuestId, placed: readonly (readonly NodeId[] | undefined)[], isFaithful: boolean): NodeId[] {
  if (k.nodeCount <= 1 || k.nodeCount > MOST_NODES) return [];
  const suitable: Node[] = [];
  for (let id = 0 as NodeId; id < k.nodeCount; id++) {
    const cpus = onlineCpus(k, id);
    const freeKib = Math.floor(k.nodeFreeBytes(id) / KIB);
    if (cpus > 0) suitable.push({ id, cpus, vcpus: vcpusOn(k, id, guest, placed), freeKib: isFaithful ? freeKib % UINT32 : freeKib });
  }
  const needKib = Math.floor(k.guestMemoryBytes(guest) / KIB);
  const needCpus = k.guestVcpuCount(guest);
  for (let count = Math.min(fewestNodes(k, needCpus), suitable.length); count <= suitable.length; count++) {
    const best = bestOf(suitable, count, needKib, needCpus, isFaithful);
    if (best) return best.map(({ id }) => id);
  }
  return [];
}

/** Where all nodes have as many CPUs, the guest's vCPUs tell how many nodes it needs at least. */
function fewestNodes(k: Kernel, vcpus: number): number {
  const cpus = onlineCpus(k, 0 as NodeId);
  for (let node = 1 as NodeId; node < k.nodeCount; node++) if (onlineCpus(k, node) !== cpus) return 1;
  return Math.ceil(vcpus / cpus);
}

function bestOf(nodes: readonly Node[], count: number, needKib: number, needCpus: number, isFaithful: boolean): Node[] | undefined {
  let best: Node[] | undefined;
  const at = Array.from({ length: count }, (_, i) => i);
  do {
    const candidate = at.map((i) => nodes[i]!);
    if (freeKibOf(candidate, isFaithful) < needKib || sum(candidate, 'cpus') < needCpus) continue;
    if (!best || isBetter(candidate, best, isFaithful)) best = candidate;
  } while (nextSubset(at, nodes.length));
  return best;
}

function isBetter(candidate: readonly Node[], best: readonly Node[], isFaithful: boolean): boolean {
  const more = sum(candidate, 'vcpus') - sum(best, 'vcpus');
  if (more !== 0) return more < 0;
  const less = freeKibOf(best, isFaithful) - freeKibOf(candidate, isFaithful);
  return (isFaithful ? less | 0 : less) < 0; // the difference of two uint64_t in an int
}

function freeKibOf(nodes: readonly Node[], isFaithful: boolean): number {
  const freeKib = sum(nodes, 'freeKib');
  return isFaithful ? freeKib % UINT32 : freeKib; // nodemap_to_free_memkb adds up in a uint32_t
}

function sum(nodes: readonly Node[], what: 'cpus' | 'vcpus' | 'freeKib'): number {
  return nodes.reduce((total, node) => total + node[what], 0);
}

/** The next set of as many numbers below `end`, in lexicographic order; false after the last. */
function nextSubset(at: number[], end: number): boolean {
  let i = at.length - 1;
  while (i >= 0 && at[i] === end - at.length + i) i--;
  if (i < 0) return false;
  at[i]!++;
  for (i++; i < at.length; i++) at[i] = at[i - 1]! + 1;
  return true;
}

/** vCPUs that may run on a node, of guests whose memory may be there; without a pin the second alone tells. */
function vcpusOn(k: Kernel, node: NodeId, guest: GuestId, placed: readonly (readonly NodeId[] | undefined)[]): number {
  let vcpus = 0;
  for (let other = 0 as GuestId; other < k.guestCount; other++) {
    const nodes = k.isHostNoise(other) ? [] : placed[other];
    if (other === guest || !nodes || !isThere(k, other)) continue;
    if (nodes.length === 0 || nodes.includes(node)) vcpus += k.guestVcpuCount(other);
  }
  return vcpus;
}

function onlineCpus(k: Kernel, node: NodeId): number {
  let count = 0;
  const first = k.nodeFirstCpu(node);
  for (let i = 0; i < k.nodeCpuCount(node); i++) if (k.isOnline((first + i) as CpuId)) count++;
  return count;
}
