import type { Kernel, PlacementPolicy } from '../../sim/policy-api.ts';
import { type CpuId, type GuestId, NONE, type NodeId } from '../../sim/units.ts';

/**
 * pack fills node after node, spread takes one CPU of each node in turn, scatter fills node after node and draws the order of the CPUs
 * of each; all go by the nodes' ids.
 */
export type Order = 'pack' | 'spread' | 'scatter';

/**
 * Every vCPU is held on one CPU for ever: the vCPUs of all guests in turn take the CPUs in this order, and start again with the first
 * when there are more of them than CPUs. What the host itself runs floats, as it does around pinned threads of Linux.
 * @param step in a node only every so many-th CPU is taken at first, then those after them: 4 spreads over clusters of four
 * @param last nodes from that of a guest's first vCPU to that of its last, counted by id and round (on a machine of N nodes N is the
 *   node of the first vCPU); 0 for no difference between the last vCPU and the others. For a thread that only prepares memory, so
 *   that it can do so on a node of choice.
 * After: taskset, sched_setaffinity(2); the orders are SEQUENTIAL and BW_ROUND_ROBIN_CORES of LPD-EPFL/mctop, but by id where that
 * goes by bandwidth.
 */
export function pinned(order: Order, step: number, last: number): PlacementPolicy {
  let heldOn: Int32Array | undefined; // [vcpu] CPU, or NONE of those that float
  return {
    name: `pinned/${order}`,
    place(k, guest) {
      heldOn ??= heldCpus(k, cpusInOrder(k, order, step), last);
      const first = k.guestFirstVcpu(guest);
      const hardCpus = Array.from({ length: k.guestVcpuCount(guest) }, (_, i) => [heldOn![first + i]! as CpuId]);
      return { hardNodes: null, hardCpus, softNodes: null, memoryNodes: [] };
    },
  };
}

function heldCpus(k: Kernel, cpus: readonly CpuId[], last: number): Int32Array {
  const heldOn = new Int32Array(k.vcpuCount).fill(NONE);
  let turn = 0;
  for (let guest = 0 as GuestId; guest < k.guestCount; guest++) {
    if (k.isHostNoise(guest)) continue;
    const first = k.guestFirstVcpu(guest);
    const end = first + k.guestVcpuCount(guest);
    for (let vcpu: number = first; vcpu < end; vcpu++) {
      heldOn[vcpu] =
        last > 0 && vcpu === end - 1 && vcpu > first ? lastCpuFrom(k, heldOn[first]! as CpuId, last) : cpus[turn++ % cpus.length]!;
    }
  }
  return heldOn;
}

function cpusInOrder(k: Kernel, order: Order, step: number): CpuId[] {
  const nodes = Array.from({ length: k.nodeCount }, (_, node) => node as NodeId);
  const places = nodes.flatMap((node) => {
    const cpus = Array.from({ length: k.nodeCpuCount(node) }, (_, i) => ({ cpu: (k.nodeFirstCpu(node) + i) as CpuId, i }));
    if (order === 'scatter') shuffle(k, cpus);
    else cpus.sort((a, b) => (a.i % step) - (b.i % step) || a.i - b.i);
    return cpus.map(({ cpu }, turn) => ({ cpu, turn }));
  });
  if (order === 'spread') places.sort((a, b) => a.turn - b.turn || a.cpu - b.cpu);
  return places.map(({ cpu }) => cpu);
}

function shuffle<Item>(k: Kernel, items: Item[]): void {
  for (let i = items.length - 1; i > 0; i--) {
    const j = Math.floor(k.random() * (i + 1));
    [items[i], items[j]] = [items[j]!, items[i]!];
  }
}

/** The last CPU of the node that is `steps` nodes with CPUs on from that of `cpu`. */
function lastCpuFrom(k: Kernel, cpu: CpuId, steps: number): CpuId {
  let node = k.cpuNode(cpu);
  for (let i = 0; i < steps; i++) {
    do node = ((node + 1) % k.nodeCount) as NodeId;
    while (k.nodeCpuCount(node) === 0);
  }
  return (k.nodeFirstCpu(node) + k.nodeCpuCount(node) - 1) as CpuId;
}
