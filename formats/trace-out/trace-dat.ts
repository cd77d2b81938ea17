import type { TraceEvents, TraceSink, TraceTable } from '../../sim/trace-events.ts';
import { EventTimes } from './event-times.ts';
import {
  EVENT_SYSTEMS,
  HEADER_EVENT,
  HEADER_PAGE,
  PAGE_BYTES,
  PAGE_HEADER_BYTES,
  PAGE_MOVE as PAGE_MOVE_ID,
  SCHED_MIGRATE_TASK,
  SCHED_STAT_RUNTIME,
  SCHED_SWITCH,
  SCHED_WAKEUP,
  SCHED_WAKEUP_NEW,
  SCHED_WAKING,
} from './trace-dat-header.ts';
import { MIGRATE, PAGE_MOVE, RENICE, SWITCH, TRACE_WIDTH, WAKING } from './trace-kinds.ts';
import { prioOf, type TraceNames, traceNames } from './trace-names.ts';

/** A file that is not written from its begin to its end. */
export interface PlacedBytes {
  writeAt(position: number, bytes: Uint8Array): void;
  /** Fills `into` with what was written there. */
  readAt(position: number, into: Uint8Array): void;
}

const PAGE_WORDS = PAGE_BYTES / 4;
const FIRST_WORD = PAGE_HEADER_BYTES / 4;
const COMM_WORDS = 4;
const MOST_DELTA_NS = 2 ** 27;
const TIME_EXTEND = 30;
/** Priority of idle tasks, as the kernel's own files show it. */
const IDLE_PRIO = 120;
const STATE_SLEEPING = 1;
const NONE = -1;
/** Offset and size of a CPU's pages. */
const TABLE_ENTRY_BYTES = 16;
const encoder = new TextEncoder();
/** When the run begins, by the clock of the file: KernelShark 2.2.1 loses all of a CPU whose first event is at 0. */
const START_NS = 1e9;

/**
 * Writes a trace.dat of version 6, as `trace-cmd record` does: for trace-cmd report, KernelShark and LISA. Each vCPU is a thread; what
 * happened on a CPU is in that CPU's buffer, by the kernel's own events sched_switch, sched_waking, sched_wakeup(_new) and
 * sched_migrate_task, at the end sched_stat_runtime of what runs, and moves of memory as numalab:page_move on the first CPU of the node it
 * goes to. Times: event-times.ts.
 *
 * The run begins at 1 s. The file has all pages of a CPU together: pages are written as they fill up, and change places at the end; until
 * then two bytes are kept of each.
 * Format: trace-cmd.dat.v6(5), and include/linux/ring_buffer.h for what is in a page. Little-endian, as the host must be.
 */
export class TraceDat implements TraceSink {
  /** Written so far, by the kernel's names. */
  readonly counts = { sched_switch: 0, sched_waking: 0, sched_migrate_task: 0, page_move: 0 };
  private readonly file: PlacedBytes;
  private tids: Int32Array = new Int32Array(0); //        [vcpu]
  private prios: Int32Array = new Int32Array(0); //       [vcpu] 120 for nice 0
  private comms: Int32Array = new Int32Array(0); //      [(cpu or cpus + vcpu) * 4 + word] the idle task of each CPU comes first
  private guestComms: Int32Array = new Int32Array(0); //  [guest * 4 + word]
  private nodeCpu = new Int32Array(0); //     [node] its first CPU
  private words = new Int32Array(0); //       [cpu * PAGE_WORDS + word] the page being filled
  private at = new Int32Array(0); //          [cpu] next word of it; FIRST_WORD when it is empty
  private lastNs = new Float64Array(0); //    [cpu] time of its last event
  private times = new EventTimes(0, 0);
  private current = new Int32Array(0); //     [cpu] vCPU that runs there, or NONE
  private sinceNs = new Float64Array(0); //   [cpu] when it began to
  private pageCpu = new Uint16Array(1024); // [page] in the order in which they were full
  private pageCount = 0;
  private head = new Uint8Array(0);
  private firstPage = 0; //                    byte at which the pages begin

  /** @throws RangeError on a host that is not little-endian */
  constructor(file: PlacedBytes) {
    if (new Uint8Array(Uint32Array.of(1).buffer)[0] !== 1) throw new RangeError('trace.dat: want a little-endian host to write it on');
    this.file = file;
  }

  begin(table: TraceTable): void {
    const cpus = table.cpuNode.length;
    const names = traceNames(table);
    this.tids = names.vcpuTid;
    this.prios = names.vcpuPrio;
    this.comms = commWords([...Array.from({ length: cpus }, (_, cpu) => `swapper/${cpu}`), ...names.vcpuComm]);
    this.guestComms = commWords(table.guests.map(({ name }) => name.slice(0, 15)));
    this.nodeCpu = Int32Array.from({ length: table.nodeCount }, (_, node) => Math.max(0, table.cpuNode.indexOf(node)));
    this.words = new Int32Array(cpus * PAGE_WORDS);
    this.at = new Int32Array(cpus).fill(FIRST_WORD);
    this.lastNs = new Float64Array(cpus);
    this.times = new EventTimes(cpus, names.vcpuTid.length);
    this.current = new Int32Array(cpus).fill(NONE);
    this.sinceNs = new Float64Array(cpus);
    this.head = headOf(names, cpus);
    this.firstPage = Math.ceil((this.head.length + TABLE_ENTRY_BYTES * cpus) / PAGE_BYTES) * PAGE_BYTES;
  }

  events({ count, timesNs, rows }: TraceEvents): void {
    for (let row = 0, at = 0; row < count; row++, at += TRACE_WIDTH) {
      const timeNs = START_NS + timesNs[row]!;
      const a = rows[at + 1]!;
      const b = rows[at + 2]!;
      const c = rows[at + 3]!;
      const d = rows[at + 4]!;
      const e = rows[at + 5]!;
      switch (rows[at]!) {
        case SWITCH:
          this.switches(timeNs, a, b, c, d);
          break;
        case WAKING:
          this.wakes(timeNs, a, b, c, e);
          break;
        case MIGRATE:
          this.migrates(timeNs, a, b, c);
          break;
        case RENICE:
          this.prios[a] = prioOf(b);
          break;
        case PAGE_MOVE:
          this.movesPage(timeNs, a, b, c, d, e);
          break;
      }
    }
  }

  look(): void {
    // A ring buffer has events only.
  }

  /** What runs then goes on: how long it has, as the kernel's ticks tell it, so that the file says when the run ended. */
  end(atNs: number): void {
    this.current.forEach((vcpu, cpu) => vcpu >= 0 && this.runsOn(START_NS + atNs, cpu, vcpu));
    for (let cpu = 0; cpu < this.at.length; cpu++) if (this.at[cpu]! > FIRST_WORD) this.putPage(cpu);
    this.assemble();
  }

  private switches(timeNs: number, cpu: number, previous: number, state: number, next: number): void {
    const { words } = this;
    const atNs = this.times.next(timeNs, cpu, previous, next);
    const at = this.open(atNs, cpu, SCHED_SWITCH, 16);
    this.putComm(at + 2, cpu, previous);
    words[at + 6] = this.pidOf(previous);
    words[at + 7] = this.prioOf(previous);
    words[at + 8] = previous >= 0 && state === 0 ? STATE_SLEEPING : 0;
    words[at + 9] = 0;
    this.putComm(at + 10, cpu, next);
    words[at + 14] = this.pidOf(next);
    words[at + 15] = this.prioOf(next);
    this.current[cpu] = next;
    this.sinceNs[cpu] = atNs;
    this.counts.sched_switch++;
  }

  private wakes(timeNs: number, vcpu: number, lastCpu: number, targetCpu: number, handlerCpu: number): void {
    this.wakeEvent(timeNs, handlerCpu, SCHED_WAKING, vcpu, lastCpu < 0 ? targetCpu : lastCpu);
    this.wakeEvent(timeNs, handlerCpu, lastCpu < 0 ? SCHED_WAKEUP_NEW : SCHED_WAKEUP, vcpu, targetCpu);
    this.counts.sched_waking++;
  }

  private wakeEvent(timeNs: number, cpu: number, id: number, vcpu: number, targetCpu: number): void {
    const at = this.open(this.times.next(timeNs, cpu, vcpu, NONE), cpu, id, 9);
    this.putComm(at + 2, 0, vcpu);
    this.words[at + 6] = this.pidOf(vcpu);
    this.words[at + 7] = this.prios[vcpu]!;
    this.words[at + 8] = targetCpu;
  }

  private prioOf(vcpu: number): number {
    return vcpu < 0 ? IDLE_PRIO : this.prios[vcpu]!;
  }

  private migrates(timeNs: number, vcpu: number, from: number, to: number): void {
    const at = this.open(this.times.next(timeNs, to, vcpu, NONE), to, SCHED_MIGRATE_TASK, 10);
    this.putComm(at + 2, 0, vcpu);
    this.words[at + 6] = this.pidOf(vcpu);
    this.words[at + 7] = this.prios[vcpu]!;
    this.words[at + 8] = from;
    this.words[at + 9] = to;
    this.counts.sched_migrate_task++;
  }

  private runsOn(timeNs: number, cpu: number, vcpu: number): void {
    const { words } = this;
    const atNs = this.times.next(timeNs, cpu, vcpu, NONE);
    const ranNs = atNs - this.sinceNs[cpu]!;
    const at = this.open(atNs, cpu, SCHED_STAT_RUNTIME, 10);
    this.putComm(at + 2, 0, vcpu);
    words[at + 6] = this.pidOf(vcpu);
    words[at + 7] = 0;
    words[at + 8] = ranNs >>> 0;
    words[at + 9] = Math.floor(ranNs / 2 ** 32);
  }

  private movesPage(timeNs: number, guest: number, block: number, from: number, to: number, isReturn: number): void {
    const { words } = this;
    const cpu = this.nodeCpu[to]!;
    const at = this.open(this.times.next(timeNs, cpu, NONE, NONE), cpu, PAGE_MOVE_ID, 10);
    for (let i = 0; i < COMM_WORDS; i++) words[at + 2 + i] = this.guestComms[guest * COMM_WORDS + i]!;
    words[at + 6] = block;
    words[at + 7] = from;
    words[at + 8] = to;
    words[at + 9] = isReturn;
    this.counts.page_move++;
  }

  /** Room for an event of so many words in the CPU's page, its head and common fields filled in. @returns its first word */
  private open(timeNs: number, cpu: number, id: number, length: number): number {
    const deltaNs = timeNs - this.lastNs[cpu]!;
    const isLate = this.at[cpu]! > FIRST_WORD && deltaNs >= MOST_DELTA_NS;
    if (this.at[cpu]! + (isLate ? 2 : 0) + 1 + length > PAGE_WORDS) this.putPage(cpu);
    const { words } = this;
    const page = cpu * PAGE_WORDS;
    let at = page + this.at[cpu]!;
    let delta = deltaNs;
    if (this.at[cpu] === FIRST_WORD) {
      words[page] = timeNs >>> 0; // whole numbers below 2^53: the low half, then the high one
      words[page + 1] = Math.floor(timeNs / 2 ** 32);
      delta = 0;
    } else if (deltaNs >= MOST_DELTA_NS) {
      const high = Math.floor(deltaNs / MOST_DELTA_NS);
      words[at++] = TIME_EXTEND | ((deltaNs - high * MOST_DELTA_NS) << 5);
      words[at++] = high;
      delta = 0;
    }
    words[at++] = length | (delta << 5);
    words[at] = id;
    words[at + 1] = this.pidOf(this.current[cpu]!);
    this.at[cpu] = at + length - page;
    this.lastNs[cpu] = timeNs;
    return at;
  }

  private putPage(cpu: number): void {
    const page = cpu * PAGE_WORDS;
    const used = this.at[cpu]!;
    this.words[page + 2] = used * 4 - PAGE_HEADER_BYTES; // commit
    this.words[page + 3] = 0;
    this.words.fill(0, page + used, page + PAGE_WORDS);
    this.file.writeAt(this.placeOf(this.pageCount), new Uint8Array(this.words.buffer, page * 4, PAGE_BYTES));
    if (this.pageCount === this.pageCpu.length) {
      const grown = new Uint16Array(2 * this.pageCount);
      grown.set(this.pageCpu);
      this.pageCpu = grown;
    }
    this.pageCpu[this.pageCount++] = cpu;
    this.at[cpu] = FIRST_WORD;
  }

  /** The head of the file, where the pages of each CPU are, and all pages in their places. */
  private assemble(): void {
    const cpus = this.at.length;
    const pages = new Int32Array(cpus); // [cpu] how many
    for (let page = 0; page < this.pageCount; page++) pages[this.pageCpu[page]!]!++;
    const table = new DataView(new ArrayBuffer(this.firstPage - this.head.length)); // and zeros up to the first page
    const next = new Int32Array(cpus); // [cpu] place of its next page
    for (let cpu = 0, page = 0; cpu < cpus; page += pages[cpu++]!) {
      next[cpu] = page;
      putNumber(table, TABLE_ENTRY_BYTES * cpu, this.placeOf(page), 8);
      putNumber(table, TABLE_ENTRY_BYTES * cpu + 8, pages[cpu]! * PAGE_BYTES, 8);
    }
    const places = new Int32Array(this.pageCount); // [page]
    for (let page = 0; page < this.pageCount; page++) places[page] = next[this.pageCpu[page]!]!++;
    this.movePages(places);
    this.file.writeAt(0, this.head);
    this.file.writeAt(this.head.length, new Uint8Array(table.buffer));
  }

  /** Each page goes to its place, whose page goes to its own, until one comes to where the first was; -1 marks those that are done. */
  private movePages(places: Int32Array): void {
    let held = new Uint8Array(PAGE_BYTES);
    let other = new Uint8Array(PAGE_BYTES);
    for (let first = 0; first < places.length; first++) {
      let to = places[first]!;
      places[first] = -1;
      if (to === first || to < 0) continue;
      this.file.readAt(this.placeOf(first), held);
      while (to !== first) {
        this.file.readAt(this.placeOf(to), other);
        this.file.writeAt(this.placeOf(to), held);
        [held, other] = [other, held];
        const after = places[to]!;
        places[to] = -1;
        to = after;
      }
      this.file.writeAt(this.placeOf(first), held);
    }
  }

  private placeOf(page: number): number {
    return this.firstPage + page * PAGE_BYTES;
  }

  /** @param cpu whose idle task it is if there is no vCPU */
  private putComm(at: number, cpu: number, vcpu: number): void {
    const { words, comms } = this;
    const from = (vcpu < 0 ? cpu : this.at.length + vcpu) * COMM_WORDS;
    words[at] = comms[from]!;
    words[at + 1] = comms[from + 1]!;
    words[at + 2] = comms[from + 2]!;
    words[at + 3] = comms[from + 3]!;
  }

  private pidOf(vcpu: number): number {
    return vcpu < 0 ? 0 : this.tids[vcpu]!;
  }
}

/** All before the table of the CPUs' pages. */
function headOf({ vcpuComm, vcpuTid }: TraceNames, cpus: number): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  const text = (words: string): number => parts.push(encoder.encode(words));
  const number = (value: number, bytes: 2 | 4 | 8): void => {
    const part = new DataView(new ArrayBuffer(bytes));
    putNumber(part, 0, value, bytes);
    parts.push(new Uint8Array(part.buffer));
  };
  const sized = (words: string): void => {
    number(encoder.encode(words).length, 8);
    text(words);
  };
  parts.push(Uint8Array.of(0x17, 0x08, 0x44));
  text('tracing6\0');
  parts.push(Uint8Array.of(0, 8)); // little-endian, longs of 8 bytes
  number(PAGE_BYTES, 4);
  text('header_page\0');
  sized(HEADER_PAGE);
  text('header_event\0');
  sized(HEADER_EVENT);
  number(0, 4); // no formats of ftrace's own
  number(EVENT_SYSTEMS.length, 4);
  for (const [system, formats] of EVENT_SYSTEMS) {
    text(`${system}\0`);
    number(formats.length, 4);
    formats.forEach(sized);
  }
  number(0, 4); // no kallsyms
  number(0, 4); // no printk formats
  sized(vcpuComm.map((comm, vcpu) => `${vcpuTid[vcpu]!} ${comm}\n`).join(''));
  number(cpus, 4);
  text('options  \0');
  number(0, 2);
  text('flyrecord\0');
  return joined(parts);
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function putNumber(view: DataView, at: number, value: number, bytes: 2 | 4 | 8): void {
  if (bytes === 2) view.setUint16(at, value, true);
  else view.setUint32(at, value >>> 0, true);
  if (bytes === 8) view.setUint32(at + 4, Math.floor(value / 2 ** 32), true);
}

function commWords(names: readonly string[]): Int32Array {
  const bytes = new Uint8Array(names.length * COMM_WORDS * 4);
  names.forEach((name, i) => bytes.set(encoder.encode(name).subarray(0, COMM_WORDS * 4 - 1), i * COMM_WORDS * 4));
  return new Int32Array(bytes.buffer);
}
