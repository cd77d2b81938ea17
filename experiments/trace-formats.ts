import { ChromeTrace } from '../formats/trace-out/chrome-trace.ts';
import type { WriteBytes } from '../formats/trace-out/output-buffer.ts';
import { PerfScriptText } from '../formats/trace-out/perf-script-writer.ts';
import { PerfettoTrace } from '../formats/trace-out/perfetto.ts';
import { type PlacedBytes, TraceDat } from '../formats/trace-out/trace-dat.ts';
import type { TraceSink } from '../sim/trace-events.ts';

/** A format that a trace can be written in as a stream. */
export interface TraceFormat {
  readonly name: string;
  /** Ends of file names that choose it. */
  readonly extensions: readonly string[];
  readonly summary: string;
  /** How to open a file of it, as a line for the user. @param file as the shell takes it */
  readonly opens: (file: string) => string;
  /**
   * @param write takes the file's bytes one after the other
   * @param file the same file, for a format that does not have them in the order in which they are made
   */
  open(write: WriteBytes, file: PlacedBytes): TraceSink;
}

export const traceFormats: readonly TraceFormat[] = [
  {
    name: 'perfetto',
    extensions: ['.pftrace', '.perfetto-trace'],
    summary: 'protobuf of Perfetto',
    opens: (file) => `open ${file} at https://ui.perfetto.dev, or: trace_processor_shell ${file}`,
    open: (write) => new PerfettoTrace(write),
  },
  {
    name: 'chrome',
    extensions: ['.json'],
    summary: 'JSON of Chrome, for everything that reads it',
    opens: (file) => `open ${file} at https://ui.perfetto.dev or in chrome://tracing`,
    open: (write) => new ChromeTrace(write),
  },
  {
    name: 'trace-dat',
    extensions: ['.dat'],
    summary:
      'trace.dat of trace-cmd: sched_switch, sched_waking, sched_wakeup, sched_migrate_task, sched_stat_runtime at the end, page moves',
    opens: (file) => `trace-cmd report -i ${file}, kernelshark ${file}, or lisa.trace.Trace(...)`,
    open: (_, file) => new TraceDat(file),
  },
  {
    name: 'perf-script',
    extensions: ['.txt', '.perf'],
    summary: 'text of perf script: sched_switch, sched_waking, sched_migrate_task',
    opens: (file) => `less ${file}; numalab run --workload trace:${file} replays it`,
    open: (write) => new PerfScriptText(write),
  },
];
