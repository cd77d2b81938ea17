import { readFileSync } from 'node:fs';
import { readMlc } from '../../formats/mlc.ts';
import { readPerfScript } from '../../formats/perf-script.ts';
import { readPerfStat } from '../../formats/perf-stat.ts';
import { readTimehist } from '../../formats/timehist.ts';
import { readTraceCmdReport } from '../../formats/trace-cmd-report.ts';
import { tasksOfTimehist, tasksOfTrace } from '../../formats/trace-tasks.ts';

/** Every reader of another tool's file, with small sound inputs to begin from: what the fuzzing of test/long/formats.long.ts goes through. */
export interface FuzzedReader {
  readonly name: string;
  /** What it makes of them does not matter; it may only throw a RangeError of one line. */
  read(bytes: Uint8Array): unknown;
  readonly seeds: readonly Uint8Array[];
}

/** A text of the folder `fixtures`, as its bytes. */
export function fixture(name: string): Uint8Array {
  return readFileSync(new URL(`fixtures/${name}`, import.meta.url));
}

export const asText = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

export const fuzzedReaders: readonly FuzzedReader[] = [
  {
    name: 'mlc',
    read: (bytes) => readMlc(asText(bytes)),
    seeds: [
      bytesOf(
        'Measuring idle latencies (in ns)...\n\t\tNuma node\nNuma node\t     0\t     1\n       0\t  81.5\t 139.2\n       1\t 141.0\t  80.1\n',
      ),
    ],
  },
  {
    name: 'perf script',
    read: (bytes) => tasksOfTrace(readPerfScript(asText(bytes))),
    seeds: [fixture('three-threads.perf-script.txt')],
  },
  {
    name: 'trace-cmd report',
    read: (bytes) => tasksOfTrace(readTraceCmdReport(asText(bytes))),
    seeds: [fixture('three-threads.trace-cmd.txt')],
  },
  {
    name: 'perf sched timehist',
    read: (bytes) => tasksOfTimehist(readTimehist(asText(bytes))),
    seeds: [fixture('two-threads.timehist.txt')],
  },
  {
    name: 'perf stat',
    read: (bytes) => readPerfStat(asText(bytes)),
    seeds: [
      bytesOf(
        " Performance counter stats for 'a':\n\n  1,234.56 msec task-clock:u  #  2.345 CPUs utilized ( +-  0.12% )\n  7,654,321  cycles  (66.70%)\n" +
          '  <not supported>  LLC-loads\n\n  0.526 +- 0.001 seconds time elapsed  ( +-  4.71% )\n  1.22 seconds user\n',
      ),
      bytesOf('0.34,msec,task-clock,338466,100.00,0.606,CPUs utilized\n901,,cpu/event=0x3c,umask=0x1/,1.5%,338466,25.00,,\n'),
      bytesOf('{"counter-value" : "12345.0", "unit" : "", "event" : "instructions", "event-runtime" : 7, "pcnt-running" : 40.00}\n'),
    ],
  },
];
