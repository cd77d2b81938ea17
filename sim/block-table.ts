const NO_NODE = 0xff;
const NO_NEXT = 0xff_ffff;

/** A link has 24 bits, and all of them set is none. */
export const MAX_GUEST_BLOCKS: number = NO_NEXT;

/**
 * For each block its host node and the block after it in its list, packed in 4 bytes: the node in the high 8 bits, and in the low 24
 * the next block, counted from its guest's first. So a block alone does not tell the next: the caller says where its guest begins.
 */
export class BlockTable {
  private readonly words: Uint32Array; // [block]

  constructor(blocks: number) {
    this.words = new Uint32Array(blocks).fill(((NO_NODE << 24) | NO_NEXT) >>> 0);
  }

  /** Host node, or NONE when it is not backed. */
  nodeOf(block: number): number {
    const node = this.words[block]! >>> 24;
    return node === NO_NODE ? -1 : node;
  }

  setNode(block: number, node: number): void {
    this.words[block] = (this.words[block]! & NO_NEXT) | (node << 24);
  }

  /** The next block, or NONE. */
  nextOf(guestFirst: number, block: number): number {
    const next = this.words[block]! & NO_NEXT;
    return next === NO_NEXT ? -1 : guestFirst + next;
  }

  setNext(guestFirst: number, block: number, next: number): void {
    const node = this.words[block]! & ~NO_NEXT;
    this.words[block] = node | (next < 0 ? NO_NEXT : next - guestFirst);
  }
}
