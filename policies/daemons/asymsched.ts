import type { Actuators, Daemon, Kernel } from '../../sim/policy-api.ts';
import { type CpuId, type GuestId, NONE, type NodeId, seconds, type VcpuId } from '../../sim/units.ts';
import { type Arrangement, bestArrangement, type Cluster, type NodeSet, nodeSets } from './asym-search.ts';

const BYTES_PER_GB = 1e9;

export interface AsymSchedOptions {
  /** Between two decisions. */
  readonly periodNs: number;
  /** What moving a GB of memory is taken to cost. */
  readonly moveNsPerGB: number;
  /** Share of the run so far that a move may cost. */
  readonly overhead: number;
}

export const ASYMSCHED_OPTIONS: AsymSchedOptions = { periodNs: seconds(1), moveNsPerGB: seconds(0.3), overhead: 0.05 };

/**
 * Guests go on the nodes whose links carry the most between them, however many hops apart these are. A guest is a cluster, as its
 * vCPUs share its memory; it takes the fewest nodes that have CPUs enough, or as many as it has vnodes. It weighs the logarithm of the lines that its
 * vCPUs fetched from other nodes since the last time. The arrangement that `bestArrangement` finds is put in force if moving its
 * memory costs no more than a share of the run so far: vCPUs are held on the nodes, each on the one most of its lines come
 * from while that has room, and memory elsewhere follows. Where all bandwidths are alike it does nothing, and guests that are held on CPUs already
 * are left there.
 * After: B. Lepers, V. Quéma, A. Fedorova, USENIX ATC 2015 (AsymSched), the constants from memory. Assumed: how many nodes a guest takes, and which
 * vCPU goes on which of them. Not modelled: its choice of pages to move by samples; free memory is not looked at, what finds no room stays.
 */
export function asymsched({ periodNs, moveNsPerGB, overhead }: AsymSchedOptions): Daemon {
  let links: Links;
  let traffic: Traffic;
  let placed: (readonly number[] | undefined)[]; // [guest] nodes it is held on; none yet where it may go everywhere
  return {
    name: 'asymsched',
    periodNs,
    step(k, act) {
      links ??= linksOf(k);
      if (!links.differ) return;
      traffic ??= trafficOf(k);
      placed ??= Array.from({ length: k.guestCount }, () => undefined);
      traffic.read(k);
      for (let guest = 0 as GuestId; guest < k.guestCount; guest++) if (!k.isHere(guest)) placed[guest] = undefined;
      const guests = guestsHere(k).filter((guest) => placed[guest] !== undefined || isFree(k, guest));
      const { arrangement, clusters } = arrange(k, guests, links, traffic);
      if (arrangement.moveBytes * moveNsPerGB > overhead * k.nowNs * BYTES_PER_GB) return;
      guests.forEach((guest, i) => {
        const nodes = arrangement.nodes[i]!;
        if (placed[guest]?.join() === nodes.join()) return;
        placed[guest] = nodes;
        settle(k, act, guest, clusters[i]!, nodes, arrangement.vcpus[i]!, traffic);
      });
    },
  };
}

/** Finds room: as many vCPUs on a node as its share of the CPUs, and one more on each for as long as they do not fit. */
function arrange(k: Kernel, guests: readonly GuestId[], links: Links, traffic: Traffic): { arrangement: Arrangement; clusters: Cluster[] } {
  const cpus = Array.from({ length: k.nodeCount }, (_, node) => onlineCpus(k, node as NodeId));
  const crowd = Math.max(1, sum(guests.map((guest) => k.guestVcpuCount(guest))) / sum(cpus));
  for (let extra = 0; ; extra++) {
    const room = cpus.map((count) => (count === 0 ? 0 : Math.ceil(count * crowd) + extra));
    const clusters = guests.map((guest) => clusterOf(k, guest, room, traffic));
    const arrangement = bestArrangement(clusters, room, links.setsOf);
    if (arrangement) return { arrangement, clusters };
  }
}

function clusterOf(k: Kernel, guest: GuestId, room: readonly number[], traffic: Traffic): Cluster {
  const vcpus = k.guestVcpuCount(guest);
  const roomy = room.filter((count) => count > 0).sort((a, b) => b - a);
  let nodeCount = Math.min(k.guestVnodeCount(guest), roomy.length, vcpus);
  while (nodeCount < roomy.length && sum(roomy.slice(0, nodeCount)) < vcpus) nodeCount++;
  return {
    vcpus,
    nodeCount,
    weight: Math.log(Math.max(1, traffic.remote[guest]!)),
    bytes: room.map((_, node) => k.guestNodeBytes(guest, node as NodeId)),
  };
}

/** Holds a guest's vCPUs on their nodes, so many on each, and sends what memory it has elsewhere after them. */
function settle(
  k: Kernel,
  act: Actuators,
  guest: GuestId,
  { bytes }: Cluster,
  nodes: readonly number[],
  counts: readonly number[],
  { lines }: Traffic,
): void {
  const emptiest = [...nodes].sort((a, b) => bytes[a]! - bytes[b]! || a - b);
  let turn = 0;
  const target = Array.from(bytes, (there, node) => {
    if (nodes.includes(node)) return node;
    return there > 0 ? emptiest[turn++ % emptiest.length]! : emptiest[0]!;
  });
  target.forEach((to, from) => {
    if (to !== from && bytes[from]! > 0) act.migratePages(guest, from as NodeId, to as NodeId);
  });
  const left = [...counts];
  const first = k.guestFirstVcpu(guest);
  for (let vcpu = first; vcpu < first + k.guestVcpuCount(guest); vcpu++) {
    const fetched = nodes.map((node) => sum(target.map((to, from) => (to === node ? lines[vcpu * k.nodeCount + from]! : 0))));
    const free = nodes.map((_, i) => i).filter((i) => left[i]! > 0);
    const i = free.reduce((best, other) => (fetched[other]! > fetched[best]! ? other : best));
    left[i]!--;
    act.setAffinity(vcpu as VcpuId, cpusOf(k, nodes[i] as NodeId));
  }
}

/** What the machine's links carry, measured once. */
interface Links {
  readonly setsOf: (nodeCount: number) => readonly NodeSet[];
  readonly differ: boolean;
}

function linksOf(k: Kernel): Links {
  const withCpus = Array.from({ length: k.nodeCount }, (_, node) => node).filter((node) => k.nodeCpuCount(node as NodeId) > 0);
  const pairGBps = (from: number, to: number): number => k.pairGBps(from as NodeId, to as NodeId);
  const all = withCpus.flatMap((from) => withCpus.map((to) => pairGBps(from, to)));
  const sets: NodeSet[][] = [];
  return {
    setsOf: (nodeCount) => (sets[nodeCount] ??= nodeSets(withCpus, nodeCount, pairGBps)),
    differ: all.some((GBps) => GBps !== all[0]),
  };
}

/** Lines fetched since the last reading. */
interface Traffic {
  readonly lines: Float64Array; //  [vcpu * nodeCount + node of the memory]
  readonly remote: Float64Array; // [guest] from nodes other than the one the vCPU is on
  read(k: Kernel): void;
}

function trafficOf({ vcpuCount, nodeCount, guestCount }: Kernel): Traffic {
  const lines = new Float64Array(vcpuCount * nodeCount);
  const before = new Float64Array(vcpuCount * nodeCount);
  const remote = new Float64Array(guestCount);
  return {
    lines,
    remote,
    read(k) {
      remote.fill(0);
      for (let vcpu = 0 as VcpuId; vcpu < vcpuCount; vcpu++) {
        const cpu = k.taskCpu(vcpu);
        const here = cpu === NONE ? NONE : k.cpuNode(cpu);
        for (let node = 0 as NodeId; node < nodeCount; node++) {
          const now = k.pmuLines(vcpu, node);
          const at = vcpu * nodeCount + node;
          lines[at] = Math.max(0, now - before[at]!);
          before[at] = now;
          if (node !== here) remote[k.guestOf(vcpu)]! += lines[at]!;
        }
      }
    },
  };
}

/** Nobody else holds it: a guest that has CPUs of its own is left there. */
function isFree(k: Kernel, guest: GuestId): boolean {
  const first = k.guestFirstVcpu(guest);
  let online = 0;
  for (let cpu = 0 as CpuId; cpu < k.cpuCount; cpu++) if (k.isOnline(cpu)) online++;
  for (let vcpu = first; vcpu < first + k.guestVcpuCount(guest); vcpu++) if (k.nrAllowed(vcpu as VcpuId) < online) return false;
  return true;
}

function guestsHere(k: Kernel): GuestId[] {
  return Array.from({ length: k.guestCount }, (_, guest) => guest as GuestId).filter((guest) => k.isHere(guest) && !k.isHostNoise(guest));
}

function cpusOf(k: Kernel, node: NodeId): CpuId[] {
  return Array.from({ length: k.nodeCpuCount(node) }, (_, i) => (k.nodeFirstCpu(node) + i) as CpuId);
}

function onlineCpus(k: Kernel, node: NodeId): number {
  return cpusOf(k, node).filter((cpu) => k.isOnline(cpu)).length;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
