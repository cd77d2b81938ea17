import { MiB, PAGE_BYTES } from '../sim/units.ts';
import type { WorkloadSetup } from '../sim/workload-api.ts';

/** Sources and objects of a Linux 2.6.3x tree (some 450 and 350 MiB, a build of it having been made before). Assumed. */
const TREE_BYTES = MiB(800);
/** What every job uses besides: compiler, assembler, make, shell, their libraries, the headers of the system. Assumed. */
export const TOOLS_BYTES: number = MiB(200);
/** Minor faults of a process: 31.5 M over 29,135 processes (Linux 4.13 build, perf.mvermeulen.com). */
export const JOB_BYTES: number = 1_081 * PAGE_BYTES;
/** In a small guest a tree in tmpfs leaves this share of what the jobs do not need to the page cache. Assumed. */
const CACHE_SHARE = 1 / 8;
/** The lasting part is never less than this, or a quarter of a small guest: more jobs at once than fit beside it are refused. */
const LEAST_BYTES = MiB(64);

/** Where a build's files are. Both parts stay in the guest's memory from before the build begins until after it ends. */
export interface BuildMemory {
  /** Of sources and objects: all of them in tmpfs, of a disk's what is in the page cache. Whole blocks. */
  readonly treeBytes: number;
  /** Of the tools, what is in the page cache. Whole blocks. */
  readonly toolsBytes: number;
  /** Share of what the page cache should hold and has no room for, 0..1: a job reads from the disk with this probability. */
  readonly lostShare: number;
}

/**
 * Divides a guest's memory: first what all jobs need at once, then a tree in tmpfs, and the page cache has the rest. A page cache too
 * small for tree and tools holds the same share of both.
 * @param treeBytes sources and objects; 0: the size of a Linux tree, less where it is in the tmpfs of a guest with no room for it
 * @param toolsBytes compiler, headers and so on
 * @throws RangeError when the jobs, or a tree in tmpfs of a size that was asked for, do not fit
 */
export function divideMemory(setup: WorkloadSetup, slotCount: number, media: string, treeBytes: number, toolsBytes: number): BuildMemory {
  const { blockBytes, freeBytes } = setup;
  const blocksOf = (bytes: number): number => Math.ceil(bytes / blockBytes);
  const freeBlocks = Math.floor(freeBytes / blockBytes);
  const jobBlocks = blocksOf(JOB_BYTES);
  const most = Math.floor((freeBlocks - Math.max(2, blocksOf(Math.min(LEAST_BYTES, freeBytes / 4)))) / jobBlocks);
  if (slotCount > most) {
    throw new RangeError(`kernbench: j = ${slotCount}, want at most ${Math.max(0, most)} in a guest with ${freeBytes} bytes free`);
  }
  const left = freeBlocks - slotCount * jobBlocks;
  const tree = blocksOf(treeBytes || TREE_BYTES);
  const tools = blocksOf(toolsBytes);
  if (media === 'disk') {
    const share = Math.min(1, left / (tree + tools));
    const kept = Math.max(1, Math.min(left - 1, Math.floor(share * tree)));
    return memoryOf(kept, Math.min(tools, left - kept), 1 - share);
  }
  const room = Math.floor(left * (1 - CACHE_SHARE)) || 1;
  if (treeBytes > 0 && tree > room) {
    throw new RangeError(
      `kernbench: tree = ${treeBytes}, want at most ${room * blockBytes} in the tmpfs of a guest with ${freeBytes} bytes free`,
    );
  }
  const kept = Math.min(tree, room);
  const cached = Math.min(tools, left - kept);
  return memoryOf(kept, cached, 1 - cached / tools);

  function memoryOf(treeBlocks: number, toolsBlocks: number, lostShare: number): BuildMemory {
    return { treeBytes: treeBlocks * blockBytes, toolsBytes: toolsBlocks * blockBytes, lostShare };
  }
}
