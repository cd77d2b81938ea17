/** What is counted of each guest since its books began: record.ts reads it. */
export class GuestCounters {
  readonly hopLines: Float64Array; //    [guest * 4]
  readonly migrations: Float64Array; //  [guest * 4] by what the two CPUs share: core, node, socket, nothing
  readonly pageMoves: Float64Array; //   [guest] blocks moved; of them, moved back after a time
  readonly pageReturns: Float64Array;
  readonly pageReplicas: Float64Array;
  readonly failedMoves: Float64Array; // [guest] the target was full
  readonly hintFaults: Float64Array;
  readonly samples: Float64Array;
  readonly contextSwitches: Float64Array;
  readonly userNs: Float64Array;
  readonly sysNs: Float64Array;
  readonly workDone: Float64Array;
  readonly wakes: Float64Array;
  readonly delayedWakes: Float64Array; // [guest] of these, that did not get a CPU at the same instant
  readonly wakeWaitNs: Float64Array; //   [guest] how long they waited
  readonly completions: Float64Array; //  [guest] tasks that ended

  constructor(guests: number) {
    this.hopLines = new Float64Array(guests * 4);
    this.migrations = new Float64Array(guests * 4);
    this.pageMoves = new Float64Array(guests);
    this.pageReturns = new Float64Array(guests);
    this.pageReplicas = new Float64Array(guests);
    this.failedMoves = new Float64Array(guests);
    this.hintFaults = new Float64Array(guests);
    this.samples = new Float64Array(guests);
    this.contextSwitches = new Float64Array(guests);
    this.userNs = new Float64Array(guests);
    this.sysNs = new Float64Array(guests);
    this.workDone = new Float64Array(guests);
    this.wakes = new Float64Array(guests);
    this.delayedWakes = new Float64Array(guests);
    this.wakeWaitNs = new Float64Array(guests);
    this.completions = new Float64Array(guests);
  }

  clear(guest: number): void {
    const guests = this.pageMoves.length;
    for (const counter of Object.values(this) as Float64Array[]) {
      const each = counter.length / guests;
      counter.fill(0, guest * each, (guest + 1) * each);
    }
  }
}
