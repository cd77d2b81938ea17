import type { Kernel } from '../../sim/policy-api.ts';
import type { GuestId, NodeId } from '../../sim/units.ts';

const MB = 1024 ** 2;
/** What numad leaves free on a node, in MB. */
const MARGIN_MB = 100;
const ONE_CPU = 100;

/** What a node has left: memory in MB and CPU time in percent of one CPU. */
export interface Room {
  readonly node: NodeId;
  freeMB: number;
  freePercent: number;
}

/**
 * The nodes that `numad -w vcpus:MB` advises for a guest, the best first. What it advised before counts as used (assumed: numad itself
 * sees a guest only once that runs and has touched its memory, so a real one is asked for one guest after the other has warmed up).
 * Nodes without CPUs are left out (assumed).
 * After: numad 0.5, pick_numa_nodes with no process (pid -1): advice before a guest starts.
 */
export function numadAdvice(): (k: Kernel, guest: GuestId) => NodeId[] {
  let rooms: Room[] | undefined;
  return (k, guest) => {
    rooms ??= roomsOf(k);
    const first = rooms[0]!.node;
    const totals = { mB: Math.floor(k.nodeMemoryBytes(first) / MB), percent: k.nodeCpuCount(first) * ONE_CPU };
    const need = { mB: Math.ceil(k.guestMemoryBytes(guest) / MB), percent: k.guestVcpuCount(guest) * ONE_CPU };
    return pickNodes(rooms, need, totals, (a, b) => k.distance(a, b));
  };
}

interface Amount {
  readonly mB: number;
  readonly percent: number;
}

/** Takes what is needed out of `rooms` and tells from which nodes. `totals` are what the first node has when it is empty. */
export function pickNodes(rooms: readonly Room[], need: Amount, totals: Amount, distance: (a: NodeId, b: NodeId) => number): NodeId[] {
  const worth = (room: Room): number => magnitude(room.freeMB, Math.max(1, room.freePercent), need.mB, need.percent);
  const byDistance = (from: Room): Room[] =>
    [...rooms].sort((a, b) => distance(a.node, from.node) - distance(b.node, from.node) || worth(b) - worth(a));
  let least = Math.min(rooms.length, Math.max(Math.ceil(need.mB / totals.mB), Math.ceil(need.percent / totals.percent)));
  const total = (from: Room): number =>
    byDistance(from)
      .slice(0, least)
      .reduce((sum, room) => sum + Math.floor(worth(room) / distance(room.node, from.node) ** 2), 0);
  const totalsByRoom = rooms.map(total);
  const best = rooms[totalsByRoom.indexOf(Math.max(...totalsByRoom))]!;
  const picked: NodeId[] = [];
  let { mB, percent } = need;
  for (const room of byDistance(best)) {
    if (least <= 0 && mB <= 0 && percent <= 0) break;
    picked.push(room.node);
    least--;
    const tookMB = Math.max(0, Math.min(mB, room.freeMB - MARGIN_MB));
    const tookPercent = Math.min(percent, room.freePercent);
    room.freeMB -= tookMB;
    room.freePercent -= tookPercent;
    mB -= tookMB;
    percent -= tookPercent;
  }
  return picked;
}

/** combined_value_of_weighted_resources: what a node has of what is needed counts for more than what it has beyond. */
export function magnitude(freeMB: number, freePercent: number, needMB: number, needPercent: number): number {
  const memory = 10 * Math.min(freeMB, needMB) + 4 * Math.max(0, freeMB - needMB);
  const cpu = 6 * Math.min(freePercent, needPercent) + Math.max(0, freePercent - needPercent);
  return memory * cpu;
}

function roomsOf(k: Kernel): Room[] {
  return Array.from({ length: k.nodeCount }, (_, node) => node as NodeId)
    .filter((node) => k.nodeCpuCount(node) > 0)
    .map((node) => ({
      node,
      freeMB: Math.floor(k.nodeFreeBytes(node) / MB),
      freePercent: k.nodeCpuCount(node) * ONE_CPU,
    }));
}
