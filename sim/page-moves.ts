import { assert } from './assert.ts';

/** What a copy is for. */
export const COPY_MOVE = 0;
export const COPY_RETURN = 1; //  a move back, revertAfterNs after the last
export const COPY_REPLICA = 2; // the block stays where it is as well
export const COPY_MERGE = 3; //   the blocks of a split mapping become one again

/** Copies that may wait at a time, over the whole host. What is asked for beyond is refused. */
const MOST_WAITING = 1 << 15;

/**
 * Which blocks are to be copied, by whom, and what is remembered of their moves: a queue of copies for each vCPU (of a guest after a hint
 * fault, or of a kernel thread), orders to empty a node of a guest (migrate_pages), when each block was moved last, and where those belong
 * that are away for a time only.
 */
export class PageMoves {
  readonly isWaiting: Uint8Array; //   [block] a copy of it waits or is under way
  readonly movedNs: Float64Array; //   [block] when it was moved last; -Infinity for never
  readonly origin: Int16Array; //      [block] node it goes back to, or NONE
  readonly returns: Returns = new Returns();
  /** [node] orders that the kernel thread of that node works off, oldest first. */
  readonly orders: Order[][];
  readonly isOrderTimed: Uint8Array; // [node] a timer is set for its orders to go on
  roomBytes = 0; //                    what the policy's rate allows now, as of roomSinceNs
  roomSinceNs = 0;
  private readonly head: Int32Array; //  [vcpu] its first waiting copy, or NONE
  private readonly tail: Int32Array; //  [vcpu]
  private readonly guest: Int32Array; // [copy]
  private readonly block: Int32Array; // [copy]
  private readonly to: Int16Array; //    [copy]
  private readonly kind: Uint8Array; //  [copy]
  private readonly next: Int32Array; //  [copy] the one after it in its queue or in the list of free ones
  private free = 0;

  constructor(blocks: number, vcpus: number, nodes: number) {
    this.isWaiting = new Uint8Array(blocks);
    this.movedNs = new Float64Array(blocks).fill(-Infinity);
    this.origin = new Int16Array(blocks).fill(-1);
    this.orders = Array.from({ length: nodes }, () => []);
    this.isOrderTimed = new Uint8Array(nodes);
    this.head = new Int32Array(vcpus).fill(-1);
    this.tail = new Int32Array(vcpus).fill(-1);
    this.guest = new Int32Array(MOST_WAITING);
    this.block = new Int32Array(MOST_WAITING);
    this.to = new Int16Array(MOST_WAITING);
    this.kind = new Uint8Array(MOST_WAITING);
    this.next = Int32Array.from({ length: MOST_WAITING }, (_, copy) => (copy + 1 < MOST_WAITING ? copy + 1 : -1));
  }

  get isFull(): boolean {
    return this.free < 0;
  }

  push(vcpu: number, guest: number, block: number, to: number, kind: number): void {
    const copy = this.free;
    assert(copy >= 0, 'more copies wait than there is room for');
    this.free = this.next[copy]!;
    this.guest[copy] = guest;
    this.block[copy] = block;
    this.to[copy] = to;
    this.kind[copy] = kind;
    this.next[copy] = -1;
    if (this.head[vcpu]! < 0) this.head[vcpu] = copy;
    else this.next[this.tail[vcpu]!] = copy;
    this.tail[vcpu] = copy;
  }

  /** First waiting copy of a vCPU, or NONE; read it with guestOf, blockOf, toOf and kindOf, then pop it. */
  first(vcpu: number): number {
    return this.head[vcpu]!;
  }
  guestOf(copy: number): number {
    return this.guest[copy]!;
  }
  blockOf(copy: number): number {
    return this.block[copy]!;
  }
  toOf(copy: number): number {
    return this.to[copy]!;
  }
  kindOf(copy: number): number {
    return this.kind[copy]!;
  }

  /** The waiting copy after this one, or NONE. */
  nextOf(copy: number): number {
    return this.next[copy]!;
  }

  pop(vcpu: number): void {
    const copy = this.head[vcpu]!;
    this.head[vcpu] = this.next[copy]!;
    this.next[copy] = this.free;
    this.free = copy;
  }
}

/** All of a guest's memory on one node is to go to another. */
export interface Order {
  readonly guest: number;
  readonly from: number;
  readonly to: number;
  /** The block up to which it has been done. */
  at: number;
}

/** Blocks that go back after a time that is the same for all: a ring, the earliest first. */
class Returns {
  private blocks = new Int32Array(64);
  private timesNs = new Float64Array(64);
  private first = 0;
  private count = 0;

  get nextNs(): number {
    return this.count > 0 ? this.timesNs[this.first]! : Infinity;
  }

  push(block: number, dueNs: number): void {
    if (this.count === this.blocks.length) this.grow();
    const at = (this.first + this.count++) % this.blocks.length;
    this.blocks[at] = block;
    this.timesNs[at] = dueNs;
  }

  pop(): number {
    const block = this.blocks[this.first]!;
    this.first = (this.first + 1) % this.blocks.length;
    this.count--;
    return block;
  }

  private grow(): void {
    const { length } = this.blocks;
    const blocks = new Int32Array(2 * length);
    const timesNs = new Float64Array(2 * length);
    for (let i = 0; i < this.count; i++) {
      blocks[i] = this.blocks[(this.first + i) % length]!;
      timesNs[i] = this.timesNs[(this.first + i) % length]!;
    }
    this.blocks = blocks;
    this.timesNs = timesNs;
    this.first = 0;
  }
}
