import type { TraceEvents, TraceSink, TraceTable } from '../../sim/trace-events.ts';
import type { WriteBytes } from './output-buffer.ts';
import { MIGRATE, RENICE, SWITCH, TRACE_WIDTH, WAKING } from './trace-kinds.ts';
import { prioOf, traceNames } from './trace-names.ts';

/** Text kept before it is written. */
const MOST_KEPT = 1 << 16;
/** Of the longest event's name, as perf lines them up. */
const NAME_WIDTH = 24;
const encoder = new TextEncoder();
/** Of idle tasks, as the kernel shows it. */
const IDLE_PRIO = 120;

/**
 * Writes the text of `perf script --ns` for the events of `perf sched record`: sched_switch, sched_waking, sched_migrate_task, and
 * at the end sched_stat_runtime of what runs. Each vCPU is a thread. A line is the thread that is on the CPU then, its number, the CPU, the time in seconds, and the event.
 * Format: tools/perf/builtin-script.c; the kernel's print formats (include/trace/events/sched.h).
 */
export class PerfScriptText implements TraceSink {
  readonly counts = { sched_switch: 0, sched_waking: 0, sched_migrate_task: 0 };
  private readonly out: WriteBytes;
  private kept: string[] = [];
  private keptLength = 0;
  private heads: string[] = []; //   [cpus + vcpu, CPUs' idle tasks first] begin of a line: name and number
  private cpuTexts: string[] = []; // [cpu]
  private names: string[] = []; //   [likewise] `comm=web-0 pid=1001`
  private leaving: string[] = []; // [likewise] `prev_comm=...`
  private coming: string[] = []; //  [likewise] `next_comm=...`
  private prios: number[] = []; // [likewise] the kernel's, 120 for nice 0
  private cpus = 0;
  private current = new Int32Array(0); // [cpu] vCPU that runs there, or NONE
  private sinceNs = new Float64Array(0); // [cpu] when it began to
  private second = -1;
  private secondText = '';

  constructor(out: WriteBytes) {
    this.out = out;
  }

  begin(table: TraceTable): void {
    const { vcpuComm, vcpuTid, vcpuPrio } = traceNames(table);
    this.cpus = table.cpuNode.length;
    const idle = Array.from({ length: this.cpus }, (_, cpu) => ({ head: 'swapper', name: `swapper/${cpu}`, pid: 0, prio: IDLE_PRIO }));
    const threads = [...idle, ...vcpuComm.map((name, vcpu) => ({ head: name, name, pid: vcpuTid[vcpu]!, prio: vcpuPrio[vcpu]! }))];
    this.heads = threads.map(({ head, pid: own }) => `${head.padStart(16)} ${String(own).padStart(5)} [`);
    this.cpuTexts = idle.map((_, cpu) => `${String(cpu).padStart(3, '0')}] `);
    this.names = threads.map(({ name, pid: own }) => `comm=${name} pid=${own}`);
    this.leaving = threads.map(({ name, pid: own }) => `prev_comm=${name} prev_pid=${own} prev_prio=`);
    this.coming = threads.map(({ name, pid: own }) => ` ==> next_comm=${name} next_pid=${own} next_prio=`);
    this.prios = threads.map(({ prio }) => prio);
    this.current = new Int32Array(this.cpus).fill(-1);
    this.sinceNs = new Float64Array(this.cpus);
  }

  events({ count, timesNs, rows }: TraceEvents): void {
    for (let row = 0, at = 0; row < count; row++, at += TRACE_WIDTH) {
      const timeNs = timesNs[row]!;
      const [a, b, c, d, e] = [rows[at + 1]!, rows[at + 2]!, rows[at + 3]!, rows[at + 4]!, rows[at + 5]!];
      const kind = rows[at]!;
      if (kind === SWITCH) {
        const state = b >= 0 && c === 0 ? 'S' : 'R';
        const [from, to] = [this.thread(a, b), this.thread(a, d)];
        const left = `${this.leaving[from]!}${this.prios[from]!} prev_state=${state}`;
        this.line(timeNs, a, SWITCH_NAME, `${left}${this.coming[to]!}${this.prios[to]!}\n`);
        this.current[a] = d;
        this.sinceNs[a] = timeNs;
        this.counts.sched_switch++;
      } else if (kind === WAKING) {
        this.line(timeNs, e, WAKING_NAME, `${this.task(a)} target_cpu=${this.cpuTexts[b < 0 ? c : b]!.slice(0, -2)}\n`);
        this.counts.sched_waking++;
      } else if (kind === MIGRATE) {
        this.line(timeNs, c, MIGRATE_NAME, `${this.task(a)} orig_cpu=${b} dest_cpu=${c}\n`);
        this.counts.sched_migrate_task++;
      } else if (kind === RENICE) {
        this.prios[this.cpus + a] = prioOf(b);
      }
    }
  }

  look(): void {
    // perf sched has events only.
  }

  /** What runs then goes on: how long it has, as the kernel's ticks tell it, so that the text says when the run ended. */
  end(atNs: number): void {
    for (let cpu = 0; cpu < this.cpus; cpu++) {
      const vcpu = this.current[cpu]!;
      if (vcpu < 0) continue;
      const ranNs = atNs - this.sinceNs[cpu]!;
      this.line(atNs, cpu, RUNTIME_NAME, `${this.names[this.cpus + vcpu]!} runtime=${ranNs} [ns]\n`);
    }
    this.flush();
  }

  private line(timeNs: number, cpu: number, name: string, said: string): void {
    const text = this.heads[this.thread(cpu, this.current[cpu]!)]! + this.cpuTexts[cpu]! + this.timeText(timeNs) + name + said;
    this.kept.push(text);
    this.keptLength += text.length;
    if (this.keptLength >= MOST_KEPT) this.flush();
  }

  /** `   12.000345678: `: exact, as both parts are whole numbers. */
  private timeText(timeNs: number): string {
    const second = Math.floor(timeNs / 1e9);
    if (second !== this.second) {
      this.second = second;
      this.secondText = `${String(second).padStart(5)}.`;
    }
    return `${this.secondText}${String(timeNs - second * 1e9).padStart(9, '0')}: `;
  }

  private task(vcpu: number): string {
    return `${this.names[this.cpus + vcpu]!} prio=${this.prios[this.cpus + vcpu]!}`;
  }

  private thread(cpu: number, vcpu: number): number {
    return vcpu < 0 ? cpu : this.cpus + vcpu;
  }

  private flush(): void {
    this.out(encoder.encode(this.kept.join('')));
    this.kept = [];
    this.keptLength = 0;
  }
}

const SWITCH_NAME = named('sched_switch');
const WAKING_NAME = named('sched_waking');
const RUNTIME_NAME = named('sched_stat_runtime');
const MIGRATE_NAME = named('sched_migrate_task');

function named(event: string): string {
  return `${`sched:${event}`.padStart(NAME_WIDTH)}: `;
}
