import type { TraceEvents, TraceLook, TraceSink, TraceTable } from '../../sim/trace-events.ts';
import type { WriteBytes } from './output-buffer.ts';
import { ANNOTATION, CLOCK, CLOCKS, EVENT, PACKET, TRACE, TYPE } from './perfetto-fields.ts';
import { PerfettoSched } from './perfetto-sched.ts';
import { type PerfettoTracks, SEQUENCE, short, writeTracks } from './perfetto-tracks.ts';
import { MOST_MESSAGE_BYTES, ProtobufWriter } from './protobuf.ts';
import {
  CPU_ONLINE,
  GUEST_ARRIVES,
  GUEST_DEPARTS,
  GUEST_MEASURED,
  HINT_FAULT,
  PAGE_MOVE,
  PAGE_REPLICA,
  RENICE,
  SWITCH,
  TASK_LEAVE,
  TASK_ON,
  TRACE_WIDTH,
  WAKING,
} from './trace-kinds.ts';
import { taskName, type TraceNames, traceNames } from './trace-names.ts';

/** An event has room in so many bytes: its longest parts are a name of a guest's task and three annotations. */
const EVENT_ROOM = 512;

/**
 * Writes a trace as Perfetto's protobuf (docs/trace.md says what is shown): a Trace of TracePackets, whose times are in ns since the run
 * began, on the default clock (BOOTTIME). Scheduling is perfetto-sched.ts, the rest are events of tracks. Fields: perfetto-fields.ts.
 */
export class PerfettoTrace implements TraceSink {
  private readonly writer: ProtobufWriter;
  private table: TraceTable | null = null;
  private names: TraceNames | null = null;
  private tracks: PerfettoTracks | null = null;
  private sched: PerfettoSched | null = null;
  private tasks: (Uint8Array | null)[] = []; //     [task] its name, once it has been on a vCPU
  private hasTask = new Uint8Array(0); //           [vcpu] 1 while a slice of one is open
  private isOn = new Uint8Array(0); //              [vcpu] 1 while a CPU runs it
  private lastCpu = new Int32Array(0); //           [vcpu]
  private isGone = new Uint8Array(0); //            [guest]
  private guestBlocks = new Int32Array(0); //       [guest * nodes + node] as last written
  private rates = new Float64Array(0); //           [resource] as last written
  private ratios = new Float64Array(0); //          [node] likewise
  private flows = 0;
  private hasBegun = false;

  constructor(write: WriteBytes) {
    this.writer = new ProtobufWriter(write);
  }

  /** Bytes so far. */
  get length(): number {
    return this.writer.out.length;
  }

  begin(table: TraceTable): void {
    const names = traceNames(table);
    this.table = table;
    this.names = names;
    this.tracks = writeTracks(this.writer, table, names);
    this.sched = new PerfettoSched(this.writer, names, table.cpuNode.length);
    this.tasks = new Array<Uint8Array | null>(table.taskGuest.length).fill(null);
    this.hasTask = new Uint8Array(names.vcpuTid.length);
    this.isOn = new Uint8Array(names.vcpuTid.length);
    this.lastCpu = new Int32Array(names.vcpuTid.length);
    this.rates = new Float64Array(table.resourceNames.length).fill(-1);
    this.ratios = new Float64Array(table.nodeCount).fill(-1);
    this.isGone = new Uint8Array(table.guests.length);
    this.guestBlocks = new Int32Array(table.guests.length * table.nodeCount);
  }

  events({ count, timesNs, rows }: TraceEvents): void {
    if (count > 0) this.begins(timesNs[0]!);
    for (let row = 0; row < count; row++) {
      const at = row * TRACE_WIDTH;
      const timeNs = timesNs[row]!;
      const a = rows[at + 1]!;
      const b = rows[at + 2]!;
      const c = rows[at + 3]!;
      switch (rows[at]) {
        case SWITCH:
          this.switched(timeNs, a, b, c, rows[at + 4]!);
          break;
        case WAKING:
          this.sched!.wakes(timeNs, a, c, rows[at + 4]!, rows[at + 5]!);
          break;
        case RENICE:
          this.sched!.reniced(a, b);
          break;
        case TASK_ON:
          this.taskOn(timeNs, a, b);
          break;
        case TASK_LEAVE:
          this.taskLeaves(timeNs, a, b);
          break;
        case PAGE_MOVE:
          row += this.pagesMoved(timesNs, rows, row, count) - 1;
          break;
        case PAGE_REPLICA:
          this.replicated(timeNs, a, b, c, rows[at + 4]!);
          break;
        case HINT_FAULT:
          this.instant(timeNs, this.tracks!.vcpuThread[c]!, HINT_FAULT_NAME, BLOCK_NAME, b);
          break;
        case CPU_ONLINE:
          this.instant(timeNs, this.tracks!.nodeMoves[this.table!.cpuNode[a]!]!, b === 1 ? ONLINE_NAME : OFFLINE_NAME, CPU_NAME, a);
          break;
        case GUEST_ARRIVES:
          this.instant(timeNs, this.tracks!.guestProcess[a]!, ARRIVES_NAME, null, 0);
          break;
        case GUEST_MEASURED:
          this.instant(timeNs, this.tracks!.guestProcess[a]!, MEASURED_NAME, null, 0);
          break;
        case GUEST_DEPARTS:
          this.departs(timeNs, a);
          break;
      }
    }
  }

  look({ atNs, spanNs, resourceBytes, localLines, remoteLines, guestNodeBlocks }: TraceLook): void {
    const { resources, nodeRemote, guestMemory } = this.tracks!;
    const fromNs = atNs - spanNs; // a counter keeps its value until the next
    this.begins(fromNs);
    for (let resource = 0; resource < resources.length; resource++) {
      const rate = resourceBytes[resource]! / spanNs;
      if (rate === this.rates[resource]) continue;
      this.rates[resource] = rate;
      this.counter(fromNs, resources[resource]!, rate);
    }
    for (let node = 0; node < nodeRemote.length; node++) {
      const lines = localLines[node]! + remoteLines[node]!;
      const ratio = lines > 0 ? remoteLines[node]! / lines : 0;
      if (ratio === this.ratios[node]) continue;
      this.ratios[node] = ratio;
      this.counter(fromNs, nodeRemote[node]!, ratio);
    }
    for (let place = 0; place < guestMemory.length; place++) {
      const blocks = guestNodeBlocks[place]!;
      if (guestMemory[place] === 0 || blocks === this.guestBlocks[place]) continue;
      this.guestBlocks[place] = blocks;
      this.counter(atNs, guestMemory[place]!, blocks * this.table!.blockBytes);
    }
  }

  end(atNs: number): void {
    this.begins(atNs);
    this.sched!.ends(atNs);
    this.hasTask.forEach((has, vcpu) => has === 1 && this.closeEvent(this.openEvent(atNs, this.tracks!.vcpuThread[vcpu]!, TYPE.end)));
    this.closeEvent(this.openEvent(atNs, this.tracks!.run, TYPE.end));
    this.writer.out.flush();
  }

  /** The run as a slice: what it was of, from the first instant that is told. */
  private begins(timeNs: number): void {
    if (this.hasBegun) return;
    this.hasBegun = true;
    this.sched!.begins(timeNs);
    this.clocks(timeNs);
    const { machine, policy, seed } = this.table!;
    this.writer.out.room(MOST_MESSAGE_BYTES);
    const packet = this.openEvent(timeNs, this.tracks!.run, TYPE.begin);
    this.writer.text(EVENT.name, short(`${policy} on ${machine}`));
    for (const [name, value] of Object.entries({ machine, policy, seed })) {
      const annotation = this.writer.open(EVENT.annotations);
      this.writer.text(ANNOTATION.name, name);
      this.writer.text(ANNOTATION.text, short(value));
      this.writer.close(annotation);
    }
    this.closeEvent(packet);
  }

  /** The machine is never suspended: MONOTONIC, by which standard modules measure time awake, is BOOTTIME. */
  private clocks(timeNs: number): void {
    const { writer } = this;
    const packet = this.openPacket(timeNs);
    const snapshot = writer.open(PACKET.clockSnapshot);
    for (const id of [CLOCK.boottime, CLOCK.monotonic]) {
      const clock = writer.open(CLOCKS.clock);
      writer.number(CLOCK.id, id);
      writer.number(CLOCK.timestamp, timeNs);
      writer.close(clock);
    }
    writer.close(snapshot);
    writer.close(packet);
  }

  private switched(timeNs: number, cpu: number, previous: number, state: number, next: number): void {
    const isGone = previous >= 0 && this.isGone[this.table!.vcpuGuest[previous]!] === 1;
    this.sched!.switches(timeNs, cpu, previous, state, next, isGone);
    if (previous >= 0) this.isOn[previous] = 0;
    if (isGone) this.sched!.frees(timeNs, previous, cpu);
    if (next < 0) return;
    this.isOn[next] = 1;
    this.lastCpu[next] = cpu;
  }

  private departs(timeNs: number, guest: number): void {
    const { firstVcpu, vcpuCount } = this.table!.guests[guest]!;
    this.isGone[guest] = 1;
    this.instant(timeNs, this.tracks!.guestProcess[guest]!, DEPARTS_NAME, null, 0);
    for (let vcpu = firstVcpu; vcpu < firstVcpu + vcpuCount; vcpu++) {
      if (this.isOn[vcpu] === 0) this.sched!.frees(timeNs, vcpu, this.lastCpu[vcpu]!); // others when they leave their CPUs
    }
  }

  private taskOn(timeNs: number, task: number, vcpu: number): void {
    const guest = this.table!.guests[this.table!.vcpuGuest[vcpu]!]!;
    if (guest.isThreaded) return;
    const name = (this.tasks[task] ??= utf8.encode(taskName(guest, task)));
    const packet = this.openEvent(timeNs, this.tracks!.vcpuThread[vcpu]!, TYPE.begin);
    this.writer.bytes(EVENT.name, name);
    this.closeEvent(packet);
    this.hasTask[vcpu] = 1;
  }

  private taskLeaves(timeNs: number, task: number, vcpu: number): void {
    if (vcpu < 0 || this.table!.guests[this.table!.taskGuest[task]!]!.isThreaded) return;
    this.closeEvent(this.openEvent(timeNs, this.tracks!.vcpuThread[vcpu]!, TYPE.end));
    this.hasTask[vcpu] = 0;
  }

  /** Blocks that move together are one event at the node they leave and one at that they come to, with an arrow. @returns how many rows */
  private pagesMoved(timesNs: Float64Array, rows: Int32Array, first: number, count: number): number {
    const at = first * TRACE_WIDTH;
    let end = first + 1;
    while (end < count && timesNs[end] === timesNs[first] && isAlike(rows, at, end * TRACE_WIDTH)) end++;
    const name = rows[at + 5] === 1 ? RETURN_NAME : MOVE_NAME;
    this.flow(timesNs[first]!, rows[at + 3]!, rows[at + 4]!, name, rows[at + 1]!, end - first);
    return end - first;
  }

  private replicated(timeNs: number, guest: number, _block: number, from: number, to: number): void {
    this.flow(timeNs, from, to, REPLICA_NAME, guest, 1);
  }

  private flow(timeNs: number, from: number, to: number, name: Uint8Array, guest: number, blocks: number): void {
    const { nodeMoves } = this.tracks!;
    this.flows++;
    for (const node of [from, to]) {
      const packet = this.openEvent(timeNs, nodeMoves[node]!, TYPE.instant);
      this.writer.bytes(EVENT.name, name);
      this.writer.fixed64(EVENT.flow, this.flows);
      this.annotate(GUEST_NAME, this.names!.guestPid[guest]!);
      this.annotate(BYTES_NAME, blocks * this.table!.blockBytes);
      this.closeEvent(packet);
    }
  }

  private instant(timeNs: number, track: number, name: Uint8Array, what: Uint8Array | null, value: number): void {
    const packet = this.openEvent(timeNs, track, TYPE.instant);
    this.writer.bytes(EVENT.name, name);
    if (what) this.annotate(what, value);
    this.closeEvent(packet);
  }

  private annotate(name: Uint8Array, value: number): void {
    const annotation = this.writer.open(EVENT.annotations);
    this.writer.bytes(ANNOTATION.name, name);
    this.writer.number(ANNOTATION.uint, value);
    this.writer.close(annotation);
  }

  private counter(timeNs: number, track: number, value: number): void {
    const packet = this.openEvent(timeNs, track, TYPE.counter);
    this.writer.double(EVENT.double, value);
    this.closeEvent(packet);
  }

  private openPacket(timeNs: number): number {
    const { writer } = this;
    writer.out.room(EVENT_ROOM);
    const packet = writer.open(TRACE.packet);
    writer.number(PACKET.timestamp, timeNs);
    writer.number(PACKET.sequence, SEQUENCE);
    return packet;
  }

  private opened = 0;
  private openEvent(timeNs: number, track: number, type: number): number {
    const packet = this.openPacket(timeNs);
    this.opened = this.writer.open(PACKET.trackEvent);
    this.writer.number(EVENT.type, type);
    this.writer.number(EVENT.track, track);
    return packet;
  }

  private closeEvent(packet: number): void {
    this.writer.close(this.opened);
    this.writer.close(packet);
  }
}

const utf8 = new TextEncoder();
const MOVE_NAME = utf8.encode('pages move');
const RETURN_NAME = utf8.encode('pages return');
const REPLICA_NAME = utf8.encode('page copied');
const HINT_FAULT_NAME = utf8.encode('hint fault');
const ONLINE_NAME = utf8.encode('CPU on line');
const OFFLINE_NAME = utf8.encode('CPU off line');
const ARRIVES_NAME = utf8.encode('guest arrives');
const DEPARTS_NAME = utf8.encode('guest departs');
const MEASURED_NAME = utf8.encode('measured from here');
const CPU_NAME = utf8.encode('cpu');
const BLOCK_NAME = utf8.encode('block');
const GUEST_NAME = utf8.encode('guest pid');
const BYTES_NAME = utf8.encode('bytes');

/** Two page moves of one guest, from and to the same nodes, for the same reason. */
export function isAlike(rows: Int32Array, a: number, b: number): boolean {
  return (
    rows[b] === PAGE_MOVE &&
    rows[a + 1] === rows[b + 1] &&
    rows[a + 3] === rows[b + 3] &&
    rows[a + 4] === rows[b + 4] &&
    rows[a + 5] === rows[b + 5]
  );
}
