import { TOUCH } from './workload-api.ts';
import type { World } from './world.ts';

/**
 * A walk goes through a region block by block, as sweeps and touches do: it stands at a block, with units of work left in it and
 * blocks to follow. Work that is not a walk is units without blocks.
 */

export function setWalk(w: World, task: number, block: number, blocks: number, perBlock: number): void {
  w.phaseBlock[task] = block;
  w.phaseBlocksLeft[task] = blocks;
  w.phasePerBlock[task] = perBlock;
  w.phaseUnitsLeft[task] = perBlock;
  w.touchFresh[task] = 0;
}

/** Ends what is left of the phase. */
export function clearWalk(w: World, task: number): void {
  setWalk(w, task, -1, 0, 0);
}

/** A segment of a walk is looked ahead this far at most, so that its start costs no more than this whatever the size of a block. */
const MOST_AHEAD = 512;

/**
 * Blocks from the walk's present one on that lie on the same node, as far as it looks ahead: all that are left if a swept region lies
 * on one.
 */
export function walkLength(w: World, task: number): number {
  const { memory } = w;
  const left = w.phaseBlocksLeft[task]!;
  const { pages } = memory;
  const { replicas } = w;
  const region = w.phaseRegion[task]!;
  const hasMarks = pages !== null && pages.markedCount[region]! > 0;
  const hasReplicas = replicas !== null && replicas.countOf(region) > 0;
  if (w.phaseKind[task] !== TOUCH && memory.regionNodes[region]! <= 1 && !hasMarks && !hasReplicas) return left;
  const most = Math.min(left, MOST_AHEAD);
  const guest = w.taskGuest[task]!;
  const first = w.phaseBlock[task]!;
  const own = w.scenario.machine.cpuNode[w.vcpuCpu[w.taskVcpu[task]!]!]!;
  const node = servedBy(w, first, own);
  let count = 1;
  for (
    let block = memory.nextOf(guest, first);
    block >= 0 && count < most && servedBy(w, block, own) === node && !(hasMarks && pages.isMarked(block));
    block = memory.nextOf(guest, block)
  )
    count++;
  return count;
}

/** Node that serves a CPU of node `own`: that where the block is, or its own where it has a copy. */
function servedBy(w: World, block: number, own: number): number {
  return w.replicas !== null && w.replicas.isOn(block, own) ? own : w.memory.nodeOf(block);
}

/** Moves a walk on by whole blocks; `unitsLeft` remain in the one it then stands at, 0 for all of it. */
export function advanceWalk(w: World, task: number, blocks: number, unitsLeft: number): void {
  const left = w.phaseBlocksLeft[task]! - blocks;
  w.phaseBlocksLeft[task] = Math.max(0, left);
  if (left <= 0) {
    w.phaseUnitsLeft[task] = 0;
    return;
  }
  const { memory } = w;
  const region = w.phaseRegion[task]!;
  const guest = w.taskGuest[task]!;
  let block = w.phaseBlock[task]!;
  for (let steps = blocks % memory.regionBlocks[region]!; steps > 0; steps--) {
    block = memory.nextOf(guest, block);
    if (block < 0) block = memory.regionHead[region]!;
  }
  w.phaseBlock[task] = block;
  w.phaseUnitsLeft[task] = unitsLeft > 0 ? unitsLeft : w.phasePerBlock[task]!;
}
