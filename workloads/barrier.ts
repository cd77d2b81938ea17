import type { GuestCalls } from '../sim/workload-api.ts';

/** Where the tasks of a program wait for each other, again and again. Guards that the last one wakes all that came before it. */
export class Barrier {
  private readonly parties: number;
  private readonly waiting: Int32Array;
  private waitingCount = 0;
  private arrivedCount = 0;

  constructor(parties: number) {
    this.parties = parties;
    this.waiting = new Int32Array(parties);
  }

  /** True for the last task: the others go on. False for all before it: they must block, and are woken then. */
  arrive(task: number, calls: GuestCalls): boolean {
    if (this.pass(calls)) return true;
    this.waiting[this.waitingCount++] = task;
    return false;
  }

  /** Counts a task that will not wait. True for the last. */
  pass(calls: GuestCalls): boolean {
    if (++this.arrivedCount < this.parties) return false;
    this.release(calls);
    return true;
  }

  /** Lets all go that wait, whoever is missing. */
  release(calls: GuestCalls): void {
    this.arrivedCount = 0;
    while (this.waitingCount > 0) calls.wake(this.waiting[--this.waitingCount]!);
  }
}
