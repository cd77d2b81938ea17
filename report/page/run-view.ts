import type { PageMachine, PageRun } from '../../experiments/page/schemas.ts';
import { counted, plainText } from '../format.ts';

/** Runs of the same thing under several policies, to be looked at side by side. */
export interface RunGroup {
  readonly title: string;
  readonly runs: readonly PageRun[];
  readonly machine: PageMachine | null;
}

export function groupRuns(runs: readonly PageRun[], machines: readonly PageMachine[]): RunGroup[] {
  const titleOf = ({ workload, guests, machine, seed }: PageRun): string =>
    `${plainText(workload)}, ${counted(guests.length, 'guest')}, on ${plainText(machine)}, seed ${plainText(seed)}`;
  return [...new Set(runs.map(titleOf))].map((title) => {
    const own = runs.filter((run) => titleOf(run) === title);
    return { title, runs: own, machine: machines.find(({ name }) => name === own[0]!.machine) ?? null };
  });
}

/** How fast each resource was used, in GB/s. */
export interface Loads {
  /** By the name of the resource. */
  readonly GBps: Readonly<Record<string, number>>;
  /** From when, if not from the start of the run. */
  readonly measuredFromNs: number | null;
}

/** While all guests were measured, where the run was looked at as it went on; else over all of it. */
export function loadsOf(run: PageRun): Loads {
  const names = Object.keys(run.bytesByResource);
  const from = measuredFrom(run);
  if (run.timeline && from !== null) {
    const { timesNs, resourceBytes } = run.timeline;
    const first = timesNs.findIndex((time) => time >= from);
    const last = timesNs.length - 1;
    if (first >= 0 && first < last) {
      const lengthNs = timesNs[last]! - timesNs[first]!;
      const rate = (r: number): number => (resourceBytes[last]![r]! - resourceBytes[first]![r]!) / lengthNs;
      return { GBps: Object.fromEntries(names.map((name, r) => [name, rate(r)])), measuredFromNs: timesNs[first]! };
    }
  }
  return { GBps: Object.fromEntries(names.map((name) => [name, run.bytesByResource[name]! / run.simulatedNs])), measuredFromNs: null };
}

/** When the last of the guests began to be measured. */
export function measuredFrom({ timeline }: PageRun): number | null {
  const starts = timeline?.guests.map(({ measuredFromNs }) => measuredFromNs) ?? [];
  return starts.length > 0 && starts.every((start) => start !== null) ? Math.max(...(starts as number[])) : null;
}
