import type { GuestState } from './guest-state.ts';
import { moveTogether } from './host-changes.ts';
import type { HostKernel } from './host-kernel.ts';
import type { Placement } from './policy-api.ts';
import type { CpuId, NodeId } from './units.ts';
import { PLAIN_VNUMA, type VnodeLayout, vnodeOfBlock } from './vnuma.ts';
import type { World } from './world.ts';

/**
 * The host's side of virtual nodes that it keeps (`keep`, `moved`): each has a host node, to whose CPUs its vCPUs are held and from which
 * its memory comes, whatever the policy would do with a guest without; the policy still schedules within that, and may move memory. Nodes
 * with room for the vnode's memory come first, of these the one with the fewest vCPUs so held for its CPUs, then the nearest to the
 * guest's first; no two vnodes of a guest share one. That choice is an administrator's (assumed), who writes it down as xl.cfg's
 * `pnode` and `cpus`, or QEMU's `host-nodes` and libvirt's `vcpupin`.
 */
export function placeVnodes(w: World, guest: GuestState): Placement | null {
  const { hosting } = guest.spec.vnuma ?? PLAIN_VNUMA;
  if (hosting === 'break') return null;
  const { machine } = w.scenario;
  const nodes: number[] = [];
  for (let vnode = 0; vnode < guest.layout.count; vnode++) {
    const rooms = Array.from({ length: machine.nodeCount }, (_, node) => roomOf(w, node))
      .filter(({ node }) => machine.nodeCpuCount[node]! > 0 && !nodes.includes(node))
      .map(({ node, blocks, vcpus }) => ({
        node,
        lack: Math.max(0, blocksOf(guest.layout, vnode) - blocks),
        load: vcpus / machine.nodeCpuCount[node]!,
        distance: nodes.length === 0 ? 0 : machine.slit[nodes[0]! * machine.nodeCount + node]!,
      }));
    rooms.sort((a, b) => a.lack - b.lack || a.load - b.load || a.distance - b.distance || a.node - b.node);
    nodes.push(rooms[0]!.node);
  }
  w.vnodeNodes[guest.id] = Int32Array.from(nodes);
  const hardCpus = Array.from({ length: guest.vcpuCount }, (_, vcpu) => cpusOf(w, guest, vcpu));
  return { hardNodes: null, hardCpus, softNodes: nodes as NodeId[], memoryNodes: nodes as NodeId[] };
}

/** The host node that a block, counted from its guest's first, is bound to, or NONE. */
export function boundNode(w: World, guest: number, block: number): number {
  const nodes = w.vnodeNodes[guest];
  return nodes ? nodes[vnodeOfBlock(w.guests[guest]!.layout.firstBlock, block)]! : -1;
}

/** The vCPUs of each vnode go to the node of the next; their memory stays, and the guest is not told. */
export function moveVnodes(w: World, k: HostKernel, guest: GuestState): void {
  if (!guest.isHere) return; // placed so when it comes, or gone
  moveTogether(w, k, guest.firstVcpu, guest.vcpuCount, (vcpu) => cpusOf(w, guest, vcpu - guest.firstVcpu));
}

/** The CPUs that a vCPU is held to now: those of its vnode's node, or once moved of the next one's, as far as the guest may use them. */
function cpusOf(w: World, { id, spec, layout }: GuestState, vcpu: number): CpuId[] {
  const { machine } = w.scenario;
  const { hosting, movesNs } = spec.vnuma!;
  const hasMoved = hosting === 'moved' && w.nowNs >= movesNs;
  const node = w.vnodeNodes[id]![(layout.vcpuVnode[vcpu]! + (hasMoved ? 1 : 0)) % layout.count]!;
  const first = machine.nodeFirstCpu[node]!;
  const cpus = Array.from({ length: machine.nodeCpuCount[node]! }, (_, i) => first + i);
  const own = spec.cpus ?? cpus;
  const common = cpus.filter((cpu) => own.includes(cpu));
  return (common.length > 0 ? common : own) as CpuId[];
}

/** What a node has left: blocks nobody has and none of the guests so placed is owed, and how many of their vCPUs are held there. */
function roomOf(w: World, node: number): { node: number; blocks: number; vcpus: number } {
  const { memory } = w;
  const { nodeCount } = w.scenario.machine;
  let blocks = memory.nodeFree[node]! + memory.nodeCache[node]!;
  let vcpus = 0;
  for (const { id, layout, hasDeparted } of w.guests) {
    const nodes = hasDeparted ? undefined : w.vnodeNodes[id];
    if (!nodes) continue;
    const vnode = nodes.indexOf(node);
    if (vnode < 0) continue;
    blocks -= Math.max(0, blocksOf(layout, vnode) - memory.guestNodeBlocks[id * nodeCount + node]!);
    vcpus += layout.vcpuVnode.reduce((count, of) => count + (of === vnode ? 1 : 0), 0);
  }
  return { node, blocks, vcpus };
}

function blocksOf({ firstBlock }: VnodeLayout, vnode: number): number {
  return firstBlock[vnode + 1]! - firstBlock[vnode]!;
}
