import { capacityGBps } from './machine.ts';
import { DEFAULT_WEIGHT } from './policy-api.ts';
import { TASK_SLEEPING, VCPU_BLOCKED, VCPU_RUNNABLE } from './states.ts';
import {
  AFFINITY,
  CPU_ONLINE,
  GUEST_ARRIVES,
  GUEST_DEPARTS,
  GUEST_MEASURED,
  RENICE,
  HINT_FAULT,
  MIGRATE,
  PAGE_MOVE,
  PAGE_REPLICA,
  SWITCH,
  TASK_LEAVE,
  TASK_ON,
  TASK_START,
  TASK_WAKE,
  TRACE_WIDTH,
  type TraceSink,
  type TraceTable,
  WAKING,
} from './trace-events.ts';
import { LinesSoFar, unitsUnderWay } from './under-way.ts';
import type { World } from './world.ts';

/** Rows kept before the sink gets them. */
const ROWS = 1 << 14;

/**
 * Follows a run event by event (trace-events.ts) and changes nothing of it; every so often it also looks at what the machine carries. Its
 * memory does not grow with the run: the sink takes what there is whenever the rows are full, before each look, and at the end.
 */
export class Tracer {
  /** When the next look is due; Infinity without looks. */
  nextLookNs: number;
  private readonly sink: TraceSink;
  private readonly everyNs: number;
  private world: World | null = null;
  private count = 0;
  private readonly timesNs = new Float64Array(ROWS);
  private readonly rows = new Int32Array(ROWS * TRACE_WIDTH);
  private current = new Int32Array(0); //  [cpu] vCPU that the last SWITCH told of, or NONE
  private place = new Int32Array(0); //    [vcpu] CPU on which that is, or NONE
  private waker = new Int32Array(0); //    [vcpu] vCPU whose task is about to wake it, or NONE
  private nextWaker = -1; //                 the same of the task that has just become ready
  private lines: LinesSoFar | null = null;
  private lookedNs = 0;
  private readonly before = { resourceBytes: new Float64Array(0), localLines: new Float64Array(0), remoteLines: new Float64Array(0) };
  private readonly since = { resourceBytes: new Float64Array(0), localLines: new Float64Array(0), remoteLines: new Float64Array(0) };

  /** @param lookEveryNs 0 for no looks */
  constructor(sink: TraceSink, lookEveryNs = 0) {
    this.sink = sink;
    this.everyNs = lookEveryNs;
    this.nextLookNs = lookEveryNs > 0 ? lookEveryNs : Infinity;
  }

  /** To be called before anything happens in the world. */
  begin(w: World): void {
    const { machine } = w.scenario;
    this.world = w;
    this.current = new Int32Array(machine.cpuCount).fill(-1);
    this.place = new Int32Array(w.vcpuState.length).fill(-1);
    this.waker = new Int32Array(w.vcpuState.length).fill(-1);
    this.lines = new LinesSoFar(machine);
    for (const sums of [this.before, this.since]) {
      sums.resourceBytes = new Float64Array(machine.resourceCount);
      sums.localLines = new Float64Array(machine.nodeCount);
      sums.remoteLines = new Float64Array(machine.nodeCount);
    }
    this.sink.begin(tableOf(w));
  }

  /** A vCPU starts on a CPU. `from` is the CPU it last ran on if that is another, with what the two share, else NONE. */
  started(w: World, cpu: number, vcpu: number, from: number, distance: number): void {
    const was = this.place[vcpu]!;
    if (was >= 0 && was !== cpu) this.switchTo(w, was, -1); // taken off at this instant, and that CPU has not chosen yet
    if (from >= 0) this.push(w.nowNs, MIGRATE, vcpu, from, cpu, distance, 0);
    if (was !== cpu) this.switchTo(w, cpu, vcpu);
  }

  /** A CPU has found nothing to run. */
  idles(w: World, cpu: number): void {
    if (this.current[cpu]! >= 0) this.switchTo(w, cpu, -1);
  }

  /** To be called before the vCPU is queued. */
  wakes(w: World, vcpu: number, lastCpu: number, cpu: number): void {
    const handler = w.wakerCpu[vcpu]! >= 0 ? w.wakerCpu[vcpu]! : lastCpu >= 0 ? lastCpu : cpu;
    this.push(w.nowNs, WAKING, vcpu, lastCpu, cpu, this.waker[vcpu]!, handler);
  }

  /** A task can run from now on; to be called while it still has the state it is woken from. */
  readies(w: World, task: number, wakerCpu: number): void {
    const isByHost = wakerCpu < 0 || w.taskState[task] === TASK_SLEEPING || w.copies.isMover[w.guests[w.taskGuest[task]!]!.firstVcpu] === 1;
    const waker = isByHost ? -1 : w.cpuVcpu[wakerCpu]!;
    this.push(w.nowNs, TASK_WAKE, task, waker < 0 ? -1 : w.vcpuTask[waker]!, 0, 0, 0);
    this.nextWaker = waker;
  }

  /** The task that `readies` told of last goes to a vCPU that must be woken. */
  wakesFor(vcpu: number): void {
    this.waker[vcpu] = this.nextWaker;
  }

  taskStarts(w: World, task: number): void {
    this.push(w.nowNs, TASK_START, task, 0, 0, 0, 0);
  }

  taskOn(w: World, task: number, vcpu: number, isSwitch: boolean): void {
    this.push(w.nowNs, TASK_ON, task, vcpu, isSwitch ? 1 : 0, 0, 0);
  }

  /** @param vcpu NONE for a task that is on none */
  taskLeaves(w: World, task: number, vcpu: number, state: number): void {
    this.push(w.nowNs, TASK_LEAVE, task, vcpu, state, 0, 0);
  }

  /** @param block of all guests' */
  pageMoved(w: World, guest: number, block: number, from: number, to: number, isReturn: boolean): void {
    this.push(w.nowNs, PAGE_MOVE, guest, block - w.memory.guestBlocks.first[guest]!, from, to, isReturn ? 1 : 0);
  }

  pageCopied(w: World, guest: number, block: number, node: number): void {
    this.push(w.nowNs, PAGE_REPLICA, guest, block - w.memory.guestBlocks.first[guest]!, w.memory.nodeOf(block), node, 0);
  }

  hintFault(w: World, guest: number, block: number, vcpu: number, cpu: number, isWrite: boolean): void {
    this.push(w.nowNs, HINT_FAULT, guest, block - w.memory.guestBlocks.first[guest]!, vcpu, cpu, isWrite ? 1 : 0);
  }

  guestArrives(w: World, guest: number): void {
    this.push(w.nowNs, GUEST_ARRIVES, guest, 0, 0, 0, 0);
  }

  guestDeparts(w: World, guest: number): void {
    this.push(w.nowNs, GUEST_DEPARTS, guest, 0, 0, 0, 0);
  }

  guestMeasured(w: World, guest: number): void {
    this.push(w.nowNs, GUEST_MEASURED, guest, 0, 0, 0, 0);
  }

  cpuOnline(w: World, cpu: number, isOnline: boolean): void {
    this.push(w.nowNs, CPU_ONLINE, cpu, isOnline ? 1 : 0, 0, 0, 0);
  }

  renice(w: World, vcpu: number): void {
    this.push(w.nowNs, RENICE, vcpu, kernelWeight(w.threads!.weight[vcpu]!), 0, 0, 0);
  }

  affinity(w: World, vcpu: number, mask: number, isSoft: boolean): void {
    this.push(w.nowNs, AFFINITY, vcpu, w.masks.counts[mask]!, isSoft ? 1 : 0, 0, 0);
  }

  /** To be called before time goes on to `toNs`: looks at all points up to then. */
  until(w: World, toNs: number): void {
    for (; this.nextLookNs <= toNs; this.nextLookNs += this.everyNs) this.look(w, this.nextLookNs);
  }

  /** To be called before the books are closed. */
  end(w: World): void {
    for (let cpu = 0; cpu < this.current.length; cpu++) {
      if (w.cpuVcpu[cpu] !== this.current[cpu]) this.switchTo(w, cpu, -1); // a policy's fault ended the run before it chose
    }
    if (this.everyNs > 0 && w.nowNs > this.lookedNs) this.look(w, w.nowNs);
    this.flush();
    this.sink.end(w.nowNs);
  }

  private switchTo(w: World, cpu: number, next: number): void {
    const previous = this.current[cpu]!;
    const isBlocked = previous >= 0 && w.vcpuState[previous] === VCPU_BLOCKED;
    this.push(w.nowNs, SWITCH, cpu, previous, previous >= 0 && !isBlocked ? VCPU_RUNNABLE : VCPU_BLOCKED, next, 0);
    if (previous >= 0) this.place[previous] = -1;
    if (next >= 0) this.place[next] = cpu;
    this.current[cpu] = next;
  }

  private look(w: World, atNs: number): void {
    const lines = this.lines!;
    const { before, since } = this;
    const nodes = w.scenario.machine.nodeCount;
    lines.take(w);
    for (let cpu = 0; cpu < w.cpuVcpu.length; cpu++) {
      const units = unitsUnderWay(w, cpu, atNs);
      if (units > 0) lines.add(w, cpu, units);
    }
    lines.bytesTo(since.resourceBytes, 0);
    for (let node = 0; node < nodes; node++) {
      let all = 0;
      for (let from = 0; from < nodes; from++) all += lines.pairLines[node * nodes + from]!;
      since.localLines[node] = lines.pairLines[node * nodes + node]!;
      since.remoteLines[node] = all - since.localLines[node]!;
    }
    subtract(since.resourceBytes, before.resourceBytes);
    subtract(since.localLines, before.localLines);
    subtract(since.remoteLines, before.remoteLines);
    this.flush();
    this.sink.look({ atNs, spanNs: atNs - this.lookedNs, ...since, guestNodeBlocks: w.memory.guestNodeBlocks });
    if (this.sink.isDone === true) w.endNs = Math.min(w.endNs, atNs);
    this.lookedNs = atNs;
  }

  private push(timeNs: number, kind: number, a: number, b: number, c: number, d: number, e: number): void {
    if (this.count === ROWS) this.flush();
    const { rows } = this;
    const at = this.count * TRACE_WIDTH;
    rows[at] = kind;
    rows[at + 1] = a;
    rows[at + 2] = b;
    rows[at + 3] = c;
    rows[at + 4] = d;
    rows[at + 5] = e;
    this.timesNs[this.count++] = timeNs;
  }

  private flush(): void {
    const { count, timesNs, rows } = this;
    this.count = 0;
    if (count > 0) this.sink.events({ count, timesNs, rows });
    if (this.sink.isDone === true) this.world!.endNs = this.world!.nowNs;
  }
}

/** Sums become what they have grown by, and are kept for the next time. */
function subtract(sums: Float64Array, before: Float64Array): void {
  for (let i = 0; i < sums.length; i++) {
    const sum = sums[i]!;
    sums[i] = Math.max(0, sum - before[i]!); // what is under way is known to a rounding error
    before[i] = sum;
  }
}

/** As the kernel counts them: 1024 for nice 0. */
function kernelWeight(weight: number): number {
  return Math.round((weight * 1024) / DEFAULT_WEIGHT);
}

function tableOf(w: World): TraceTable {
  const { machine, policy, seed, blockBytes } = w.scenario;
  return {
    machine: machine.spec.name,
    policy: policy.name,
    seed,
    cpuNode: machine.cpuNode,
    nodeCount: machine.nodeCount,
    resourceNames: machine.resourceNames,
    resourceKind: machine.resourceKind,
    capacityGBps: Float64Array.from({ length: machine.resourceCount }, (_, resource) => capacityGBps(machine, resource)),
    blockBytes,
    guests: w.guests.map(({ spec, program, boot, firstVcpu, vcpuCount, firstTask, taskCount, isThreaded, isHostNoise }) => ({
      name: spec.name,
      workload: spec.workload.name,
      kind: spec.kind,
      firstVcpu,
      vcpuCount,
      firstTask,
      taskCount,
      hasBoot: boot !== null,
      isThreaded,
      isHostNoise,
      ...(program.threads && { threads: program.threads.map(({ name, weight }) => ({ name, weight: kernelWeight(weight) })) }),
    })),
    vcpuGuest: w.vcpuGuest,
    taskGuest: w.taskGuest,
  };
}
