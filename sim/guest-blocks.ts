import { assert } from './assert.ts';
import { type BlockTable, MAX_GUEST_BLOCKS } from './block-table.ts';
import { partOf, partStart } from './parts.ts';

/**
 * Each guest's own allocator: which of its guest-physical blocks are free. Memory is divided over the guest's virtual nodes; a block is
 * taken from the vnode that asks, else from the vnodes after it in order, wrapping. Of a vnode the block freed last comes first, then
 * those never used, in order. Blocks are numbered over all guests.
 */
export class GuestBlocks {
  readonly first: Float64Array; //           [guest] its first block
  readonly count: Float64Array; //           [guest]
  readonly vnodeCount: Int32Array; //        [guest]
  readonly free: Float64Array; //            [guest] blocks no region has
  private readonly firstVnode: Int32Array; // [guest]
  private readonly freed: Int32Array; //     [vnode, over all guests] head of its list of freed blocks
  private readonly fresh: Int32Array; //     [vnode] its next block never used
  private readonly end: Int32Array; //       [vnode] one past its last block

  constructor(blockCounts: readonly number[], vnodeCounts: readonly number[]) {
    assert(
      blockCounts.every((count) => count <= MAX_GUEST_BLOCKS),
      'a guest has more blocks than can be linked',
    );
    this.count = Float64Array.from(blockCounts);
    this.first = runningSum(blockCounts);
    this.free = Float64Array.from(blockCounts);
    this.vnodeCount = Int32Array.from(vnodeCounts);
    this.firstVnode = Int32Array.from(runningSum(vnodeCounts));
    const vnodes = vnodeCounts.reduce((sum, count) => sum + count, 0);
    this.freed = new Int32Array(vnodes).fill(-1);
    this.fresh = new Int32Array(vnodes);
    this.end = new Int32Array(vnodes);
    for (let guest = 0; guest < blockCounts.length; guest++) {
      for (let vnode = 0; vnode < vnodeCounts[guest]!; vnode++) {
        const slot = this.firstVnode[guest]! + vnode;
        this.fresh[slot] = this.first[guest]! + partStart(vnode, blockCounts[guest]!, vnodeCounts[guest]!);
        this.end[slot] = this.first[guest]! + partStart(vnode + 1, blockCounts[guest]!, vnodeCounts[guest]!);
      }
    }
  }

  vnodeOf(guest: number, block: number): number {
    return partOf(block - this.first[guest]!, this.count[guest]!, this.vnodeCount[guest]!);
  }

  /** Takes a free block; there must be one. */
  take(table: BlockTable, guest: number, vnode: number): number {
    const vnodes = this.vnodeCount[guest]!;
    for (let i = 0; i < vnodes; i++) {
      const slot = this.firstVnode[guest]! + ((vnode + i) % vnodes);
      const block = this.freed[slot]! >= 0 ? this.freed[slot]! : this.fresh[slot]!;
      if (block === this.end[slot]) continue;
      if (block === this.freed[slot]) this.freed[slot] = table.nextOf(this.first[guest]!, block);
      else this.fresh[slot]!++;
      this.free[guest]!--;
      return block;
    }
    assert(false, 'a guest has fewer free blocks than it counts');
  }

  give(table: BlockTable, guest: number, block: number): void {
    const slot = this.firstVnode[guest]! + this.vnodeOf(guest, block);
    table.setNext(this.first[guest]!, block, this.freed[slot]!);
    this.freed[slot] = block;
    this.free[guest]!++;
  }
}

/** [i]: the sum of all before i. */
export function runningSum(counts: ArrayLike<number>): Float64Array {
  const sums = new Float64Array(counts.length);
  for (let i = 1; i < counts.length; i++) sums[i] = sums[i - 1]! + counts[i - 1]!;
  return sums;
}
