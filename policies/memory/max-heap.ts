/** Small numbers in the order of their keys: the largest key first, ties by number. A binary heap in arrays of a fixed length. */
export class MaxHeap {
  size = 0;
  private readonly ids: Int32Array;
  private readonly keys: Float64Array;

  constructor(capacity: number) {
    this.ids = new Int32Array(capacity);
    this.keys = new Float64Array(capacity);
  }

  clear(): void {
    this.size = 0;
  }

  push(id: number, key: number): void {
    let at = this.size++;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.isAhead(key, id, parent)) break;
      this.set(at, this.ids[parent]!, this.keys[parent]!);
      at = parent;
    }
    this.set(at, id, key);
  }

  /** Takes out the first. There must be one. */
  pop(): number {
    const top = this.ids[0]!;
    const last = --this.size;
    const [id, key] = [this.ids[last]!, this.keys[last]!];
    let at = 0;
    for (let child = 1; child < last; child = 2 * at + 1) {
      if (child + 1 < last && this.isAhead(this.keys[child + 1]!, this.ids[child + 1]!, child)) child++;
      if (this.isAhead(key, id, child)) break;
      this.set(at, this.ids[child]!, this.keys[child]!);
      at = child;
    }
    if (last > 0) this.set(at, id, key);
    return top;
  }

  private set(at: number, id: number, key: number): void {
    this.ids[at] = id;
    this.keys[at] = key;
  }

  private isAhead(key: number, id: number, other: number): boolean {
    const otherKey = this.keys[other]!;
    return key > otherKey || (key === otherKey && id < this.ids[other]!);
  }
}
