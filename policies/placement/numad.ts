import type { Kernel } from '../../sim/policy-api.ts';
import type { GuestId, NodeId } from '../../sim/units.ts';
import { onlineCores, onlineCpus } from './online.ts';

const MB = 1024 ** 2;
/** What numad leaves free on a node, in MB. */
const MARGIN_MB = 100;
const ONE_CPU = 100;
/** What a hardware thread beside another is worth: DEFAULT_HTT_PERCENT. */
const THREAD_PERCENT = 20;

/** What a node has left: memory in MB and CPU time in percent of one CPU. */
export interface Room {
  readonly node: NodeId;
  freeMB: number;
  freePercent: number;
}

/** What is needed, or there is: memory in MB and CPU time in percent of one CPU. */
export interface Amount {
  readonly mB: number;
  readonly percent: number;
}

/** What numad lets go when it looks for a process that runs: for advice beforehand it rather asks for too much. */
export interface Leniency {
  /** CPU time that may be lacking. */
  readonly flexPercent: number;
  /** Whether CPUs are thought to suffice, so that memory alone makes it take a further node. */
  readonly hasEnoughCpus: boolean;
}

const STRICT: Leniency = { flexPercent: 0, hasEnoughCpus: false };

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
    const need = { mB: Math.ceil(k.guestMemoryBytes(guest) / MB), percent: k.guestVcpuCount(guest) * ONE_CPU };
    return pickNodes(rooms, need, sizeOf(k, firstNode(k)), (a, b) => k.distance(a, b));
  };
}

/**
 * Takes what is needed out of `rooms` and tells from which nodes, the best first. `totals` are what the first node has when it is empty.
 * After: numad 0.5, pick_numa_nodes.
 */
export function pickNodes(
  rooms: readonly Room[],
  need: Amount,
  totals: Amount,
  distance: (a: NodeId, b: NodeId) => number,
  { flexPercent, hasEnoughCpus }: Leniency = STRICT,
): NodeId[] {
  const worths = rooms.map((room) => magnitude(room.freeMB, Math.max(1, room.freePercent), need.mB, need.percent));
  const fewest = Math.max(Math.ceil(need.mB / totals.mB), Math.ceil((need.percent - flexPercent) / totals.percent));
  let least = Math.min(rooms.length, fewest);
  const distanceOf = (room: number, from: number): number => distance(rooms[room]!.node, rooms[from]!.node);
  const totalFrom = (from: number): number =>
    nearestFirst(worths, (room) => distanceOf(room, from))
      .slice(0, Math.max(0, least))
      .reduce((sum, room) => sum + Math.floor(worths[room]! / distanceOf(room, from) ** 2), 0);
  const sums = rooms.map((_, from) => totalFrom(from));
  const best = sums.indexOf(Math.max(...sums));
  const picked: NodeId[] = [];
  let { mB, percent } = need;
  for (const index of nearestFirst(worths, (room) => distanceOf(room, best))) {
    if (least <= 0 && mB <= 0 && (percent <= flexPercent || hasEnoughCpus)) break;
    const room = rooms[index]!;
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

/** Indices of rooms by distance, then the one worth most. numad sorts by exchange, which tells where both are alike. */
function nearestFirst(worths: readonly number[], distanceOf: (room: number) => number): number[] {
  const order = worths.map((_, room) => room);
  for (let at = 0; at < order.length; at++) {
    let best = at;
    for (let other = at + 1; other < order.length; other++) {
      const nearer = distanceOf(order[best]!) - distanceOf(order[other]!);
      if (nearer > 0 || (nearer === 0 && worths[order[best]!]! < worths[order[other]!]!)) best = other;
    }
    [order[at], order[best]] = [order[best]!, order[at]!];
  }
  return order;
}

/** combined_value_of_weighted_resources: what a node has of what is needed counts for more than what it has beyond. */
export function magnitude(freeMB: number, freePercent: number, needMB: number, needPercent: number): number {
  const memory = 10 * Math.min(freeMB, needMB) + 4 * Math.max(0, freeMB - needMB);
  const cpu = 6 * Math.min(freePercent, needPercent) + Math.max(0, freePercent - needPercent);
  return memory * cpu;
}

/**
 * What a node has when it is empty, of CPUs that are online. Of the hardware threads of a core all but one count a fifth.
 * After: numad 0.5, update_nodes and DEFAULT_HTT_PERCENT.
 */
export function sizeOf(k: Kernel, node: NodeId): Amount {
  return { mB: Math.floor(k.nodeMemoryBytes(node) / MB), percent: onlineCpus(k, node) * ONE_CPU - threadDiscount(k, node) };
}

/** CPU time of a node, in percent of one CPU, that is taken for none because hardware threads share cores. */
export function threadDiscount(k: Kernel, node: NodeId): number {
  return (onlineCpus(k, node) - onlineCores(k, node)) * (ONE_CPU - THREAD_PERCENT);
}

/** Nodes that may be chosen: those with CPUs. */
export function nodesWithCpus(k: Kernel): NodeId[] {
  return Array.from({ length: k.nodeCount }, (_, node) => node as NodeId).filter((node) => onlineCpus(k, node) > 0);
}

/** The node by which numad measures how many are needed: node 0, or the first with CPUs and memory (assumed). */
export function firstNode(k: Kernel): NodeId {
  return nodesWithCpus(k).find((node) => k.nodeMemoryBytes(node) > 0) ?? (0 as NodeId);
}

function roomsOf(k: Kernel): Room[] {
  return nodesWithCpus(k).map((node) => ({ node, freeMB: Math.floor(k.nodeFreeBytes(node) / MB), freePercent: sizeOf(k, node).percent }));
}
