import type { Kernel, Placement, PlacementPolicy } from '../../sim/policy-api.ts';
import type { GuestId, NodeId } from '../../sim/units.ts';
import { isThere } from './is-there.ts';

/** A guest's vCPUs, and by node whether they may run there. */
interface Placed {
  readonly vcpus: number;
  readonly isOn: readonly boolean[];
}

/**
 * Guests apart: each on the node with the fewest vCPUs per CPU, more nodes if its vCPUs are more than the node's CPUs.
 * `pinned` holds the vCPUs on these nodes, as xend did; `soft` makes the first of them home and leaves the vCPUs free.
 * Faithful, it keeps the quirks of the original: the load counts each vCPU on every node it may use, so the unpinned host burdens all
 * nodes alike; when no node has the memory, none is better than another; the second pass asks for no memory and, as the first node
 * may come up again, counts its CPUs twice; a node without CPUs can look light. Not faithful, it does not count the host's own load,
 * asks for CPUs and memory in both passes, prefers free memory where no node has enough, and takes each node once.
 * After: Xen 4.0, xend XendDomainInfo.py, _setCPUAffinity and find_relaxed_node.
 */
export function xend(hold: 'pinned' | 'soft', isFaithful = true): PlacementPolicy {
  const placed: (Placed | undefined)[] = [];
  return {
    name: hold === 'pinned' ? 'xend' : 'xend-soft',
    place(k: Kernel, guest: GuestId): Placement {
      const nodes = isFaithful ? relaxedNodes(k, guest, placed) : roomyNodes(k, guest, placed);
      const isOn = Array.from({ length: k.nodeCount }, (_, node) => nodes.includes(node as NodeId));
      placed[guest] = { vcpus: k.guestVcpuCount(guest), isOn };
      const memoryNodes = [nodes[0]!];
      return hold === 'pinned' ? { hardNodes: nodes, softNodes: null, memoryNodes } : { hardNodes: null, softNodes: nodes, memoryNodes };
    },
  };
}

/** The nodes for a guest, best first, all with CPUs. */
function relaxedNodes(k: Kernel, guest: GuestId, placed: readonly (Placed | undefined)[]): NodeId[] {
  const hasRoom = (node: NodeId): boolean => k.nodeFreeBytes(node) >= k.guestMemoryBytes(guest);
  const best = byLoad(k, guest, placed, hasRoom)[0]!;
  const nodes = [best];
  let cpus = k.nodeCpuCount(best);
  for (const node of byLoad(k, guest, placed, (candidate) => candidate !== best)) {
    if (cpus >= k.guestVcpuCount(guest)) break;
    cpus += k.nodeCpuCount(node);
    if (!nodes.includes(node)) nodes.push(node);
  }
  return nodes.filter((node) => k.nodeCpuCount(node) > 0);
}

/**
 * As find_relaxed_node means it. Nodes with CPUs and room come first, lightest first; of nodes without room the one with most memory
 * free. More are taken until CPUs and memory suffice.
 */
function roomyNodes(k: Kernel, guest: GuestId, placed: readonly (Placed | undefined)[]): NodeId[] {
  const needBytes = k.guestMemoryBytes(guest);
  const all = Array.from({ length: k.nodeCount }, (_, node) => node as NodeId).filter((node) => k.nodeCpuCount(node) > 0);
  const load = (node: NodeId): number => vcpusOn(k, node, guest, placed, false) / k.nodeCpuCount(node);
  const lack = (node: NodeId): number => Math.max(0, needBytes - k.nodeFreeBytes(node));
  const order = all.sort((a, b) => lack(a) - lack(b) || load(a) - load(b) || a - b);
  const nodes: NodeId[] = [];
  let cpus = 0;
  let freeBytes = 0;
  for (const node of order) {
    if (cpus >= k.guestVcpuCount(guest) && freeBytes >= needBytes) break;
    nodes.push(node);
    cpus += k.nodeCpuCount(node);
    freeBytes += k.nodeFreeBytes(node);
  }
  return nodes;
}

/** All nodes, least loaded first, ties by id. The load is in sixteenths of a vCPU per CPU; one that is no candidate gets 8 more. */
function byLoad(k: Kernel, guest: GuestId, placed: readonly (Placed | undefined)[], isCandidate: (node: NodeId) => boolean): NodeId[] {
  const load = (node: NodeId): number => {
    const vcpus = vcpusOn(k, node, guest, placed);
    const cpus = k.nodeCpuCount(node);
    if (cpus === 0) return 8; // no CPU of it is in any mask, so no vCPU counts here
    return Math.floor((vcpus * 16) / cpus) + (isCandidate(node) ? 0 : 8);
  };
  const nodes = Array.from({ length: k.nodeCount }, (_, node) => ({ node: node as NodeId, load: load(node as NodeId) }));
  return nodes.sort((a, b) => a.load - b.load || a.node - b.node).map(({ node }) => node);
}

function vcpusOn(k: Kernel, node: NodeId, guest: GuestId, placed: readonly (Placed | undefined)[], countsHost = true): number {
  let vcpus = 0;
  for (let other = 0; other < k.guestCount; other++) {
    if (other === guest || !isThere(k, other as GuestId)) continue;
    const there = placed[other];
    if (countsHost && k.isHostNoise(other as GuestId)) vcpus += k.guestVcpuCount(other as GuestId);
    else if (there?.isOn[node]) vcpus += there.vcpus;
  }
  return vcpus;
}
