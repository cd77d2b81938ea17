import { shown, SourceText } from '../format-error.ts';

/** A line of rt-app's log, one for each time that a thread went through a phase. Whole microseconds, as rt-app writes them. */
export interface RtAppLogRow {
  /** Of the thread, from 0 in the order of the file's tasks and their instances; what rt-app calls `ind`. */
  readonly index: number;
  /** Rounds of rt-app's loop that `run` and `runtime` went through. */
  readonly perf: number;
  /** Time that passed in `run` and `runtime`, preemptions included. */
  readonly runUs: number;
  /** From the phase's begin to its end: all events. */
  readonly periodUs: number;
  /** Of the clock that traces have. */
  readonly startUs: number;
  readonly endUs: number;
  /** Begin of the phase, counted from the begin of the whole. */
  readonly relativeStartUs: number;
  /** Time that was left at a timer, below 0 if it was missed: of the last one, or of all where `cumulative_slack` is set. */
  readonly slackUs: number;
  /** What the file says that `run` and `runtime` last. */
  readonly configuredRunUs: number;
  /** What the file says that its timers' periods are. */
  readonly configuredPeriodUs: number;
  /** How late the thread went on after its timers; 0 from a timer that was missed on. */
  readonly wakeLatencyUs: number;
}

/** What stands in one file, of one thread. */
export interface RtAppLog {
  /** Null where there is no such line: later versions of rt-app do not write it. */
  readonly policy: RtAppLogPolicy | null;
  readonly rows: readonly RtAppLogRow[];
}

/**
 * A log as rt-app writes it, line by line: two of comment first, then one a row.
 * After: thread_body of src/rt-app.c and log_timing of src/rt-app_utils.c, rt-app 1.0; what Debian's writes looks the same.
 */
export function* writeRtAppLog(policy: RtAppLogPolicy, rows: Iterable<RtAppLogRow>): Iterable<string> {
  yield `# Policy : ${policy.name} priority : ${policy.priority}\n`;
  yield `${HEADER}\n`;
  for (const row of rows) yield `${rowLine(row)}\n`;
}

export interface RtAppLogPolicy {
  readonly name: string;
  /** The nice value of SCHED_OTHER. */
  readonly priority: number;
}

/** Half a µs away from 0, as rt-app rounds. */
export function logUs(ns: number): number {
  return Math.sign(ns) * Math.round(Math.abs(ns) / 1000) || 0; // no -0
}

/** `BASENAME-TASK-INDEX.log`, as rt-app names them in its `logdir`. */
export function rtAppLogName(logBaseName: string, task: string, index: number): string {
  return `${logBaseName}-${task}-${index}.log`;
}

/** The file's name, the field's name and its width, in rt-app's order (1.0 and later alike). */
const COLUMNS = [
  ['#idx', 'index', 4],
  ['perf', 'perf', 8],
  ['run', 'runUs', 8],
  ['period', 'periodUs', 8],
  ['start', 'startUs', 15],
  ['end', 'endUs', 15],
  ['rel_st', 'relativeStartUs', 15],
  ['slack', 'slackUs', 10],
  ['c_duration', 'configuredRunUs', 10],
  ['c_period', 'configuredPeriodUs', 10],
  ['wu_lat', 'wakeLatencyUs', 10],
] as const;
const HEADER = COLUMNS.map(([title, , width]) => title.padStart(width)).join(' ');

function rowLine(row: RtAppLogRow): string {
  return COLUMNS.map(([, field, width]) => `${row[field]}`.padStart(width)).join(' ');
}

const MOST_ROWS = 10_000_000;
const POLICY = /^# Policy : (\w{1,32}) priority : (-?\d{1,3})$/;

/** @throws FormatError for other columns than these, in another order, and for what is no whole number */
export function readRtAppLog(text: string): RtAppLog {
  const source = new SourceText(text);
  const rows: RtAppLogRow[] = [];
  let policy: RtAppLogPolicy | null = null;
  let hasHeader = false;
  for (let start = 0, end = 0; start < text.length; start = end + 1) {
    end = text.indexOf('\n', start);
    if (end < 0) end = text.length;
    const line = text.slice(start, end).replace(/\r$/, '');
    const said = POLICY.exec(line);
    if (said) policy = { name: said[1]!, priority: Number(said[2]) };
    else if (line.startsWith('#')) hasHeader = checkHeader(source, start, line);
    else if (line !== '') {
      if (!hasHeader) source.fail(start, `a row, want ${HEADER.trim()} first`);
      if (rows.length >= MOST_ROWS) source.fail(start, `a row, want at most ${MOST_ROWS}`);
      rows.push(rowOf(source, start, line));
    }
  }
  if (!hasHeader) source.fail(0, `no line of columns, want ${HEADER.trim()}`);
  return { policy, rows };
}

function checkHeader(source: SourceText, at: number, line: string): true {
  const titles = line.trim().split(/ +/);
  const wrong = COLUMNS.findIndex(([title], i) => titles[i] !== title);
  if (wrong >= 0) source.fail(at, `column ${wrong + 1} = ${shown(titles[wrong])}, want ${COLUMNS[wrong]![0]}`);
  if (titles.length > COLUMNS.length) source.fail(at, `${titles.length} columns, want ${COLUMNS.length}`);
  return true;
}

function rowOf(source: SourceText, at: number, line: string): RtAppLogRow {
  const cells = line.trim().split(/ +/);
  if (cells.length !== COLUMNS.length) source.fail(at, `${cells.length} figures, want ${COLUMNS.length}`);
  const row = Object.fromEntries(COLUMNS.map(([title, field], i) => [field, numberOf(source, at, title, cells[i]!)]));
  return row as unknown as RtAppLogRow;
}

/** Only the slack can be below 0. */
function numberOf(source: SourceText, at: number, title: string, cell: string): number {
  const number = /^-?\d{1,16}$/.test(cell) ? Number(cell) : NaN;
  const isSound = Number.isSafeInteger(number) && (number >= 0 || title === 'slack');
  return isSound ? number : source.fail(at, `${title} = ${shown(cell)}, want a whole number${title === 'slack' ? '' : ' from 0'}`);
}
