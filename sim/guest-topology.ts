import type { GuestBelief } from './guest-belief.ts';
import type { ReadyQueue } from './ready-queue.ts';

/** A task of a node at distance 20 runs elsewhere only if it is so far behind in CPU time, in slices of the guest. Assumed. */
export const HANDICAP_SLICES = 8;

/** A guest's belief, laid out for its scheduler. vCPUs are counted from the guest's first. */
export interface GuestTopology extends GuestBelief {
  /** Nothing to choose by: one node, and one cache or none shared. */
  readonly isFlat: boolean;
  readonly nearest: Int32Array; //    [vnode * vnodes + i] the i-th nearest vnode: itself, then by distance, ties in order from it, wrapping
  readonly vnodeVcpus: Int32Array; // [vnode] how many
  readonly cacheVcpus: Int32Array; // [cache] how many
  readonly vnodeBusy: Int32Array; //  [vnode] scratch
  readonly cacheBusy: Int32Array; //  [cache] scratch
}

export function topologyOf(belief: GuestBelief): GuestTopology {
  const { vnodes, vcpuVnode, vcpuCache } = belief;
  const vnodeVcpus = new Int32Array(vnodes);
  const cacheVcpus = new Int32Array(vcpuCache.length);
  vcpuVnode.forEach((vnode) => vnodeVcpus[vnode]!++);
  vcpuCache.forEach((cache) => cacheVcpus[cache]!++);
  const sharing = cacheVcpus.reduce((most, count) => Math.max(most, count), 0);
  return {
    ...belief,
    isFlat: vnodes === 1 && (sharing <= 1 || sharing === vcpuCache.length),
    nearest: nearestVnodes(belief.distances, vnodes),
    vnodeVcpus,
    cacheVcpus,
    vnodeBusy: new Int32Array(vnodes),
    cacheBusy: new Int32Array(vcpuCache.length),
  };
}

/** Order of Linux's zonelists (mm/page_alloc.c, find_next_best_node): by distance, ties by the next higher node. */
function nearestVnodes(distances: Int32Array, vnodes: number): Int32Array {
  const order = new Int32Array(vnodes * vnodes);
  for (let from = 0; from < vnodes; from++) {
    const row = Array.from({ length: vnodes }, (_, i) => (from + i) % vnodes);
    const key = (vnode: number): number => (vnode === from ? -1 : distances[from * vnodes + vnode]!);
    row.sort((a, b) => key(a) - key(b)); // stable
    order.set(row, from * vnodes);
  }
  return order;
}

/**
 * The vCPU without a task that a woken task takes: nearest to its home vnode; of as near ones its last, then one that shares a
 * cache with its last, then the first. After: select_idle_sibling, which looks within the last-level cache of the last CPU; beyond it
 * Linux leaves the task to a CPU that balances, here the task goes at once (assumed), so that no vCPU idles while one waits.
 * @param vcpuTask [vCPU over all guests] task or NONE
 * @param last vCPU of the guest it ran on, or NONE
 * @returns vCPU of the guest, or NONE when all have a task
 */
export function vcpuForWake(topology: GuestTopology, vcpuTask: Int32Array, firstVcpu: number, home: number, last: number): number {
  const { vnodes, vcpuVnode, vcpuCache, distances } = topology;
  let best = -1;
  let bestRank = Infinity;
  for (let vcpu = 0; vcpu < vcpuVnode.length; vcpu++) {
    if (vcpuTask[firstVcpu + vcpu] !== -1) continue;
    const nearness = vcpu === last ? 0 : last >= 0 && vcpuCache[vcpu] === vcpuCache[last] ? 1 : 2;
    const rank = distances[home * vnodes + vcpuVnode[vcpu]!]! * 3 + nearness;
    if (rank >= bestRank) continue;
    best = vcpu;
    bestRank = rank;
  }
  return best;
}

/**
 * The vnode a new task starts on: that with the fewest tasks a vCPU, running or waiting; of equal ones the nearest to its parent's.
 * After: sched_balance_find_dst_group on SD_BALANCE_FORK; its leave to stay on the parent's node while few run is left out.
 * @param firstQueue the guest's first queue, one a vnode
 */
export function vnodeForFork(
  topology: GuestTopology,
  vcpuTask: Int32Array,
  firstVcpu: number,
  ready: ReadyQueue,
  firstQueue: number,
  parent: number,
): number {
  const { vnodes, nearest, vnodeVcpus, vnodeBusy } = topology;
  countBusy(topology, vcpuTask, firstVcpu);
  let best = -1;
  let bestLoad = Infinity;
  for (let i = 0; i < vnodes; i++) {
    const vnode = nearest[parent * vnodes + i]!;
    const load = (vnodeBusy[vnode]! + ready.lengths[firstQueue + vnode]!) / vnodeVcpus[vnode]!; // Infinity or NaN without a vCPU
    if (!(load < bestLoad)) continue;
    best = vnode;
    bestLoad = load;
  }
  return best;
}

/** The vCPU without a task on this vnode whose cache has the fewest tasks a vCPU, the first of equals; NONE without. */
export function vcpuForFork(topology: GuestTopology, vcpuTask: Int32Array, firstVcpu: number, vnode: number): number {
  const { vcpuVnode, vcpuCache, cacheVcpus, cacheBusy } = topology;
  countBusy(topology, vcpuTask, firstVcpu);
  let best = -1;
  let bestLoad = Infinity;
  for (let vcpu = 0; vcpu < vcpuVnode.length; vcpu++) {
    if (vcpuVnode[vcpu] !== vnode || vcpuTask[firstVcpu + vcpu] !== -1) continue;
    const load = cacheBusy[vcpuCache[vcpu]!]! / cacheVcpus[vcpuCache[vcpu]!]!;
    if (load >= bestLoad) continue;
    best = vcpu;
    bestLoad = load;
  }
  return best;
}

/**
 * The vnode whose first waiting task a vCPU of `vnode` takes: the one with least CPU time, where a task of another vnode counts as if it
 * had had `handicapNs` more for each 10 of distance beyond local; of equals the nearest. NONE when nobody waits. So a vCPU serves its
 * own node first, idles only when nobody waits at all, and nobody waits for ever.
 */
export function vnodeToServe(topology: GuestTopology, ready: ReadyQueue, firstQueue: number, vnode: number, handicapNs: number): number {
  const { vnodes, nearest } = topology;
  let best = -1;
  let bestNs = Infinity;
  for (let i = 0; i < vnodes; i++) {
    const other = nearest[vnode * vnodes + i]!;
    const head = ready.head(firstQueue + other);
    if (head < 0) continue;
    const ns = ready.virtualNs[head]! + handicap(topology, vnode, other, handicapNs);
    if (ns >= bestNs) continue;
    best = other;
    bestNs = ns;
  }
  return best;
}

export function handicap({ vnodes, distances }: GuestTopology, vnode: number, other: number, handicapNs: number): number {
  return ((distances[vnode * vnodes + other]! - distances[vnode * vnodes + vnode]!) / 10) * handicapNs;
}

function countBusy({ vcpuVnode, vcpuCache, vnodeBusy, cacheBusy }: GuestTopology, vcpuTask: Int32Array, firstVcpu: number): void {
  vnodeBusy.fill(0);
  cacheBusy.fill(0);
  for (let vcpu = 0; vcpu < vcpuVnode.length; vcpu++) {
    if (vcpuTask[firstVcpu + vcpu] === -1) continue;
    vnodeBusy[vcpuVnode[vcpu]!]!++;
    cacheBusy[vcpuCache[vcpu]!]!++;
  }
}
