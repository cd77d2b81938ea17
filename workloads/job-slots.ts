import { NONE } from '../sim/units.ts';
import type { GuestCalls } from '../sim/workload-api.ts';
import type { BuildGraph } from './build-graph.ts';

/**
 * make's job server: which jobs are ready and which slots wait for one. Guards that no wake-up is lost: once open, a slot waits only
 * when no job is ready, and a job that becomes ready (at most one a finish, as the graph is a tree) goes to the slot that finished.
 */
export class JobSlots {
  private readonly graph: BuildGraph;
  /** Ready jobs, the next one on top. An archive goes on top when its objects are made, before the objects of later directories. */
  private readonly ready: Int32Array;
  private readonly needs: Int32Array;
  private readonly waiting: Int32Array;
  private readyCount = 0;
  private waitingCount = 0;
  private isOpen = false;
  isOver = false;
  finishedCount = 0;

  constructor(graph: BuildGraph, slotCount: number) {
    this.graph = graph;
    this.ready = new Int32Array(graph.jobCount);
    this.needs = Int32Array.from(graph.needs);
    this.waiting = new Int32Array(slotCount);
    for (let job = graph.jobCount - 1; job >= 0; job--) if (graph.needs[job] === 0) this.ready[this.readyCount++] = job;
  }

  /** Until then no job is handed out. One ready job is for the slot that calls this, the others are for those that wait. */
  open(calls: GuestCalls): void {
    this.isOpen = true;
    for (let spare = this.readyCount - 1; spare > 0 && this.waitingCount > 0; spare--) this.wakeOne(calls);
  }

  /** The next job for a slot, or NONE: then it must block until it is woken, or end if the build is over. */
  take(slot: number): number {
    if (this.isOver) return NONE;
    if (!this.isOpen || this.readyCount === 0) {
      this.waiting[this.waitingCount++] = slot;
      return NONE;
    }
    return this.ready[--this.readyCount]!;
  }

  /** The slot that calls this must take its next job right after. */
  finish(job: number, calls: GuestCalls): void {
    this.finishedCount++;
    const dependant = this.graph.dependant[job]!;
    if (dependant === NONE) this.end(calls);
    else if (--this.needs[dependant]! === 0) this.ready[this.readyCount++] = dependant;
  }

  /** Ends the build, finished or not, and sends every waiting slot home. */
  end(calls: GuestCalls): void {
    this.isOver = true;
    while (this.waitingCount > 0) this.wakeOne(calls);
  }

  private wakeOne(calls: GuestCalls): void {
    calls.wake(this.waiting[--this.waitingCount]!);
  }
}
