import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { OrderedTrace } from '../experiments/trace-order.ts';
import { TraceFile } from '../experiments/trace-file.ts';
import { traceFormats } from '../experiments/trace-formats.ts';
import { formatNumber } from '../report/format.ts';
import { table } from '../report/table.ts';
import { run } from '../sim/engine.ts';
import { Tracer } from '../sim/trace.ts';
import { TRACE_WIDTH, type TraceEvents, type TraceSink, type TraceTable } from '../sim/trace-events.ts';
import { scenarioOf } from './cases.ts';

const ROUNDS = 7;
const RATIO_TARGET = 1.4;
const MEMORY_TARGET_MB = 200;
const RATE_TARGET = 1e6;
/** Two CPU-bound guests for each of the 48 CPUs, memory used too, so that every slice of the scheduler ends with a switch. */
const BUSY = { policy: 'kvm-cfs', workload: 'stream:size=64MiB', guests: '96', vcpus: '1', memory: '256MiB', boot: '0', duration: '60s' };
const REPLAYED = 3e6;
/** As the command does unless told otherwise. */
const LOOK_NS = 10e6;

interface Measured {
  readonly cpuUs: number;
  readonly rssMb: number;
  readonly switches: number;
  readonly bytes: number;
}

/** What a traced run costs beside one that is not, each in a process of its own, in turn; and events a second of each format. */
export function printTrace(): void {
  const formats = ['untraced', ...traceFormats.map(({ name }) => name)];
  const measured = new Map<string, Measured[]>(formats.map((name) => [name, []]));
  for (let round = 0; round < ROUNDS; round++) for (const name of formats) measured.get(name)!.push(measuredApart(name));
  const rates = rateOf();
  const rows = formats.map((name) => {
    const of = measured.get(name)!;
    const ratios = of.map(({ cpuUs }, round) => cpuUs / measured.get('untraced')![round]!.cpuUs);
    const { switches, bytes } = of[0]!;
    return [
      name,
      formatNumber(median(of.map(({ cpuUs }) => cpuUs / 1e6))),
      name === 'untraced' ? '' : formatNumber(median(ratios)),
      formatNumber(Math.max(...of.map(({ rssMb }) => rssMb))),
      switches.toLocaleString('en-US'),
      bytes.toLocaleString('en-US'),
      name === 'untraced' ? '' : formatNumber(rates.get(name)! / 1e6),
    ];
  });
  console.log(`\n60 simulated seconds of 48 busy CPUs, looked at every 10 ms; median of ${ROUNDS} rounds, taken in turn\n`);
  console.log(table(['format', 'CPU s', 'ratio', 'peak MB', 'switches', 'bytes', 'M events/s'], rows));
  console.log(`targets: ratio ${RATIO_TARGET}, ${MEMORY_TARGET_MB} MB, ${RATE_TARGET / 1e6} M events a second`);
}

function measuredApart(name: string): Measured {
  const told = execFileSync(process.execPath, [fileURLToPath(import.meta.url), name], { encoding: 'utf8' });
  return JSON.parse(told) as Measured;
}

/** In a process of its own: one run, untraced or written to a file. */
function measure(format: string): Measured {
  const scenario = scenarioOf(BUSY);
  const folder = mkdtempSync(join(tmpdir(), 'numalab-bench-'));
  const descriptor = openSync(join(folder, 'trace'), 'w');
  try {
    const ordered =
      format === 'untraced' ? null : new OrderedTrace({ descriptor, format, lookEveryNs: LOOK_NS, fromNs: 0, toNs: Infinity });
    const before = process.cpuUsage();
    const { total } = run(scenario, undefined, null, ordered?.tracer ?? null);
    const { user, system } = process.cpuUsage(before);
    return {
      cpuUs: user + system,
      rssMb: (process.resourceUsage().maxRSS * 1024) / 1e6,
      switches: total.contextSwitches,
      bytes: ordered?.written().bytes ?? 0,
    };
  } finally {
    closeSync(descriptor);
    rmSync(folder, { recursive: true });
  }
}

/** Keeps what a sink gets, to give it to others. */
class Kept implements TraceSink {
  table: TraceTable | null = null;
  readonly portions: TraceEvents[] = [];
  begin(told: TraceTable): void {
    this.table = told;
  }
  events({ count, timesNs, rows }: TraceEvents): void {
    this.portions.push({ count, timesNs: timesNs.slice(0, count), rows: rows.slice(0, count * TRACE_WIDTH) });
  }
  look(): void {}
  end(): void {}
}

/** Events a CPU second that each format writes to a file: those of one run again and again, without the run. Most are switches, the longest there are. */
function rateOf(): Map<string, number> {
  const kept = new Kept();
  run(scenarioOf({ ...BUSY, duration: '3s' }), undefined, null, new Tracer(kept));
  const folder = mkdtempSync(join(tmpdir(), 'numalab-bench-'));
  const rates = new Map<string, number>();
  try {
    for (const { name, open } of traceFormats) {
      const descriptor = openSync(join(folder, name), 'w+');
      const file = new TraceFile(descriptor, () => {});
      const sink = open(file.write, file);
      sink.begin(kept.table!);
      for (const portion of kept.portions) sink.events(portion); // warm up
      const before = process.cpuUsage();
      let events = 0;
      for (let i = 0; events < REPLAYED; i++) {
        const portion = kept.portions[i % kept.portions.length]!;
        sink.events(portion);
        events += portion.count;
      }
      const { user, system } = process.cpuUsage(before);
      rates.set(name, (events / (user + system)) * 1e6);
      closeSync(descriptor);
      rmSync(join(folder, name));
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  return rates;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1]!;
}

const [, , format] = process.argv;
if (format === undefined) printTrace();
else console.log(JSON.stringify(measure(format)));
