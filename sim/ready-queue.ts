/**
 * The ready tasks of all guests: for each queue, one a virtual node of a guest, a binary heap, least virtual time first, equal times in
 * the order in which they came, so that no result depends on the container. A queue's heap is a stretch of `heap` that all its guest's
 * tasks fit in.
 */
export class ReadyQueue {
  readonly virtualNs: Float64Array; //     [T] CPU time of a task, as its guest's scheduler counts it; may change while it is not queued
  readonly lengths: Int32Array; //         [Q]
  private readonly heap: Int32Array; //    tasks
  private readonly arrival: Float64Array; // [T] when it was queued, as a count
  private readonly first: Int32Array; //   [Q] start of its heap
  private arrivals = 0;

  /** @param starts [queue] start of its stretch, of `size` places in all */
  constructor(taskCount: number, starts: readonly number[], size: number = taskCount) {
    this.virtualNs = new Float64Array(taskCount);
    this.lengths = new Int32Array(starts.length);
    this.heap = new Int32Array(size);
    this.arrival = new Float64Array(taskCount);
    this.first = Int32Array.from(starts);
  }

  /** The task whose turn is next, or NONE. */
  head(queue: number): number {
    return this.lengths[queue]! > 0 ? this.heap[this.first[queue]!]! : -1;
  }

  /** The tasks of a queue, in no order: for checks. */
  members(queue: number): Int32Array {
    return this.heap.subarray(this.first[queue], this.first[queue]! + this.lengths[queue]!);
  }

  push(queue: number, task: number): void {
    const { heap } = this;
    const first = this.first[queue]!;
    let slot = this.lengths[queue]!++;
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
  pop(queue: number): number {
    const { heap } = this;
    const first = this.first[queue]!;
    const length = --this.lengths[queue]!;
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

/** A queue for each virtual node that a guest believes in, with room for all its tasks. */
export function readyQueueOf(
  taskCount: number,
  guests: readonly { readonly taskCount: number; readonly topology: { readonly vnodes: number } }[],
): ReadyQueue {
  const starts: number[] = [];
  let size = 0;
  for (const guest of guests) {
    for (let vnode = 0; vnode < guest.topology.vnodes; vnode++, size += guest.taskCount) starts.push(size);
  }
  return new ReadyQueue(taskCount, starts, size);
}
