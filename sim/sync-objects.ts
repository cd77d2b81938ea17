import { assert } from './assert.ts';
import type { GuestProgram } from './workload-api.ts';

/** Kinds of what tasks wait for: places in `first`. */
export const LOCKS = 0;
export const BARRIERS = 1;
export const SEMAPHORES = 2;
export const CONDITIONS = 3;
const KINDS = 4;

/**
 * What tasks wait for, of all guests: locks, barriers, semaphores and conditions, then the end of each task. Each has those who wait in a
 * list, first come first out; a task waits for one thing at a time, so one link a task is enough.
 */
export class SyncObjects {
  readonly value: Int32Array; //        [object] lock: the task that holds it or NONE; barrier: how many have come; semaphore: its count
  readonly size: Int32Array; //         [object] barrier: how many must come
  readonly heldLock: Int32Array; //     [T] the lock that a task which waits for a condition has given up
  private readonly first: Int32Array; // [G * 4 + kind] first object; the next entry is where they end
  private readonly head: Int32Array; // [object, then T] who has waited longest, or NONE
  private readonly tail: Int32Array;
  private readonly link: Int32Array; // [T] who waits next for the same
  private readonly objects: number;

  constructor(programs: readonly GuestProgram[], taskCount: number) {
    const counts = programs.flatMap(({ locks = 0, barriers = [], semaphores = [], conditions = 0 }) => [
      locks,
      barriers.length,
      semaphores.length,
      conditions,
    ]);
    this.first = new Int32Array(counts.length + 1);
    counts.forEach((count, i) => (this.first[i + 1] = this.first[i]! + count));
    this.objects = this.first[counts.length]!;
    this.value = new Int32Array(this.objects);
    this.size = new Int32Array(this.objects);
    programs.forEach(({ barriers = [], semaphores = [] }, guest) => {
      this.value.fill(-1, this.first[guest * KINDS + LOCKS], this.first[guest * KINDS + BARRIERS]);
      this.size.set(barriers, this.first[guest * KINDS + BARRIERS]);
      this.value.set(semaphores, this.first[guest * KINDS + SEMAPHORES]);
    });
    this.heldLock = new Int32Array(taskCount).fill(-1);
    this.head = new Int32Array(this.objects + taskCount).fill(-1);
    this.tail = new Int32Array(this.objects + taskCount).fill(-1);
    this.link = new Int32Array(taskCount).fill(-1);
  }

  /** The object that a program of the guest means by `number`. */
  object(guest: number, kind: number, number: number): number {
    const at = guest * KINDS + kind;
    const object = this.first[at]! + number;
    assert(number >= 0 && object < this.first[at + 1]!, 'program names a lock, barrier, semaphore or condition it has not declared');
    return object;
  }

  /** What waits for the end of a task. */
  endOf(task: number): number {
    return this.objects + task;
  }

  hasWaiter(object: number): boolean {
    return this.head[object] !== -1;
  }

  addWaiter(object: number, task: number): void {
    this.link[task] = -1;
    if (this.head[object] === -1) this.head[object] = task;
    else this.link[this.tail[object]!] = task;
    this.tail[object] = task;
  }

  /** Who has waited longest, taken off the list; NONE when nobody waits. */
  takeWaiter(object: number): number {
    const task = this.head[object]!;
    if (task >= 0) this.head[object] = this.link[task]!;
    return task;
  }
}
