import type { Kernel } from '../../sim/policy-api.ts';
import { type GuestId, NONE, type NodeId } from '../../sim/units.ts';
import type { Amount } from '../placement/numad.ts';

const MB = 1024 ** 2;
const ONE_CPU = 100;
/** The use a process is said to have is the largest of so many passes: RING_BUF_SIZE. */
const PASSES_KEPT = 8;

/** What numad knows of a process, here a guest. Memory in MB, CPU time in percent of one CPU, both rounded down. */
export interface NumadProcess {
  readonly guest: GuestId;
  usedMB: number;
  /** [node] */
  nodeMB: number[];
  usedPercent: number;
  /** Nodes it was bound to, all of them at first. */
  nodes: readonly NodeId[];
  /** When it was bound or last found to be well placed; NONE if never. */
  boundNs: number;
  readonly percents: number[]; // of the last passes, oldest first
}

export function newProcess(guest: GuestId, nodes: readonly NodeId[]): NumadProcess {
  return { guest, usedMB: 0, nodeMB: [], usedPercent: 0, nodes, boundNs: NONE, percents: [] };
}

export function readMemory(k: Kernel, process: NumadProcess): void {
  const bytes = Array.from({ length: k.nodeCount }, (_, node) => k.guestNodeBytes(process.guest, node as NodeId));
  process.nodeMB = bytes.map((inBytes) => Math.floor(inBytes / MB));
  process.usedMB = Math.floor(bytes.reduce((sum, inBytes) => sum + inBytes, 0) / MB);
}

/** After: numad 0.5, process_hash_update. */
export function addUse(process: NumadProcess, percent: number): void {
  process.percents.push(Math.floor(percent));
  if (process.percents.length > PASSES_KEPT) process.percents.shift();
  process.usedPercent = Math.max(...process.percents);
}

/**
 * What a process should have: what it uses and a margin, CPUs for no more than its vCPUs; all its memory if that is more than a node and
 * most of a node is used already.
 * After: numad 0.5, manage_loads.
 * @param first size of the node by which all are measured
 * @param targetPercent of what it should have, the percentage that it uses
 */
export function request(k: Kernel, { guest, usedMB, usedPercent }: NumadProcess, first: Amount, targetPercent: number): Amount {
  const sizeMB = Math.floor(k.guestMemoryBytes(guest) / MB);
  const isLarge = sizeMB > first.mB && Math.floor((usedMB * 5) / 4) > first.mB;
  return {
    mB: Math.floor(((isLarge ? sizeMB : usedMB) * 100) / Math.min(100, targetPercent)),
    percent: Math.min(Math.floor((usedPercent * 100) / targetPercent), k.guestVcpuCount(guest) * ONE_CPU),
  };
}

/**
 * In which order processes are looked at: those never bound first, the one that uses most CPU time times memory before the others. Then
 * those bound: again the larger first, but of a pair less than about a fifth apart the one bound longer ago. (Its comment says increasing;
 * its code, with unsigned differences, does this.) Ties by id.
 * After: numad 0.5, manage_loads.
 */
export function inOrder(processes: readonly NumadProcess[]): NumadProcess[] {
  const unbound = processes.filter(({ boundNs }) => boundNs === NONE).sort((a, b) => sizeOf(b) - sizeOf(a));
  const bound = processes.filter(({ boundNs }) => boundNs !== NONE);
  for (let at = 0; at < bound.length; at++) {
    let best = at; // not a sort: "before" is no order, as a fifth on a fifth is more than a fifth
    for (let other = at + 1; other < bound.length; other++) if (isBefore(bound[other]!, bound[best]!)) best = other;
    [bound[at], bound[best]] = [bound[best]!, bound[at]!];
  }
  return [...unbound, ...bound];
}

function isBefore(other: NumadProcess, best: NumadProcess): boolean {
  const less = sizeOf(best) - sizeOf(other);
  if (less < 0) return true;
  const isAlike = less === 0 || Math.floor(sizeOf(other) / less) >= 5;
  return isAlike && other.boundNs <= best.boundNs;
}

function sizeOf({ usedPercent, usedMB }: NumadProcess): number {
  return usedPercent * usedMB;
}
