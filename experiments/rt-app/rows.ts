import { type RtAppLogRow, writeRtAppLog, rtAppLogName } from '../../formats/rt-app/log.ts';
import type { RtAppPlan } from './plan.ts';

/** Rows that are kept of one thread; later ones are only counted. */
export const MOST_ROWS = 100_000;

/** Takes the rows of a run's log, as rt-app keeps them in memory until its threads end. */
export class RtAppRows {
  private plan: RtAppPlan | null = null;
  private rows: RtAppLogRow[][] = []; // [thread]
  private left = 0; // rows that were not kept

  /** A run begins: what was before is forgotten. */
  begin(plan: RtAppPlan): void {
    this.plan = plan;
    this.rows = plan.threads.map(() => []);
    this.left = 0;
  }

  add(thread: number, row: RtAppLogRow): void {
    const rows = this.rows[thread]!;
    if (rows.length < MOST_ROWS) rows.push(row);
    else this.left++;
  }

  get leftOut(): number {
    return this.left;
  }

  of(thread: number): readonly RtAppLogRow[] {
    return this.rows[thread] ?? [];
  }

  /** A log a thread that has lived, by rt-app's names, with its lines. */
  *logs(): Iterable<{ readonly name: string; readonly lines: Iterable<string> }> {
    if (this.plan === null) return;
    const { file, threads } = this.plan;
    for (const [i, { task: at, instance, isFork }] of threads.entries()) {
      const task = file.tasks[at]!;
      const rows = this.rows[i]!;
      if (isFork && rows.length === 0) continue;
      const index = isFork ? rows[0]!.index : i;
      const name = rtAppLogName(file.logBaseName, task.name, index);
      const { policy, priority } = task.settings;
      yield {
        name: isFork ? name.replace(/\.log$/, `-${String(instance).padStart(4, '0')}.log`) : name,
        lines: writeRtAppLog({ name: policy ?? 'SCHED_OTHER', priority: priority ?? 0 }, rows),
      };
    }
  }
}
