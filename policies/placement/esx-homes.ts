import { FLOATING, type Kernel, type Placement, type PlacementPolicy } from '../../sim/policy-api.ts';
import type { CpuId, GuestId, NodeId, VcpuId } from '../../sim/units.ts';
import { isThere } from './is-there.ts';
import { cpusOf, onlineCores, onlineCpus } from './online.ts';

/** What has a home node: a guest, or one of the parts of a guest that is wider than a node. */
export interface Client {
  readonly guest: GuestId;
  readonly vcpus: readonly VcpuId[];
  /** Memory of the guest that is meant for its home. */
  readonly bytes: number;
  /** Virtual node whose memory that is; null for a share of all of it. */
  readonly vnode: number | null;
  home: NodeId;
}

type Part = Omit<Client, 'home'>;

/**
 * Home nodes as ESX gives them. A guest with more vCPUs than the largest node has cores is split into as few parts of equal size as fit,
 * each within one of its virtual nodes if it has any. A part goes to the node that is then loaded least, by vCPUs a core or memory
 * promised of what there is, whichever is more; the further parts of one guest go to nodes it has none on, where they fit, the nearest
 * to its first home. Nodes without CPUs or without memory are no homes. Guests that a user holds on some CPUs are left there.
 * After: VMware vSphere Resource Management, "Using NUMA Systems with ESXi" (home nodes, wide virtual machines, CPU affinity). How load
 * is measured and that parts are equal is assumed; distance is SLIT's where ESX measures latency.
 */
export class EsxHomes implements PlacementPolicy {
  readonly name = 'esx';
  private readonly clients: (Client[] | undefined)[] = []; //   [guest] none of those not managed
  private readonly usable: (readonly NodeId[] | undefined)[] = []; // [guest] of one that is not managed, nodes it may use
  private readonly homesOfVnode: NodeId[][][] = []; //           [guest][vnode]
  private roomBytes: Float64Array | undefined; //               [node]

  place(k: Kernel, guest: GuestId): Placement {
    this.roomBytes ??= Float64Array.from({ length: k.nodeCount }, (_, node) => k.nodeFreeBytes(node as NodeId));
    const nodes = homeNodes(k);
    this.clients[guest] = [];
    if (nodes.length === 0 || isHeld(k, guest)) {
      const first = k.guestFirstVcpu(guest);
      this.usable[guest] = allNodes(k).filter((node) => k.allowsNode(first, node));
      return FLOATING;
    }
    const clients = this.clients[guest];
    for (const part of partsOf(k, guest, nodes)) clients.push({ ...part, home: this.bestHome(k, part, nodes, clients) });
    this.noteHomes(k, guest);
    const hardCpus: CpuId[][] = [];
    for (const { vcpus, home } of clients) for (const vcpu of vcpus) hardCpus[vcpu - k.guestFirstVcpu(guest)] = cpusOf(k, [home]);
    return { hardNodes: null, hardCpus, softNodes: null, memoryNodes: [...new Set(clients.map(({ home }) => home))] };
  }

  /** Parts of a guest, none if it is not managed. */
  of(guest: GuestId): readonly Client[] {
    return this.clients[guest] ?? [];
  }

  move(k: Kernel, client: Client, home: NodeId): void {
    client.home = home;
    this.noteHomes(k, client.guest);
  }

  /** Homes over which the memory of a virtual node is spread, in turn; undefined for a guest that is not managed. */
  homesOf(guest: GuestId, vnode: number): readonly NodeId[] | undefined {
    return this.homesOfVnode[guest]?.[vnode];
  }

  private noteHomes(k: Kernel, guest: GuestId): void {
    const clients = this.clients[guest]!;
    this.homesOfVnode[guest] = Array.from({ length: k.guestVnodeCount(guest) }, (_, vnode) =>
      clients.filter((client) => client.vnode === null || client.vnode === vnode).map(({ home }) => home),
    );
  }

  private bestHome(k: Kernel, part: Part, nodes: readonly NodeId[], siblings: readonly Client[]): NodeId {
    const keys = nodes.map((node) => [...this.farness(k, part, node, siblings), ...this.loadWith(k, part, node, siblings), node]);
    return keys.reduce((best, key) => (isLess(key, best) ? key : best)).at(-1) as NodeId;
  }

  /** Of parts after the first: how many of the guest are there, whether it is too large, how far it is; smaller is better. */
  private farness(k: Kernel, { vcpus }: Part, node: NodeId, siblings: readonly Client[]): number[] {
    if (siblings.length === 0) return [0, 0, 0];
    const there = siblings.filter(({ home }) => home === node).length;
    return [there, vcpus.length > onlineCores(k, node) ? 1 : 0, k.distance(siblings[0]!.home, node)];
  }

  /** Load of a node if the part were there: the larger of CPU and memory load, then the smaller. */
  private loadWith(k: Kernel, { guest, vcpus, bytes }: Part, node: NodeId, siblings: readonly Client[]): number[] {
    let count = vcpus.length;
    let promised = bytes;
    for (let other = 0 as GuestId; other < this.clients.length; other++) {
      if (other !== guest && !isThere(k, other)) continue;
      for (const client of other === guest ? siblings : this.of(other)) {
        if (client.home !== node) continue;
        count += client.vcpus.length;
        promised += client.bytes;
      }
      const usable = this.usable[other] ?? [];
      if (!usable.includes(node)) continue;
      count += k.guestVcpuCount(other) / usable.length;
      promised += k.guestMemoryBytes(other) / usable.length;
    }
    const loads = [count / onlineCores(k, node), promised / this.roomBytes![node]!];
    return [Math.max(...loads), Math.min(...loads)];
  }
}

/**
 * Whether a guest's vCPUs are held to their homes, as they were placed; else somebody else has taken them in hand, or a home has lost
 * its CPUs, and they are left alone.
 */
export function isAtHome(k: Kernel, clients: readonly Client[]): boolean {
  return clients.every(({ vcpus, home }) => vcpus.every((vcpu) => k.allowsNode(vcpu, home) && k.nrAllowed(vcpu) === onlineCpus(k, home)));
}

/** Nodes that can be a home: with CPUs and with memory. */
export function homeNodes(k: Kernel): NodeId[] {
  return allNodes(k).filter((node) => onlineCpus(k, node) > 0 && k.nodeMemoryBytes(node) > 0);
}

function allNodes(k: Kernel): NodeId[] {
  return Array.from({ length: k.nodeCount }, (_, node) => node as NodeId);
}

/** Whether a user has given some of its vCPUs a mask. */
function isHeld(k: Kernel, guest: GuestId): boolean {
  const online = allNodes(k).reduce((sum, node) => sum + onlineCpus(k, node), 0);
  const first = k.guestFirstVcpu(guest);
  for (let i = 0; i < k.guestVcpuCount(guest); i++) if (k.nrAllowed((first + i) as VcpuId) < online) return true;
  return false;
}

function partsOf(k: Kernel, guest: GuestId, nodes: readonly NodeId[]): Part[] {
  const largest = Math.max(...nodes.map((node) => onlineCores(k, node)));
  const vcpus = Array.from({ length: k.guestVcpuCount(guest) }, (_, i) => (k.guestFirstVcpu(guest) + i) as VcpuId);
  const whole: Part = { guest, vcpus, bytes: k.guestMemoryBytes(guest), vnode: null };
  if (vcpus.length <= largest) return [whole];
  const vnodes = k.guestVnodeCount(guest);
  if (vnodes === 1) return split(whole, largest);
  const bytesOf = new Float64Array(vnodes);
  for (let block = 0; block < k.guestBlockCount(guest); block++) bytesOf[k.blockVnode(guest, block)]! += k.blockBytes;
  return Array.from(bytesOf, (bytes, vnode): Part => ({ guest, vcpus: vcpus.filter((vcpu) => k.vcpuVnode(vcpu) === vnode), bytes, vnode })) // prettier-ignore
    .flatMap((part) => split(part, largest));
}

/** As few parts as are no larger, equal but for one vCPU. */
function split(part: Part, largest: number): Part[] {
  const all = part.vcpus.length;
  const count = Math.max(1, Math.ceil(all / largest));
  const from = (i: number): number => i * Math.floor(all / count) + Math.min(i, all % count); // the first ones have one more
  return Array.from({ length: count }, (_, i) => ({ ...part, vcpus: part.vcpus.slice(from(i), from(i + 1)), bytes: part.bytes / count }));
}

function isLess(a: readonly number[], b: readonly number[]): boolean {
  const at = a.findIndex((value, i) => value !== b[i]);
  return at >= 0 && a[at]! < b[at]!;
}
