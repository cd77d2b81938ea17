import { assert } from './assert.ts';

/** What a timer does, in the order in which timers of one instant fire. */
export const TIMER_TASK_WAKE = 0; // id: task
export const TIMER_GUEST_START = 1; // id: guest
export const TIMER_ARRIVAL = 2; // id: guest
export const TIMER_TICK = 3;
export const TIMER_POLICY = 4; // id: the policy's n-th timer
export const TIMER_WATCH = 5;
export const TIMER_DRIFT = 6; // id: region whose heat moves on
export const TIMER_ADMIT = 7; // id: guest that comes to the host
export const TIMER_DEPART = 8; // id: guest
export const TIMER_HOTPLUG = 9; // id: the scenario's n-th event
export const TIMER_DAEMON = 10; // id: the policy's n-th daemon
export const TIMER_PLAN = 11;
export const TIMER_RETURN = 12; // blocks that were moved for a time
export const TIMER_ORDER = 13; //  id: node whose kernel thread goes on moving
export const TIMER_VNODES = 14; // id: guest whose virtual nodes the host ceases to keep

/**
 * Future timed events: a binary heap in parallel typed arrays, slot 0 first out, in the total order (time, kind, id), so that no
 * result ever depends on the container. Each entity has at most one timer of a kind, so the size is known in advance.
 */
export class Timers {
  length = 0;
  private readonly timesNs: Float64Array;
  private readonly kinds: Uint8Array;
  private readonly ids: Int32Array;

  constructor(capacity: number) {
    this.timesNs = new Float64Array(capacity);
    this.kinds = new Uint8Array(capacity);
    this.ids = new Int32Array(capacity);
  }

  get nextTimeNs(): number {
    return this.length > 0 ? this.timesNs[0]! : Infinity;
  }

  get nextKind(): number {
    return this.kinds[0]!;
  }

  get nextId(): number {
    return this.ids[0]!;
  }

  push(timeNs: number, kind: number, id: number): void {
    assert(Number.isSafeInteger(timeNs), 'timer time is not a whole nanosecond');
    assert(this.length < this.timesNs.length, 'more timers than entities');
    const { timesNs, kinds, ids } = this;
    let slot = this.length++;
    while (slot > 0) {
      const parent = (slot - 1) >> 1;
      if (!this.isBefore(timeNs, kind, id, parent)) break;
      timesNs[slot] = timesNs[parent]!;
      kinds[slot] = kinds[parent]!;
      ids[slot] = ids[parent]!;
      slot = parent;
    }
    timesNs[slot] = timeNs;
    kinds[slot] = kind;
    ids[slot] = id;
  }

  /** Removes the first timer; read it before with nextTimeNs, nextKind, nextId. */
  pop(): void {
    const { timesNs, kinds, ids } = this;
    const last = --this.length;
    const timeNs = timesNs[last]!;
    const kind = kinds[last]!;
    const id = ids[last]!;
    let slot = 0;
    for (;;) {
      let child = 2 * slot + 1;
      if (child >= last) break;
      if (child + 1 < last && this.isBefore(timesNs[child + 1]!, kinds[child + 1]!, ids[child + 1]!, child)) child++;
      if (this.isBefore(timeNs, kind, id, child)) break;
      timesNs[slot] = timesNs[child]!;
      kinds[slot] = kinds[child]!;
      ids[slot] = ids[child]!;
      slot = child;
    }
    timesNs[slot] = timeNs;
    kinds[slot] = kind;
    ids[slot] = id;
  }

  private isBefore(timeNs: number, kind: number, id: number, slot: number): boolean {
    const otherNs = this.timesNs[slot]!;
    if (timeNs !== otherNs) return timeNs < otherNs;
    const otherKind = this.kinds[slot]!;
    return kind !== otherKind ? kind < otherKind : id < this.ids[slot]!;
  }
}
