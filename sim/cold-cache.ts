import { taskUsefulBytes } from './cache.ts';
import { shareOf } from './flows.ts';
import { LINE_BYTES } from './units.ts';
import { TOUCH } from './workload-api.ts';
import type { World } from './world.ts';

/**
 * What a vCPU that changes CPU finds in the caches there. Of the private cache nothing. Of the node's cache nothing either, unless
 * it comes back to the node it was on before: there the oldest lines go first, so that after a move its share shrinks evenly with
 * what others fetch, and is gone when they have fetched as much as the cache holds. One node is remembered a vCPU.
 */

/** `vcpu` stops on `cpu`: from here on what others fetch on its node is at its expense. */
export function leaveWarm(w: World, cpu: number, vcpu: number): void {
  w.stoppedFilled[vcpu] = filledLines(w, w.scenario.machine.cpuNode[cpu]!);
}

/** `vcpu` goes on on another CPU than it last ran on. */
export function changeCpu(w: World, vcpu: number, fromNode: number, toNode: number): void {
  const isWarm = w.coldCache[vcpu] === 0 && w.refillLines[vcpu] === 0;
  if (fromNode === toNode) {
    w.coldCache[vcpu] = Math.max(w.coldCache[vcpu]!, 1);
    return;
  }
  w.coldCache[vcpu] = 2;
  w.lostShare[vcpu] = w.leftNode[vcpu] === toNode ? lostSince(w, toNode, w.leftFilled[vcpu]!) : 1;
  if (!isWarm) return; // it was not there for long enough to leave something behind
  w.leftNode[vcpu] = fromNode;
  w.leftFilled[vcpu] = w.stoppedFilled[vcpu]!;
}

/** Turns the change of CPU into lines to fetch, by what its task's phase uses again and again: none of a sweep that never hits. */
export function oweCache(w: World, cpu: number, vcpu: number, task: number): void {
  const cold = w.coldCache[vcpu]!;
  w.coldCache[vcpu] = 0;
  if (!w.scenario.costs.coldCache || w.phaseRegion[task]! < 0 || w.phaseKind[task] === TOUCH) return;
  const { spec } = w.scenario.machine;
  let bytes = Math.min(taskUsefulBytes(w, task, spec.llcBytes.value), spec.l2Bytes.value);
  if (cold > 1 && w.phaseAccesses[task]! > 0) bytes += w.lostShare[vcpu]! * taskUsefulBytes(w, task, shareOf(w, cpu, task));
  w.refillLines[vcpu] = Math.min(bytes, w.phaseWorkingSet[task]!) / LINE_BYTES;
}

/** Share of a cache that has been fetched anew since the node's CPUs had fetched so many lines. */
function lostSince(w: World, node: number, lines: number): number {
  return Math.min(1, ((filledLines(w, node) - lines) * LINE_BYTES) / w.scenario.machine.spec.llcBytes.value);
}

/** Lines the CPUs of a node have fetched up to now, those of segments under way included. */
function filledLines(w: World, node: number): number {
  const first = w.scenario.machine.nodeFirstCpu[node]!;
  let lines = w.nodeFilled[node]!;
  for (let cpu = first; cpu < first + w.scenario.machine.nodeCpuCount[node]!; cpu++) {
    if (w.linesPerUnit[cpu] === 0) continue;
    const units = Math.min(w.segLeft[cpu]!, (w.nowNs - w.segSinceNs[cpu]!) / w.segUnitNs[cpu]!);
    lines += units * w.linesPerUnit[cpu]!;
  }
  return lines;
}
