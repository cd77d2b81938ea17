import type { RtAppFile } from '../../formats/rt-app/file.ts';
import type { WorkloadEntry } from '../../sim/workload-api.ts';
import { checkHost } from './check-host.ts';
import type { RtAppPlan } from './plan.ts';
import { rtAppProgram } from './program.ts';
import type { RtAppRows } from './rows.ts';

/** The workload of a plan; with `rows`, its runs tell them each loop of each thread. */
export function rtAppEntry(name: string, plan: RtAppPlan, rows: RtAppRows | null = null): WorkloadEntry {
  const entry: WorkloadEntry = {
    name,
    summary: 'the threads of an rt-app file',
    ends: endsOf(plan.file),
    options: [],
    build(_, setup) {
      checkHost(plan.file, setup.hostCpus, setup.hostNodes);
      return rtAppProgram(plan, setup, rows);
    },
  };
  plans.set(entry, plan);
  return entry;
}

const plans = new WeakMap<WorkloadEntry, RtAppPlan>();

/** The same workload, logged; null for one that is no rt-app file. */
export function loggedEntry(entry: WorkloadEntry, rows: RtAppRows): WorkloadEntry | null {
  const plan = plans.get(entry);
  return plan === undefined ? null : rtAppEntry(entry.name, plan, rows);
}

/** A process that is stopped when its time is over does not end by itself. */
function endsOf({ durationNs, tasks }: RtAppFile): WorkloadEntry['ends'] {
  const isEndless = tasks.some(({ loop, phases }) => loop < 0 || phases.some((phase) => phase.loop < 0));
  return durationNs !== null || isEndless ? 'never' : 'by itself';
}
