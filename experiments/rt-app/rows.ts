import { type RtAppLogPolicy, type RtAppLogRow, writeRtAppLog, rtAppLogName } from '../../formats/rt-app/log.ts';
import type { RtAppPlan } from './plan.ts';

/** Rows that are kept of one thread; later ones are only counted. */
export const MOST_ROWS = 100_000;

/** The logs of a run as plain data, which goes to other threads and processes: one a thread that has lived, by rt-app's names. */
export interface RtAppLogs {
  readonly logs: readonly RtAppThreadLog[];
  /** Rows that were not kept. */
  readonly leftOut: number;
}

export interface RtAppThreadLog {
  readonly name: string;
  readonly policy: RtAppLogPolicy;
  readonly figures: Float64Array; // [row * FIELDS.length + field]
}

const FIELDS = [
  'index',
  'perf',
  'runUs',
  'periodUs',
  'startUs',
  'endUs',
  'relativeStartUs',
  'slackUs',
  'configuredRunUs',
  'configuredPeriodUs',
  'wakeLatencyUs',
] as const satisfies readonly (keyof RtAppLogRow)[];
const ROOM = 16;

/** Takes the rows of a run's log, as rt-app keeps them in memory until its threads end. */
export class RtAppRows {
  private plan: RtAppPlan | null = null;
  private figures: Float64Array[] = []; // [thread][row * FIELDS.length + field], with room for more
  private counts = new Int32Array(0); //   [thread] rows
  private left = 0; // rows that were not kept

  /** A run begins: what was before is forgotten. */
  begin(plan: RtAppPlan): void {
    this.plan = plan;
    this.figures = plan.threads.map(() => new Float64Array(0));
    this.counts = new Int32Array(plan.threads.length);
    this.left = 0;
  }

  add(thread: number, row: RtAppLogRow): void {
    const count = this.counts[thread]!;
    if (count === MOST_ROWS) {
      this.left++;
      return;
    }
    this.counts[thread]!++;
    let figures = this.figures[thread]!;
    if (figures.length === count * FIELDS.length) {
      this.figures[thread] = new Float64Array(Math.max(ROOM, 2 * count) * FIELDS.length);
      this.figures[thread].set(figures);
      figures = this.figures[thread];
    }
    for (let field = 0; field < FIELDS.length; field++) figures[count * FIELDS.length + field] = row[FIELDS[field]!];
  }

  of(thread: number): readonly RtAppLogRow[] {
    return [...rowsOf(this.kept(thread))];
  }

  told(): RtAppLogs {
    return { logs: this.plan === null ? [] : this.logsOf(this.plan), leftOut: this.left };
  }

  private kept(thread: number): Float64Array {
    return this.figures[thread]!.slice(0, this.counts[thread]! * FIELDS.length);
  }

  private logsOf({ file, threads }: RtAppPlan): RtAppThreadLog[] {
    return threads.flatMap(({ task: at, instance, isFork }, i) => {
      if (isFork && this.counts[i] === 0) return [];
      const task = file.tasks[at]!;
      const figures = this.kept(i);
      const name = rtAppLogName(file.logBaseName, task.name, isFork ? figures[FIELDS.indexOf('index')]! : i);
      const { policy, priority } = task.settings;
      return {
        name: isFork ? name.replace(/\.log$/, `-${String(instance).padStart(4, '0')}.log`) : name,
        policy: { name: policy ?? 'SCHED_OTHER', priority: priority ?? 0 },
        figures,
      };
    });
  }
}

/** The lines of a log. */
export function linesOf({ policy, figures }: RtAppThreadLog): Iterable<string> {
  return writeRtAppLog(policy, rowsOf(figures));
}

function* rowsOf(figures: Float64Array): Iterable<RtAppLogRow> {
  for (let at = 0; at < figures.length; at += FIELDS.length) {
    yield Object.fromEntries(FIELDS.map((name, field) => [name, figures[at + field]!])) as unknown as RtAppLogRow;
  }
}
