import { type GuestId, NONE } from '../../sim/units.ts';

/**
 * A bounded set of blocks of guests: each is given a slot, a small number under which its owner keeps what it counts of it in arrays of
 * its own. A hash table in chains, so that nothing is allocated after the start and finding, adding and removing take a constant time.
 */
export class BlockIndex {
  readonly capacity: number;
  size = 0;
  /** All slots in use are below this one; some of those below may be free. */
  end = 0;
  /** [slot] NONE where it is free. */
  readonly guest: Int32Array;
  readonly block: Int32Array;
  private readonly first: Int32Array; // [bucket] slot, or NONE
  private readonly next: Int32Array; //  [slot] the next of its bucket, or the next that is free, or NONE
  private freed: number = NONE; // the slot that was freed last

  constructor(capacity: number) {
    this.capacity = capacity;
    this.guest = new Int32Array(capacity).fill(NONE);
    this.block = new Int32Array(capacity);
    this.next = new Int32Array(capacity);
    this.first = new Int32Array(2 ** Math.ceil(Math.log2(capacity))).fill(NONE);
  }

  get isFull(): boolean {
    return this.size === this.capacity;
  }

  /** Slot of a block, or NONE. */
  find(guest: GuestId, block: number): number {
    let slot = this.first[this.bucket(guest, block)]!;
    while (slot !== NONE && (this.block[slot] !== block || this.guest[slot] !== guest)) slot = this.next[slot]!;
    return slot;
  }

  /** Slot for a block that has none, or NONE when all are taken. What the owner kept under it before is still there. */
  add(guest: GuestId, block: number): number {
    if (this.isFull) return NONE;
    const slot = this.freed === NONE ? this.end++ : this.freed;
    if (slot === this.freed) this.freed = this.next[slot]!;
    const bucket = this.bucket(guest, block);
    this.guest[slot] = guest;
    this.block[slot] = block;
    this.next[slot] = this.first[bucket]!;
    this.first[bucket] = slot;
    this.size++;
    return slot;
  }

  remove(slot: number): void {
    const bucket = this.bucket(this.guest[slot]!, this.block[slot]!);
    if (this.first[bucket] === slot) this.first[bucket] = this.next[slot]!;
    else {
      let before = this.first[bucket]!;
      while (this.next[before] !== slot) before = this.next[before]!;
      this.next[before] = this.next[slot]!;
    }
    this.guest[slot] = NONE;
    this.next[slot] = this.freed;
    this.freed = slot;
    this.size--;
  }

  clear(): void {
    this.guest.fill(NONE, 0, this.end);
    this.first.fill(NONE);
    this.size = 0;
    this.end = 0;
    this.freed = NONE;
  }

  /** Blocks that follow one another fall into buckets that do. */
  private bucket(guest: number, block: number): number {
    return (block + Math.imul(guest, 0x9e3779b1)) & (this.first.length - 1);
  }
}
