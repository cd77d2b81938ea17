import type { Kernel } from '../../sim/policy-api.ts';
import type { NodeId } from '../../sim/units.ts';
import { type Amount, firstNode, type Leniency, nodesWithCpus, pickNodes, type Room, sizeOf, threadDiscount } from '../placement/numad.ts';
import type { CpuUse } from './cpu-use.ts';
import type { NumadProcess } from './numad-process.ts';

const MB = 1024 ** 2;
const ONE_CPU = 100;
const CPU_SLOP_PERCENT = 50; // CPU_THRESHOLD

/** Nodes as they are in one pass: what is free there, what there is when they are empty. */
export interface NumadNodes {
  readonly rooms: readonly Room[];
  readonly sizes: readonly Amount[]; // [index of rooms]
  /** Size of the node by which all are measured. */
  readonly first: Amount;
}

/** After: numad 0.5, update_nodes. Cached files are no part of the model. */
export function nodesNow(k: Kernel, use: CpuUse): NumadNodes {
  const nodes = nodesWithCpus(k);
  const passedNs = k.nowNs - use.sinceNs;
  const sizes = nodes.map((node) => sizeOf(k, node));
  const rooms = nodes.map((node, i) => {
    const all = sizes[i]!.percent + threadDiscount(k, node);
    const idle = all - Math.ceil((use.nodeNs[node]! * ONE_CPU) / passedNs);
    const freePercent = Math.min(sizes[i]!.percent, Math.max(0, idle - threadDiscount(k, node)));
    return { node, freeMB: Math.floor(k.nodeFreeBytes(node) / MB), freePercent };
  });
  return { rooms, sizes, first: sizeOf(k, firstNode(k)) };
}

/**
 * The nodes for a process that runs, the best first. What it has already counts as free, its memory for more than it is, so that it
 * rather stays; of one that is bound, the CPU time of its nodes counts as shared out evenly.
 * After: numad 0.5, pick_numa_nodes with a process.
 */
export function nodesFor(
  k: Kernel,
  { rooms, sizes, first }: NumadNodes,
  process: NumadProcess,
  need: Amount,
  leniency: Leniency,
): NodeId[] {
  const mine = rooms.map((room) => ({ ...room }));
  const isUnbound = process.nodes.length >= rooms.length;
  const ofIts = rooms.filter(({ node }) => process.nodes.includes(node)).reduce((sum, { freePercent }) => sum + freePercent, 0);
  const average = Math.floor((process.usedPercent + ofIts) / process.nodes.length);
  let sumPercent = 0;
  mine.forEach((room, i) => {
    const ownMB = process.nodeMB[room.node]!;
    room.freeMB += Math.floor(isUnbound ? (ownMB * 17) / 16 : (ownMB * 5) / 4);
    if (isUnbound) room.freePercent += Math.floor((process.usedPercent * ownMB) / process.usedMB);
    else if (process.nodes.includes(room.node)) room.freePercent = average;
    sumPercent += room.freePercent;
    room.freePercent = Math.max(1, Math.min(room.freePercent, sizes[i]!.percent));
    room.freeMB = Math.min(room.freeMB, sizes[i]!.mB);
  });
  const hasEnoughCpus = leniency.hasEnoughCpus || need.percent > sumPercent;
  return pickNodes(mine, need, first, (a, b) => k.distance(a, b), { ...leniency, hasEnoughCpus });
}

/**
 * Whether a process bound lately should be looked at all the same: it is on the node with the least CPU time or memory free, fits one
 * node, and nodes would be more alike if it went to the emptiest.
 * After: numad 0.5, manage_loads, where it bypasses MIN_DELAY_FOR_REEVALUATION.
 */
export function couldDoBetter({ rooms, first }: NumadNodes, process: NumadProcess, need: Amount): boolean {
  const percents = rooms.map(({ freePercent }) => freePercent);
  const mBs = rooms.map(({ freeMB }) => freeMB);
  const isOn = (free: readonly number[]): boolean => process.nodes.includes(rooms[free.indexOf(Math.min(...free))]!.node);
  return (
    (isOn(percents) || isOn(mBs)) &&
    need.percent < first.percent &&
    need.mB < first.mB &&
    spreadAfter(percents, process.usedPercent) < spreadOf(percents) - CPU_SLOP_PERCENT &&
    spreadAfter(mBs, process.usedMB) < spreadOf(mBs)
  );
}

/** How far the fullest and the emptiest node are from the average when so much has gone from the one to the other. */
function spreadAfter(free: readonly number[], used: number): number {
  const average = Math.floor(free.reduce((sum, one) => sum + one, 0) / free.length);
  return Math.abs(Math.min(...free) + used - average) + Math.abs(Math.max(...free) - used - average);
}

function spreadOf(free: readonly number[]): number {
  return Math.max(...free) - Math.min(...free);
}
