import { shown } from '../format-error.ts';
import { MOST_EVENTS, MOST_PRIO, type Stretch, type Timehist } from './sched-trace.ts';
import { checkCpu, eachLine, ThreadTable, timeOf, TraceLine } from './trace-lines.ts';

const ROW = /^ {0,32}(\d{1,12})\.(\d{1,9}) [ *]{0,2}\[(\d{1,6})\]/;
/** NAME[TID] or NAME[TID/PID], with --prio `120` or `120->110`, and three times in ms; a name may hold spaces and brackets. */
const TASK =
  /^(.{0,64}?)\[(\d{1,10})(?:\/(\d{1,10}))?\] {1,64}(?:(?:-?\d{1,4}->)?(-?\d{1,4}) {1,32})?(\S{1,24}) {1,32}(\S{1,24}) {1,32}(\S{1,24})(?: |$)/;
/** Rows of -w and -M, which have a gap where the times would stand. */
const OTHER_ROW = / {20,99}(?:awakened|migrated): /;
/** A thread that is ending has lost its number. */
const ENDING = /^ {0,64}:-1\[-1(?:\/-?\d{1,10})?\] /;
const IDLE = /^ {0,64}<idle> /;
/** With -V each CPU has a column of one character between those that are read; the head numbers them in hex, from 0 again after f. */
const PICTURE = /\bcpu {1,64}([\da-f]{1,4096}) {1,64}task name/;

export function looksLikeTimehist(line: string): boolean {
  return /^ {0,64}time {1,64}cpu {1,64}(?:.*)task name/.test(line) || (ROW.test(line) && !/: /.test(line));
}

/**
 * Reads the table of `perf sched timehist`: time, cpu, task[tid/pid], wait time (off the CPU, the delay included), sch delay, run time, in
 * ms with three digits; with --prio the priority too. Rows of wake-ups and migrations (-w, -M) and of idle CPUs (-I) are passed over, as are
 * the picture of -V, what stands behind the run time (-n, -S, -P, call chains), heads, rules and the summary at the end.
 * After: tools/perf/builtin-sched.c, timehist_print_sample.
 * @throws FormatError for any other line, and for a row whose times are none
 */
export function readTimehist(text: string): Timehist {
  const table = new ThreadTable();
  const stretches: Stretch[] = [];
  const origin = { seconds: -1 };
  let last = new TraceLine('', 1);
  let isOver = false;
  let lostLines = 0;
  let lateCount = 0;
  let endingCount = 0;
  let pictureWidth = 0;
  eachLine(text, (line) => {
    last = line;
    if (isOver) return;
    if (/^(?:Runtime summary|Wait-time|Idle stats|Total run time)/.test(line.text)) isOver = true;
    else if (/\bLOST\b|lost/.test(line.text) && !ROW.test(line.text)) lostLines++;
    else if (ROW.test(line.text)) {
      if (ENDING.test(taskOf(line, pictureWidth))) {
        endingCount++;
        return;
      }
      const stretch = stretchOf(line, table, origin, pictureWidth);
      if (stretch === null) return;
      if (stretches.length === MOST_EVENTS) line.fail(0, `more than ${MOST_EVENTS} rows, want fewer`);
      if (stretches.length > 0 && stretch.endNs < stretches.at(-1)!.endNs) lateCount++;
      stretches.push(stretch);
    } else if (!isHead(line.text)) line.fail(0, 'want TIME [CPU] TASK[TID/PID] WAIT DELAY RUN');
    else pictureWidth = PICTURE.exec(line.text)?.[1]!.length ?? pictureWidth;
  });
  if (stretches.length === 0) last.fail(0, 'no row with a thread that ran, want some');
  if (lateCount > 0) stretches.sort((a, b) => a.endNs - b.endNs);
  return {
    source: 'perf sched timehist',
    originSeconds: origin.seconds,
    threads: table.threads,
    stretches,
    remarks: [
      'who woke whom is not in this table: all waits are sleeps',
      ...(endingCount > 0 ? [`${endingCount} rows are of threads that were ending, which perf has no number of: left out`] : []),
      ...(lateCount > 0 ? [`${lateCount} rows stand after later ones: put in order of time`] : []),
      ...(lostLines > 0 ? [`events were lost in ${lostLines} places: what runs and waits there is not known`] : []),
    ],
  };
}

function stretchOf(line: TraceLine, table: ThreadTable, origin: { seconds: number }, pictureWidth: number): Stretch | null {
  const [, seconds, fraction, cpu] = ROW.exec(line.text)!;
  const rest = taskOf(line, pictureWidth);
  if (OTHER_ROW.test(rest) || IDLE.test(rest)) return null;
  const task = rest.trimStart();
  const taskAt = line.text.length - task.length;
  const found = TASK.exec(task);
  if (!found) line.fail(taskAt, `${shown(task.trimEnd())}, want TASK[TID/PID] WAIT DELAY RUN`);
  const [, comm, tid, pid, prio, wait, delay, run] = found;
  if (origin.seconds < 0) origin.seconds = Number(seconds);
  const endNs = timeOf(line, 0, seconds!, fraction!, origin.seconds);
  table.see(line, taskAt, Number(tid), comm!.trim(), prioOf(prio), pid === undefined ? Number(tid) : Number(pid));
  const [waitNs, delayNs, runNs] = [nsOf(line, 'wait time', wait!), nsOf(line, 'sch delay', delay!), nsOf(line, 'run time', run!)];
  return { endNs, cpu: checkCpu(line, 0, Number(cpu)), tid: Number(tid), waitNs, delayNs, runNs };
}

/** What stands behind the CPU and the picture, which has two blanks before it. */
function taskOf(line: TraceLine, pictureWidth: number): string {
  return line.text.slice(ROW.exec(line.text)![0].length + (pictureWidth > 0 ? 2 + pictureWidth : 0));
}

/** Below 0: of SCHED_DEADLINE. */
function prioOf(written: string | undefined): number | null {
  const prio = written === undefined ? -1 : Number(written);
  return prio >= 0 && prio <= MOST_PRIO ? prio : null;
}

function nsOf(line: TraceLine, name: string, written: string): number {
  const found = /^(\d{1,9})\.(\d{1,6})$/.exec(written);
  if (!found) line.fail(line.text.lastIndexOf(written), `${name} = ${shown(written)}, want ms such as 1.234`);
  return Number(found[1]) * 1e6 + Number(found[2]!.padEnd(6, '0'));
}

const isHead = (text: string): boolean =>
  /^ {0,64}(?:time {1,64}cpu|\(sec\))/.test(text) ||
  /^ {0,4200}\[tid\/pid\]/.test(text) ||
  /^[- ]*$/.test(text) ||
  /^(?:Samples|Note:|#)/.test(text.trim());
