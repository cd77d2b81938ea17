import type { TraceEvents, TraceLook, TraceSink, TraceTable } from '../../sim/trace-events.ts';
import type { WriteBytes } from './output-buffer.ts';
import { ANNOTATION, EVENT, PACKET, STATE, TASK_STATE, TRACE, TYPE } from './perfetto-fields.ts';
import { type PerfettoTracks, SEQUENCE, writeTracks } from './perfetto-tracks.ts';
import { message, ProtobufWriter } from './protobuf.ts';
import {
  GUEST_ARRIVES,
  GUEST_DEPARTS,
  GUEST_MEASURED,
  HINT_FAULT,
  PAGE_MOVE,
  PAGE_REPLICA,
  SWITCH,
  TASK_LEAVE,
  TASK_ON,
  TRACE_WIDTH,
  WAKING,
} from './trace-kinds.ts';
import { taskName, type TraceNames, traceNames } from './trace-names.ts';

/** An event has room in so many bytes: its longest parts are a name of a guest's task and three annotations. */
const EVENT_ROOM = 512;
const TASK_READY = 1;

/**
 * Writes a trace as Perfetto's protobuf (docs/trace.md says what is shown): a Trace of TracePackets, whose times are in ns since the run
 * began, on the default clock (BOOTTIME). Scheduling goes as task states of the vCPUs' threads: a thread that leaves its CPU is never RUNNING
 * until it has been something else. Fields: perfetto-fields.ts.
 */
export class PerfettoTrace implements TraceSink {
  private readonly writer: ProtobufWriter;
  private table: TraceTable | null = null;
  private names: TraceNames | null = null;
  private tracks: PerfettoTracks | null = null;
  private threads: readonly Uint8Array[] = []; //    [vcpu] comm and tid of its states
  private tasks: (Uint8Array | null)[] = []; //     [task] its name, once it has been on a vCPU
  private cpuOf = new Int32Array(0); //             [vcpu] where it runs, or NONE
  private lastCpu = new Int32Array(0); //           [vcpu]
  private isGone = new Uint8Array(0); //            [guest]
  private guestBlocks = new Int32Array(0); //       [guest * nodes + node] as last written
  private rates = new Float64Array(0); //           [resource] as last written
  private ratios = new Float64Array(0); //          [node] likewise
  private flows = 0;

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
    this.threads = Array.from(names.vcpuTid, (tid, vcpu) =>
      message((writer) => {
        writer.text(TASK_STATE.comm, names.vcpuComm[vcpu]!);
        writer.number(TASK_STATE.tid, tid);
      }),
    );
    this.tasks = new Array<Uint8Array | null>(table.taskGuest.length).fill(null);
    this.cpuOf = new Int32Array(names.vcpuTid.length).fill(-1);
    this.lastCpu = new Int32Array(names.vcpuTid.length);
    this.rates = new Float64Array(table.resourceNames.length).fill(-1);
    this.ratios = new Float64Array(table.nodeCount).fill(-1);
    this.isGone = new Uint8Array(table.guests.length);
    this.guestBlocks = new Int32Array(table.guests.length * table.nodeCount);
  }

  events({ count, timesNs, rows }: TraceEvents): void {
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
          this.state(timeNs, a, c, STATE.runnable);
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
    this.cpuOf.forEach((cpu, vcpu) => {
      if (cpu >= 0) this.state(atNs, vcpu, cpu, STATE.runnable); // so that its last slice has an end
    });
    this.writer.out.flush();
  }

  private switched(timeNs: number, cpu: number, previous: number, state: number, next: number): void {
    if (previous >= 0) {
      this.cpuOf[previous] = -1;
      this.lastCpu[previous] = cpu;
      const isGone = this.isGone[this.table!.vcpuGuest[previous]!] === 1;
      this.state(timeNs, previous, cpu, isGone ? STATE.dead : state === TASK_READY ? STATE.runnable : STATE.sleeping);
    }
    if (next < 0) return;
    this.cpuOf[next] = cpu;
    this.state(timeNs, next, cpu, STATE.running);
  }

  private departs(timeNs: number, guest: number): void {
    const { firstVcpu, vcpuCount } = this.table!.guests[guest]!;
    this.isGone[guest] = 1;
    this.instant(timeNs, this.tracks!.guestProcess[guest]!, DEPARTS_NAME, null, 0);
    for (let vcpu = firstVcpu; vcpu < firstVcpu + vcpuCount; vcpu++) {
      if (this.cpuOf[vcpu]! < 0) this.state(timeNs, vcpu, this.lastCpu[vcpu]!, STATE.dead); // others when they leave their CPUs
    }
  }

  private taskOn(timeNs: number, task: number, vcpu: number): void {
    const guest = this.table!.guests[this.table!.vcpuGuest[vcpu]!]!;
    if (guest.isThreaded) return;
    const name = (this.tasks[task] ??= utf8.encode(taskName(guest, task)));
    const packet = this.openEvent(timeNs, this.tracks!.vcpuThread[vcpu]!, TYPE.begin);
    this.writer.bytes(EVENT.name, name);
    this.closeEvent(packet);
  }

  private taskLeaves(timeNs: number, task: number, vcpu: number): void {
    if (vcpu < 0 || this.table!.guests[this.table!.taskGuest[task]!]!.isThreaded) return;
    this.closeEvent(this.openEvent(timeNs, this.tracks!.vcpuThread[vcpu]!, TYPE.end));
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

  private state(timeNs: number, vcpu: number, cpu: number, state: number): void {
    const { writer } = this;
    const packet = this.openPacket(timeNs);
    const task = writer.open(PACKET.taskState);
    writer.number(TASK_STATE.cpu, cpu);
    writer.out.put(this.threads[vcpu]!);
    writer.number(TASK_STATE.state, state);
    writer.close(task);
    writer.close(packet);
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
const ARRIVES_NAME = utf8.encode('guest arrives');
const DEPARTS_NAME = utf8.encode('guest departs');
const MEASURED_NAME = utf8.encode('measured from here');
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
