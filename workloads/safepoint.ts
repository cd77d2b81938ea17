import type { GuestCalls } from '../sim/workload-api.ts';

/**
 * Where the threads of a runtime stop for a collection. Guards that it starts when no thread runs the program any more, with exactly
 * one to do it, and that all that stopped are woken after it. Threads asleep count as stopped; they may wake but not go on.
 */
export class Safepoint {
  private readonly waiting: Int32Array;
  private waitingCount = 0;
  private runningCount: number;
  isWanted = false;

  constructor(threads: number) {
    this.waiting = new Int32Array(threads);
    this.runningCount = threads;
  }

  /** A running thread has seen that it is wanted. True for the last: it collects. False for the others: they must block. */
  stop(task: number): boolean {
    if (--this.runningCount === 0) return true;
    this.waiting[this.waitingCount++] = task;
    return false;
  }

  /** The thread that collected is done: all go on. */
  release(calls: GuestCalls): void {
    this.isWanted = false;
    this.runningCount = 1 + this.waitingCount;
    while (this.waitingCount > 0) calls.wake(this.waiting[--this.waitingCount]!);
  }

  /** A running thread goes to sleep; not while a collection is wanted, as it might be the last to stop. */
  sleep(): void {
    this.runningCount--;
  }

  /** A thread has slept. False when it must block, because of a collection. */
  wake(task: number): boolean {
    if (!this.isWanted) {
      this.runningCount++;
      return true;
    }
    this.waiting[this.waitingCount++] = task;
    return false;
  }
}
