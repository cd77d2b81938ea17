import {
  RENICE,
  SWITCH,
  TASK_LEAVE,
  TASK_ON,
  TRACE_WIDTH,
  type TraceEvents,
  type TraceLook,
  type TraceSink,
  type TraceTable,
} from '../sim/trace-events.ts';

/**
 * Passes on what happens in [fromNs, toNs) of a run, and ends the run after that. What runs where at `fromNs`, and with which weight, is
 * told first, as if it began then, so that a sink need not know what was before.
 */
export class TraceWindow implements TraceSink {
  isDone = false;
  /** Rows passed on. */
  eventCount = 0;
  lookCount = 0;
  private readonly sink: TraceSink;
  private readonly fromNs: number;
  private readonly toNs: number;
  private isOpen = false;
  private current = new Int32Array(0); // [cpu] vCPU that runs there before the window, or NONE
  private task = new Int32Array(0); //    [vcpu] likewise its task,
  private weight = new Int32Array(0); //  [vcpu] and its weight, 0 for that of the table

  constructor(sink: TraceSink, fromNs: number, toNs: number) {
    this.sink = sink;
    this.fromNs = fromNs;
    this.toNs = toNs;
  }

  begin(table: TraceTable): void {
    this.current = new Int32Array(table.cpuNode.length).fill(-1);
    this.task = new Int32Array(table.vcpuGuest.length).fill(-1);
    this.weight = new Int32Array(table.vcpuGuest.length);
    this.sink.begin(table);
  }

  events({ count, timesNs, rows }: TraceEvents): void {
    let first = 0;
    for (; first < count && timesNs[first]! < this.fromNs; first++) this.follow(rows, first * TRACE_WIDTH);
    if (first === count) return;
    this.open();
    let end = count;
    if (timesNs[count - 1]! >= this.toNs) {
      this.isDone = true;
      while (end > first && timesNs[end - 1]! >= this.toNs) end--;
    }
    this.pass({ count: end - first, timesNs: timesNs.subarray(first, end), rows: rows.subarray(first * TRACE_WIDTH, end * TRACE_WIDTH) });
  }

  look(look: TraceLook): void {
    if (look.atNs >= this.toNs) this.isDone = true;
    if (look.atNs - look.spanNs < this.fromNs || look.atNs > this.toNs) return;
    this.open();
    this.lookCount++;
    this.sink.look(look);
  }

  end(atNs: number): void {
    if (atNs >= this.fromNs) this.open();
    this.sink.end(Math.min(atNs, this.toNs));
  }

  private follow(rows: Int32Array, at: number): void {
    if (rows[at] === SWITCH) this.current[rows[at + 1]!] = rows[at + 4]!;
    else if (rows[at] === TASK_ON) this.task[rows[at + 2]!] = rows[at + 1]!;
    else if (rows[at] === RENICE) this.weight[rows[at + 1]!] = rows[at + 2]!;
    else if (rows[at] === TASK_LEAVE && rows[at + 2]! >= 0) this.task[rows[at + 2]!] = -1;
  }

  private open(): void {
    if (this.isOpen) return;
    this.isOpen = true;
    const rows: number[] = [];
    this.weight.forEach((weight, vcpu) => weight > 0 && rows.push(RENICE, vcpu, weight, 0, 0, 0));
    this.task.forEach((task, vcpu) => task >= 0 && rows.push(TASK_ON, task, vcpu, 0, 0, 0));
    this.current.forEach((vcpu, cpu) => vcpu >= 0 && rows.push(SWITCH, cpu, -1, 0, vcpu, 0));
    const count = rows.length / TRACE_WIDTH;
    this.pass({ count, timesNs: new Float64Array(count).fill(this.fromNs), rows: Int32Array.from(rows) });
  }

  private pass(events: TraceEvents): void {
    this.eventCount += events.count;
    if (events.count > 0) this.sink.events(events);
  }
}
