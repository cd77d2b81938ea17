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
  if (w.phaseKind[task] !== TOUCH && memory.regionNodes[w.phaseRegion[task]!]! <= 1) return left;
  const most = Math.min(left, MOST_AHEAD);
  const guest = w.taskGuest[task]!;
  const first = w.phaseBlock[task]!;
  const node = memory.nodeOf(first);
  let count = 1;
  for (
    let block = memory.nextOf(guest, first);
    block >= 0 && count < most && memory.nodeOf(block) === node;
    block = memory.nextOf(guest, block)
  )
    count++;
  return count;
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
