import { assert } from './assert.ts';
import { type BlockTable, MAX_GUEST_BLOCKS } from './block-table.ts';
import { evenParts, vnodeOfBlock } from './vnuma.ts';

/** How a guest's kernel divides its memory over the virtual nodes it believes in. */
export interface GuestVnodes {
  readonly firstBlock: Int32Array; // [vnode] its first block, counted from the guest's first; then the end
  readonly nearest: Int32Array; //    [vnode * vnodes + i] vnodes in the order in which it takes blocks
}

/**
 * Each guest's own allocator: which of its guest-physical blocks are free. Memory is divided over the guest's virtual nodes; a block is
 * taken from the vnode that asks, else from the nearest. Of a vnode the block freed last comes first, then those never used, in order.
 * Blocks are numbered over all guests.
 */
export class GuestBlocks {
  readonly first: Float64Array; //           [guest] its first block
  readonly count: Float64Array; //           [guest]
  readonly vnodeCount: Int32Array; //        [guest]
  readonly free: Float64Array; //            [guest] blocks no region has
  tookVnode = -1; //                         vnode of the block taken last
  private readonly vnodes: readonly GuestVnodes[]; // [guest]
  private readonly firstVnode: Int32Array; // [guest]
  private readonly freed: Int32Array; //     [vnode, over all guests] head of its list of freed blocks
  private readonly fresh: Int32Array; //     [vnode] its next block never used
  private readonly end: Int32Array; //       [vnode] one past its last block

  constructor(blockCounts: readonly number[], guestVnodes: readonly GuestVnodes[]) {
    assert(
      blockCounts.every((count) => count <= MAX_GUEST_BLOCKS),
      'a guest has more blocks than can be linked',
    );
    this.count = Float64Array.from(blockCounts);
    this.first = runningSum(blockCounts);
    this.free = Float64Array.from(blockCounts);
    const vnodeCounts = guestVnodes.map(({ firstBlock }) => firstBlock.length - 1);
    this.vnodes = guestVnodes;
    this.vnodeCount = Int32Array.from(vnodeCounts);
    this.firstVnode = Int32Array.from(runningSum(vnodeCounts));
    const vnodes = vnodeCounts.reduce((sum, count) => sum + count, 0);
    this.freed = new Int32Array(vnodes).fill(-1);
    this.fresh = new Int32Array(vnodes);
    this.end = new Int32Array(vnodes);
    for (let guest = 0; guest < blockCounts.length; guest++) {
      for (let vnode = 0; vnode < vnodeCounts[guest]!; vnode++) {
        const slot = this.firstVnode[guest]! + vnode;
        this.fresh[slot] = this.first[guest]! + guestVnodes[guest]!.firstBlock[vnode]!;
        this.end[slot] = this.first[guest]! + guestVnodes[guest]!.firstBlock[vnode + 1]!;
      }
    }
  }

  vnodeOf(guest: number, block: number): number {
    return vnodeOfBlock(this.vnodes[guest]!.firstBlock, block - this.first[guest]!);
  }

  /** Takes a free block; there must be one. */
  take(table: BlockTable, guest: number, vnode: number): number {
    const vnodes = this.vnodeCount[guest]!;
    const { nearest } = this.vnodes[guest]!;
    for (let i = 0; i < vnodes; i++) {
      const from = nearest[vnode * vnodes + i]!;
      const slot = this.firstVnode[guest]! + from;
      const block = this.freed[slot]! >= 0 ? this.freed[slot]! : this.fresh[slot]!;
      if (block === this.end[slot]) continue;
      if (block === this.freed[slot]) this.freed[slot] = table.nextOf(this.first[guest]!, block);
      else this.fresh[slot]!++;
      this.free[guest]!--;
      this.tookVnode = from;
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

/** Equal parts, each followed by those after it in order, wrapping. */
export function evenVnodes(blocks: number, vnodes: number): GuestVnodes {
  const nearest = Int32Array.from({ length: vnodes * vnodes }, (_, at) => (Math.floor(at / vnodes) + (at % vnodes)) % vnodes);
  return { firstBlock: evenParts(blocks, vnodes), nearest };
}

/** [i]: the sum of all before i. */
export function runningSum(counts: ArrayLike<number>): Float64Array {
  const sums = new Float64Array(counts.length);
  for (let i = 1; i < counts.length; i++) sums[i] = sums[i - 1]! + counts[i - 1]!;
  return sums;
}
