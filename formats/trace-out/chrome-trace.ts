import type { TraceEvents, TraceLook, TraceSink, TraceTable } from '../../sim/trace-events.ts';
import { ascii, JsonWriter } from './chrome-text.ts';
import type { WriteBytes } from './output-buffer.ts';
import { isAlike } from './perfetto.ts';
import {
  CPU_ONLINE,
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
import { taskName, traceNames } from './trace-names.ts';

/** Groups of tracks: nodes have their CPUs as threads, numbered by their order; then pages, counters; guests have the process numbers of trace-names.ts. */
const NODE_PID = 1;
const EVENT_ROOM = 1_024;
/** A name may take so many characters; each may be escaped. */
const MOST_NAME = 100;

/**
 * Writes a trace as Chrome's JSON ("Trace Event Format", Google 2016): an object with `traceEvents`, one event a line, in the order of time but for
 * counters, which say what was from the look before on. Slices are pairs of B and E, which nest on every track; `ts` is in microseconds with the nanoseconds as decimals, exactly. docs/trace.md says what is
 * shown.
 */
export class ChromeTrace implements TraceSink {
  private readonly json: JsonWriter;
  private table: TraceTable | null = null;
  private cpuTrack: readonly Uint8Array[] = []; //   [cpu] `"pid":1,"tid":0`, as are the next
  private vcpuTrack: readonly Uint8Array[] = []; //  [vcpu]
  private nodeTrack: readonly Uint8Array[] = []; //  [node] its page moves
  private guestTrack: readonly Uint8Array[] = []; // [guest] its vCPU 0
  private vcpuName: readonly Uint8Array[] = []; //   [vcpu] as it stands on a CPU
  private resourceName: readonly Uint8Array[] = []; // [resource] a counter up to its value
  private tasks: (Uint8Array | null)[] = []; //      [task]
  private cpuOf = new Int32Array(0); //              [vcpu] where it runs, or NONE
  private isOnVcpu = new Uint8Array(0); //           [vcpu] a task's slice is open
  private wakeFlow = new Float64Array(0); //         [vcpu] arrow that ends where it runs next; 0 for none
  private guestBlocks = new Int32Array(0); //        [guest * nodes + node] as last written
  private nodeProcess: readonly Uint8Array[] = []; // [node] `"pid":1`
  private rates = new Float64Array(0); //            [resource] as last written
  private ratios = new Float64Array(0); //           [node] likewise
  private flows = 0;

  constructor(write: WriteBytes) {
    this.json = new JsonWriter(write);
  }

  begin(table: TraceTable): void {
    const { guestPid, vcpuTid } = traceNames(table);
    const { json } = this;
    this.table = table;
    const track = (pid: number, tid: number): Uint8Array => ascii(`,"pid":${pid},"tid":${tid}`);
    const pagesPid = NODE_PID + table.nodeCount;
    this.cpuTrack = Array.from(table.cpuNode, (node, cpu) => track(NODE_PID + node, cpu));
    this.nodeTrack = Array.from({ length: table.nodeCount }, (_, node) => track(pagesPid, node));
    this.guestTrack = table.guests.map((_, guest) => track(guestPid[guest]!, 0));
    this.vcpuTrack = Array.from(vcpuTid, (_, vcpu) => {
      const guest = table.vcpuGuest[vcpu]!;
      return track(guestPid[guest]!, 1 + vcpu - table.guests[guest]!.firstVcpu);
    });
    this.vcpuName = Array.from(table.vcpuGuest, (guest, vcpu) => {
      const { name, firstVcpu, isThreaded, threads } = table.guests[guest]!;
      const thread = threads?.[vcpu - firstVcpu];
      if (thread) return quoted(thread.name);
      return quoted(`${name} ${isThreaded ? 'thread' : 'vCPU'} ${vcpu - firstVcpu}`);
    });
    this.resourceName = table.resourceNames.map((name, resource) => {
      const pid = pagesPid + 1;
      return ascii(`{"ph":"C","name":${text(nameOf(table, name, resource))},"pid":${pid},"args":{"GB/s":`);
    });
    this.nodeProcess = Array.from({ length: table.nodeCount }, (_, node) => ascii(`,"pid":${NODE_PID + node}`));
    this.rates = new Float64Array(table.resourceNames.length).fill(-1);
    this.ratios = new Float64Array(table.nodeCount).fill(-1);
    this.tasks = new Array<Uint8Array | null>(table.taskGuest.length).fill(null);
    this.cpuOf = new Int32Array(vcpuTid.length).fill(-1);
    this.isOnVcpu = new Uint8Array(vcpuTid.length);
    this.wakeFlow = new Float64Array(vcpuTid.length);
    this.guestBlocks = new Int32Array(table.guests.length * table.nodeCount);
    const { machine, policy, seed } = table;
    json.text(ascii(`{"displayTimeUnit":"ns","otherData":{"machine":${text(machine)},"policy":${text(policy)},"seed":${text(seed)}},\n"traceEvents":[\n`)); // prettier-ignore
    for (let node = 0; node < table.nodeCount; node++) this.nameProcess(NODE_PID + node, `CPUs of node ${node}`, node);
    table.cpuNode.forEach((node, cpu) => this.nameThread(NODE_PID + node, cpu, `CPU ${cpu}`));
    this.nameProcess(pagesPid, 'pages of nodes', table.nodeCount);
    for (let node = 0; node < table.nodeCount; node++) this.nameThread(pagesPid, node, `node ${node}`);
    this.nameProcess(pagesPid + 1, 'controllers and links', table.nodeCount + 1);
    table.guests.forEach(({ name, vcpuCount, threads }, guest) => {
      this.nameProcess(guestPid[guest]!, name, table.nodeCount + 2 + guest);
      for (let i = 0; i < vcpuCount; i++) this.nameThread(guestPid[guest]!, 1 + i, threads?.[i]?.name ?? `vCPU ${i}`);
    });
    // Every event but the last ends with a comma, so the last is one that says nothing new.
    this.lastLine = `{"ph":"M","pid":${NODE_PID},"name":"process_labels","args":{"labels":${text(machine)}}}`;
  }
  private lastLine = '';

  events({ count, timesNs, rows }: TraceEvents): void {
    for (let row = 0; row < count; row++) {
      const at = row * TRACE_WIDTH;
      const timeNs = timesNs[row]!;
      const a = rows[at + 1]!;
      const b = rows[at + 2]!;
      switch (rows[at]) {
        case SWITCH:
          this.switched(timeNs, a, b, rows[at + 3]!, rows[at + 4]!);
          break;
        case WAKING:
          this.waking(timeNs, a, rows[at + 4]!);
          break;
        case TASK_ON:
          this.taskOn(timeNs, a, b);
          break;
        case TASK_LEAVE:
          this.taskLeaves(timeNs, b);
          break;
        case PAGE_MOVE:
          row += this.pagesMoved(timesNs, rows, row, count) - 1;
          break;
        case PAGE_REPLICA:
          this.flow(timeNs, rows[at + 3]!, rows[at + 4]!, REPLICA, a, 1);
          break;
        case HINT_FAULT:
          this.instant(timeNs, HINT, this.vcpuTrack[rows[at + 3]!]!);
          break;
        case CPU_ONLINE:
          this.instant(timeNs, b === 1 ? ONLINE : OFFLINE, this.cpuTrack[a]!);
          break;
        case GUEST_ARRIVES:
          this.instant(timeNs, ARRIVES, this.guestTrack[a]!);
          break;
        case GUEST_MEASURED:
          this.instant(timeNs, MEASURED, this.guestTrack[a]!);
          break;
        case GUEST_DEPARTS:
          this.instant(timeNs, DEPARTS, this.guestTrack[a]!);
          break;
      }
    }
  }

  look({ atNs, spanNs, resourceBytes, localLines, remoteLines, guestNodeBlocks }: TraceLook): void {
    const { json } = this;
    const { nodeCount, blockBytes } = this.table!;
    const fromNs = atNs - spanNs; // a counter keeps its value until the next
    this.resourceName.forEach((name, resource) => {
      const rate = resourceBytes[resource]! / spanNs;
      if (rate === this.rates[resource]) return;
      this.rates[resource] = rate;
      json.out.room(EVENT_ROOM);
      json.text(name);
      json.real(rate);
      json.text(CLOSE_ARGS);
      this.stamp(fromNs);
    });
    for (let node = 0; node < nodeCount; node++) {
      const lines = localLines[node]! + remoteLines[node]!;
      const ratio = lines > 0 ? remoteLines[node]! / lines : 0;
      if (ratio === this.ratios[node]) continue;
      this.ratios[node] = ratio;
      json.out.room(EVENT_ROOM);
      json.text(COUNTER);
      json.text(REMOTE);
      json.text(this.nodeProcess[node]!);
      json.text(RATIO);
      json.real(ratio);
      json.text(CLOSE_ARGS);
      this.stamp(fromNs);
    }
    this.table!.guests.forEach(({ isHostNoise }, guest) => {
      if (isHostNoise || !this.hasMoved(guest, guestNodeBlocks)) return;
      json.out.room(EVENT_ROOM + 40 * nodeCount);
      json.text(COUNTER);
      json.text(MEMORY);
      json.text(this.guestTrack[guest]!);
      json.text(OPEN_ARGS);
      for (let node = 0; node < nodeCount; node++) {
        json.text(ascii(`${node > 0 ? ',' : ''}"node ${node}":`));
        json.whole(guestNodeBlocks[guest * nodeCount + node]! * blockBytes);
      }
      json.text(CLOSE_ARGS);
      this.stamp(atNs);
    });
  }

  end(atNs: number): void {
    this.cpuOf.forEach((cpu, vcpu) => {
      if (this.isOnVcpu[vcpu] === 1) this.sliceEnds(atNs, this.vcpuTrack[vcpu]!);
      if (cpu >= 0) this.sliceEnds(atNs, this.cpuTrack[cpu]!);
    });
    this.json.out.room(EVENT_ROOM);
    this.json.text(ascii(`${this.lastLine}\n]}\n`));
    this.json.out.flush();
  }

  private switched(timeNs: number, cpu: number, previous: number, state: number, next: number): void {
    const { json, cpuOf, wakeFlow } = this;
    const track = this.cpuTrack[cpu]!;
    if (previous >= 0) {
      cpuOf[previous] = -1;
      json.out.room(EVENT_ROOM);
      json.text(state === 1 ? END_RUNNABLE : END_BLOCKED);
      json.text(track);
      this.stamp(timeNs);
    }
    if (next < 0) return;
    cpuOf[next] = cpu;
    this.sliceBegins(timeNs, track, this.vcpuName[next]!);
    if (wakeFlow[next] === 0) return;
    this.arrow(timeNs, WAKE_TO, wakeFlow[next]!, track);
    wakeFlow[next] = 0;
  }

  private waking(timeNs: number, vcpu: number, waker: number): void {
    const cpu = waker < 0 ? -1 : this.cpuOf[waker]!;
    this.wakeFlow[vcpu] = 0;
    if (cpu < 0) return;
    this.wakeFlow[vcpu] = ++this.flows;
    this.arrow(timeNs, WAKE_FROM, this.flows, this.cpuTrack[cpu]!);
  }

  private taskOn(timeNs: number, task: number, vcpu: number): void {
    const guest = this.table!.guests[this.table!.vcpuGuest[vcpu]!]!;
    if (guest.isThreaded) return;
    this.isOnVcpu[vcpu] = 1;
    this.sliceBegins(timeNs, this.vcpuTrack[vcpu]!, (this.tasks[task] ??= quoted(taskName(guest, task))));
  }

  private taskLeaves(timeNs: number, vcpu: number): void {
    if (vcpu < 0 || this.isOnVcpu[vcpu] === 0) return;
    this.isOnVcpu[vcpu] = 0;
    this.sliceEnds(timeNs, this.vcpuTrack[vcpu]!);
  }

  /** Blocks that move together are one slice at the node they leave and one at that they come to, with an arrow. @returns how many rows */
  private pagesMoved(timesNs: Float64Array, rows: Int32Array, first: number, count: number): number {
    const at = first * TRACE_WIDTH;
    let end = first + 1;
    while (end < count && timesNs[end] === timesNs[first] && isAlike(rows, at, end * TRACE_WIDTH)) end++;
    this.flow(timesNs[first]!, rows[at + 3]!, rows[at + 4]!, rows[at + 5] === 1 ? RETURN : MOVE, rows[at + 1]!, end - first);
    return end - first;
  }

  private flow(timeNs: number, from: number, to: number, name: Uint8Array, guest: number, blocks: number): void {
    const { json } = this;
    this.flows++;
    for (const node of [from, to]) {
      const track = this.nodeTrack[node]!;
      json.out.room(EVENT_ROOM);
      json.text(BEGIN);
      json.text(name);
      json.text(track);
      json.text(ascii(`,"args":{"guest":${guest},"bytes":`));
      json.whole(blocks * this.table!.blockBytes);
      json.text(CLOSE_ARGS);
      this.stamp(timeNs);
      this.arrow(timeNs, node === from ? PAGE_FROM : PAGE_TO, this.flows, track);
      this.sliceEnds(timeNs, track);
    }
  }

  private arrow(timeNs: number, kind: Uint8Array, id: number, track: Uint8Array): void {
    const { json } = this;
    json.out.room(EVENT_ROOM);
    json.text(kind);
    json.whole(id);
    json.text(track);
    this.stamp(timeNs);
  }

  private instant(timeNs: number, event: Uint8Array, track: Uint8Array): void {
    this.json.out.room(EVENT_ROOM);
    this.json.text(event);
    this.json.text(track);
    this.stamp(timeNs);
  }

  private sliceBegins(timeNs: number, track: Uint8Array, name: Uint8Array): void {
    const { json } = this;
    json.out.room(EVENT_ROOM);
    json.text(BEGIN);
    json.text(name);
    json.text(track);
    this.stamp(timeNs);
  }

  private sliceEnds(timeNs: number, track: Uint8Array): void {
    this.json.out.room(EVENT_ROOM);
    this.json.text(END);
    this.json.text(track);
    this.stamp(timeNs);
  }

  /** Ends an event with its time. */
  private stamp(timeNs: number): void {
    this.json.text(STAMP);
    this.json.micro(timeNs);
    this.json.text(END_LINE);
  }

  private hasMoved(guest: number, blocks: Int32Array): boolean {
    let hasMoved = false;
    const { nodeCount } = this.table!;
    for (let place = guest * nodeCount; place < (guest + 1) * nodeCount; place++) {
      if (blocks[place] !== this.guestBlocks[place]) hasMoved = true;
      this.guestBlocks[place] = blocks[place]!;
    }
    return hasMoved;
  }

  private nameProcess(pid: number, name: string, rank: number): void {
    this.line(`{"ph":"M","pid":${pid},"name":"process_name","args":{"name":${text(name)}}}`);
    this.line(`{"ph":"M","pid":${pid},"name":"process_sort_index","args":{"sort_index":${rank}}}`);
  }

  private nameThread(pid: number, tid: number, name: string): void {
    this.line(`{"ph":"M","pid":${pid},"tid":${tid},"name":"thread_name","args":{"name":${text(name)}}}`);
    this.line(`{"ph":"M","pid":${pid},"tid":${tid},"name":"thread_sort_index","args":{"sort_index":${tid}}}`);
  }

  private line(event: string): void {
    const bytes = ascii(`${event},\n`);
    this.json.out.room(bytes.length);
    this.json.text(bytes);
  }
}

const BEGIN = ascii('{"ph":"B","name":');
const END = ascii('{"ph":"E"');
const END_RUNNABLE = ascii('{"ph":"E","args":{"then":"runnable"}');
const END_BLOCKED = ascii('{"ph":"E","args":{"then":"blocked"}');
const COUNTER = ascii('{"ph":"C","name":');
const STAMP = ascii(',"ts":');
const END_LINE = ascii('},\n');
const OPEN_ARGS = ascii(',"args":{');
const RATIO = ascii(',"args":{"of lines":');
const CLOSE_ARGS = ascii('}');
const REMOTE = ascii('"remote ratio"');
const MEMORY = ascii('"memory by node"');
const WAKE_FROM = ascii('{"ph":"s","cat":"wake","name":"wake","id":');
const WAKE_TO = ascii('{"ph":"f","bp":"e","cat":"wake","name":"wake","id":');
const PAGE_FROM = ascii('{"ph":"s","cat":"pages","name":"pages","id":');
const PAGE_TO = ascii('{"ph":"f","bp":"e","cat":"pages","name":"pages","id":');
const MOVE = ascii('"pages move"');
const RETURN = ascii('"pages return"');
const REPLICA = ascii('"page copied"');
const HINT = ascii('{"ph":"i","s":"t","name":"hint fault"');
const ONLINE = ascii('{"ph":"i","s":"t","name":"CPU on line"');
const OFFLINE = ascii('{"ph":"i","s":"t","name":"CPU off line"');
const ARRIVES = ascii('{"ph":"i","s":"p","name":"guest arrives"');
const DEPARTS = ascii('{"ph":"i","s":"p","name":"guest departs"');
const MEASURED = ascii('{"ph":"i","s":"p","name":"measured from here"');

function nameOf({ resourceKind, nodeCount }: TraceTable, name: string, resource: number): string {
  return resourceKind[resource] === 0 && resource < nodeCount ? `controller of node ${resource}` : name;
}

function text(value: string): string {
  return JSON.stringify(value.slice(0, MOST_NAME));
}

function quoted(value: string): Uint8Array {
  return ascii(text(value));
}
