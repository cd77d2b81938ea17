import type { TraceEvents, TraceLook, TraceSink, TraceTable } from '../../sim/trace-events.ts';
import { TRACE_WIDTH } from '../../sim/trace-events.ts';
import { run } from '../../sim/engine.ts';
import type { Recording } from '../../sim/recording.ts';
import type { Scenario } from '../../sim/scenario.ts';
import { Tracer } from '../../sim/trace.ts';

/** A row of a trace: [time, kind, a, b, c, d, e]. */
export type Row = readonly [number, number, number, number, number, number, number];

export interface KeptLook extends TraceLook {
  /** Events that came before it. */
  readonly after: number;
}

/** Keeps everything, for tests. */
export class KeptTrace implements TraceSink {
  table: TraceTable | null = null;
  readonly rows: Row[] = [];
  readonly looks: KeptLook[] = [];
  readonly endsNs: number[] = [];
  calls = 0;

  begin(table: TraceTable): void {
    this.table = table;
  }

  events({ count, timesNs, rows }: TraceEvents): void {
    this.calls++;
    for (let i = 0; i < count; i++) {
      this.rows.push([timesNs[i]!, ...rows.subarray(i * TRACE_WIDTH, (i + 1) * TRACE_WIDTH)] as unknown as Row);
    }
  }

  look(look: TraceLook): void {
    this.looks.push({
      ...look,
      resourceBytes: look.resourceBytes.slice(),
      localLines: look.localLines.slice(),
      remoteLines: look.remoteLines.slice(),
      guestNodeBlocks: look.guestNodeBlocks.slice(),
      after: this.rows.length,
    });
  }

  end(atNs: number): void {
    this.endsNs.push(atNs);
  }
}

/** Runs and keeps the trace. */
export function traced(scenario: Scenario, lookEveryNs = 0): { trace: KeptTrace; recording: Recording } {
  const trace = new KeptTrace();
  return { recording: run(scenario, undefined, null, new Tracer(trace, lookEveryNs)), trace };
}
