import type { WriteBytes } from '../../formats/trace-out/output-buffer.ts';
import { run } from '../../sim/engine.ts';
import type { Recording } from '../../sim/recording.ts';
import type { Scenario } from '../../sim/scenario.ts';
import { Tracer } from '../../sim/trace.ts';
import { TRACE_WIDTH, type TraceEvents, type TraceSink, type TraceTable } from '../../sim/trace-events.ts';
import { us } from '../../sim/units.ts';
import { KeptTrace } from '../sim/trace-fixture.ts';
import { hostileScenario } from '../sim/restless-fixture.ts';
import { randomScenario } from '../sim/random-scenario-fixture.ts';

/** Two nodes of one CPU each; a guest of two vCPUs and three tasks, and a process group of one thread. */
export const TABLE: TraceTable = {
  machine: 'two',
  policy: 'none',
  seed: '7',
  cpuNode: Int32Array.of(0, 1),
  nodeCount: 2,
  resourceNames: ['controller 0', 'controller 1', '0>1'],
  resourceKind: Uint8Array.of(0, 0, 1),
  capacityGBps: Float64Array.of(10, 12, 5),
  blockBytes: 4096,
  guests: [
    { name: 'web "1"', workload: 'w', kind: 'kvm', firstVcpu: 0, vcpuCount: 2, firstTask: 0, taskCount: 3, hasBoot: true, isThreaded: false, isHostNoise: false }, // prettier-ignore
    { name: 'noise', workload: 'n', kind: 'bare', firstVcpu: 2, vcpuCount: 1, firstTask: 3, taskCount: 1, hasBoot: false, isThreaded: true, isHostNoise: true }, // prettier-ignore
  ],
  vcpuGuest: Int32Array.of(0, 0, 1),
  taskGuest: Int32Array.of(0, 0, 0, 1),
};

/** Rows of [time, kind, a, b, ...], as a sink gets them. */
export function rowsOf(...rows: readonly (readonly number[])[]): TraceEvents {
  const columns = new Int32Array(rows.length * TRACE_WIDTH);
  rows.forEach(([, ...numbers], row) => columns.set(numbers, row * TRACE_WIDTH));
  return { count: rows.length, timesNs: Float64Array.from(rows, ([timeNs]) => timeNs!), rows: columns };
}

export class Pieces {
  readonly pieces: Uint8Array[] = [];
  readonly write: WriteBytes = (bytes) => void this.pieces.push(bytes.slice());
  get bytes(): Uint8Array {
    return Buffer.concat(this.pieces);
  }
}

export interface Streamed {
  readonly bytes: Uint8Array;
  readonly pieces: number;
  readonly kept: KeptTrace;
  readonly recording: Recording;
}

/** A run's trace as a format writes it, and as rows. */
export function streamed(scenario: Scenario, open: (write: WriteBytes) => TraceSink, lookEveryNs: number = us(800)): Streamed {
  const out = new Pieces();
  const sink = open(out.write);
  const kept = new KeptTrace();
  const both: TraceSink = {
    begin: (table) => [kept, sink].forEach((each) => each.begin(table)),
    events: (events) => [kept, sink].forEach((each) => each.events(events)),
    look: (look) => [kept, sink].forEach((each) => each.look(look)),
    end: (atNs) => [kept, sink].forEach((each) => each.end(atNs)),
  };
  const recording = run(scenario, undefined, null, new Tracer(both, lookEveryNs));
  return { bytes: out.bytes, pieces: out.pieces.length, kept, recording };
}

/** Runs with everything in them: guests that come and go, CPUs that do, tasks in guests, pages that move. */
export const busyScenarios = (count: number): Scenario[] =>
  Array.from({ length: count }, (_, i) => ({ ...(i % 2 === 0 ? randomScenario(9700 + i) : hostileScenario(9700 + i)), checks: 'cheap' }));
