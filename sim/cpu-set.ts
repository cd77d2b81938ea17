/**
 * A set of CPUs that is emptied in order: by id, or by the order drawn for this instant. Bits in words, so that looking for the
 * next of few members does not look at every CPU.
 */
export class CpuSet {
  private readonly words: Int32Array;
  private readonly order: Int32Array; // [rank] CPU
  private readonly rank: Int32Array; //  [CPU]

  /** @param order CPUs in the order in which they are taken; may only change while the set is empty, followed by reorder() */
  constructor(order: Int32Array) {
    this.words = new Int32Array((order.length + 31) >>> 5);
    this.order = order;
    this.rank = new Int32Array(order.length);
    this.reorder();
  }

  reorder(): void {
    for (let rank = 0; rank < this.order.length; rank++) this.rank[this.order[rank]!] = rank;
  }

  add(cpu: number): void {
    const rank = this.rank[cpu]!;
    this.words[rank >>> 5]! |= 1 << (rank & 31);
  }

  delete(cpu: number): void {
    const rank = this.rank[cpu]!;
    this.words[rank >>> 5]! &= ~(1 << (rank & 31));
  }

  has(cpu: number): boolean {
    const rank = this.rank[cpu]!;
    return (this.words[rank >>> 5]! & (1 << (rank & 31))) !== 0;
  }

  get isEmpty(): boolean {
    for (let at = 0; at < this.words.length; at++) if (this.words[at] !== 0) return false;
    return true;
  }

  /** Removes the first CPU and returns it; NONE when the set is empty. */
  take(): number {
    const { words } = this;
    for (let at = 0; at < words.length; at++) {
      const bits = words[at]!;
      if (bits === 0) continue;
      const lowest = bits & -bits;
      words[at] = bits ^ lowest;
      return this.order[(at << 5) + 31 - Math.clz32(lowest)]!;
    }
    return -1;
  }
}
