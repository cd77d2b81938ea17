/**
 * The ready tasks of all guests: for each guest a binary heap, least virtual time first, equal times in the order in which they came, so
 * that no result depends on the container. A guest's heap is the stretch of `heap` that its tasks have in the numbering of tasks.
 */
export class ReadyQueue {
  readonly virtualNs: Float64Array; //     [T] CPU time of a task, as its guest's scheduler counts it; may change while it is not queued
  readonly lengths: Int32Array; //         [G]
  private readonly heap: Int32Array; //    [T] tasks
  private readonly arrival: Float64Array; // [T] when it was queued, as a count
  private readonly first: Int32Array; //   [G] start of its heap
  private arrivals = 0;

  constructor(taskCount: number, firstTasks: readonly number[]) {
    this.virtualNs = new Float64Array(taskCount);
    this.lengths = new Int32Array(firstTasks.length);
    this.heap = new Int32Array(taskCount);
    this.arrival = new Float64Array(taskCount);
    this.first = Int32Array.from(firstTasks);
  }

  /** The task whose turn is next, or NONE. */
  head(guest: number): number {
    return this.lengths[guest]! > 0 ? this.heap[this.first[guest]!]! : -1;
  }

  /** The tasks of a guest's queue, in no order: for checks. */
  members(guest: number): Int32Array {
    return this.heap.subarray(this.first[guest], this.first[guest]! + this.lengths[guest]!);
  }

  push(guest: number, task: number): void {
    const { heap } = this;
    const first = this.first[guest]!;
    let slot = this.lengths[guest]!++;
    this.arrival[task] = this.arrivals++;
    while (slot > 0) {
      const parent = (slot - 1) >> 1;
      const other = heap[first + parent]!;
      if (!this.isBefore(task, other)) break;
      heap[first + slot] = other;
      slot = parent;
    }
    heap[first + slot] = task;
  }

  /** Removes and returns the task whose turn is next; there must be one. */
  pop(guest: number): number {
    const { heap } = this;
    const first = this.first[guest]!;
    const length = --this.lengths[guest]!;
    const head = heap[first]!;
    const last = heap[first + length]!;
    let slot = 0;
    for (let child = 1; child < length; child = 2 * slot + 1) {
      if (child + 1 < length && this.isBefore(heap[first + child + 1]!, heap[first + child]!)) child++;
      if (this.isBefore(last, heap[first + child]!)) break;
      heap[first + slot] = heap[first + child]!;
      slot = child;
    }
    heap[first + slot] = last;
    return head;
  }

  private isBefore(a: number, b: number): boolean {
    const difference = this.virtualNs[a]! - this.virtualNs[b]!;
    return difference !== 0 ? difference < 0 : this.arrival[a]! < this.arrival[b]!;
  }
}
