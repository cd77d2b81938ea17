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

/** A log as rt-app writes it, its two lines of comment first, and a line a row. */
export function* rtAppLogLines(policy: RtAppLogPolicy, rows: Iterable<RtAppLogRow>): Iterable<string> {
  yield `# Policy : ${policy.name} priority : ${policy.priority}\n`;
  yield `${HEADER}\n`;
  for (const row of rows) yield `${rowLine(row)}\n`;
}

export interface RtAppLogPolicy {
  readonly name: string;
  /** The nice value of SCHED_OTHER. */
  readonly priority: number;
}

/** `BASENAME-TASK-INDEX.log`, as rt-app names them in its `logdir`. */
export function rtAppLogName(logBaseName: string, task: string, index: number): string {
  return `${logBaseName}-${task}-${index}.log`;
}

/** The file's name, the field's name and its width, in rt-app's order (`log_timing`, src/rt-app_utils.c, 1.0 and later alike). */
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
