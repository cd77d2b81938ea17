import { CAUSES, type Measures } from '../../sim/recording.ts';
import type { GuestResult, RunResult } from '../run-result.ts';

/** What a row of a sweep's results tells: the unit stands last in the name where it has one. */
export interface Metric {
  readonly name: string;
  /** `ns`, `lines` of 64 bytes, `share` 0..1, `ratio`, `count`; of the throughput what the workload counts, such as `GB/s`. */
  readonly unit: string;
}

export interface MetricValue {
  readonly metric: Metric;
  readonly value: number;
}

interface Described<Of> extends Metric {
  readonly meaning: string;
  /** null for a figure that was not taken: it has no row. */
  of(from: Of): number | null;
}

type AnyMeasures = Omit<Measures, 'throughput'>;

const measure = (name: string, unit: string, meaning: string, of: (from: AnyMeasures) => number | null): Described<AnyMeasures> => ({
  name,
  unit,
  meaning,
  of,
});

/** Of every guest, and of the whole run. */
export const MEASURES: readonly Described<AnyMeasures>[] = [
  measure('elapsedNs', 'ns', 'from where the books begin to their end', (of) => of.elapsedNs),
  measure('remoteRatio', 'share', "memory accesses served by another node than the CPU's", (of) => of.remoteRatio),
  measure('accessesLocal', 'lines', "fetched from the CPU's own node", (of) => of.accessesByHop.local),
  measure('accessesSameSocket', 'lines', 'from another node of the socket', (of) => of.accessesByHop.sameSocket),
  measure('accessesOneHop', 'lines', 'over one link between sockets', (of) => of.accessesByHop.oneHop),
  measure('accessesTwoHop', 'lines', 'over two', (of) => of.accessesByHop.twoHop),
  measure('migrationsCore', 'count', 'vCPUs that changed to the other thread of a core', (of) => of.migrations.core),
  measure('migrationsCpu', 'count', 'to another core of the node', (of) => of.migrations.cpu),
  measure('migrationsNode', 'count', 'to another node of the socket', (of) => of.migrations.node),
  measure('migrationsSocket', 'count', 'to another socket', (of) => of.migrations.socket),
  measure('pageMoves', 'count', 'blocks of memory moved to another node', (of) => of.pageMoves),
  measure('pageReturns', 'count', 'of these, those that went back', (of) => of.pageReturns),
  measure('pageReplicas', 'count', 'copies made beside a block that stayed', (of) => of.pageReplicas),
  measure('failedMoves', 'count', 'moves for which the target had no room', (of) => of.failedMoves),
  measure('hintFaults', 'count', 'faults on marked blocks', (of) => of.hintFaults),
  measure('samples', 'count', 'accesses that the performance monitoring unit sampled', (of) => of.samples),
  measure('waitNs', 'ns', 'vCPUs runnable without a CPU (steal)', (of) => of.waitNs),
  measure('contextSwitches', 'count', 'on the host, and between tasks inside guests', (of) => of.contextSwitches),
  measure('wakes', 'count', 'times a vCPU was woken', (of) => of.wakes),
  measure('delayedWakes', 'count', 'of these, those that had to wait for a CPU', (of) => of.delayedWakes),
  measure('wakeWaitNs', 'ns', 'of waitNs, the waits that began with a wake', (of) => of.wakeWaitNs),
  measure('completions', 'count', 'tasks that ended', (of) => of.completions),
  measure('userNs', 'ns', 'CPU time of the tasks themselves', (of) => of.userNs),
  measure('sysNs', 'ns', 'CPU time of kernels on their behalf', (of) => of.sysNs),
  measure('lifetimeNs', 'ns', "sum of the tasks' lifetimes: what the causes add up to", (of) => of.lifetimeNs),
  ...CAUSES.map((cause) =>
    measure(
      `cause${cause[0]!.toUpperCase()}${cause.slice(1)}Ns`,
      'ns',
      `of lifetimeNs, what went to ${cause} (docs/model.md)`,
      (of) => of.causes[cause],
    ),
  ),
];

/** Of the whole run only. */
export const RUN_METRICS: readonly Described<RunResult>[] = [
  { name: 'simulatedNs', unit: 'ns', meaning: 'length of the run', of: (run) => run.simulatedNs },
  { name: 'busyNs', unit: 'ns', meaning: 'CPU time used, summed over CPUs', of: (run) => run.busyNs },
  { name: 'idleNs', unit: 'ns', meaning: 'CPU time not used', of: (run) => run.idleNs },
  {
    name: 'wastedNs',
    unit: 'ns',
    meaning: 'idle for more than 100 ms while a vCPU waited that could run there',
    of: (run) => run.wastedNs,
  },
  {
    name: 'idleWhileRunnableNs',
    unit: 'ns',
    meaning: 'the same from the first ns; with checks: all',
    of: (run) => run.idleWhileRunnableNs,
  },
  { name: 'hostNoiseNs', unit: 'ns', meaning: "CPU time of the host's background load", of: (run) => run.hostNoiseNs },
  { name: 'dom0Ns', unit: 'ns', meaning: "CPU time of Xen's privileged guest", of: (run) => run.dom0Ns },
  { name: 'moverNs', unit: 'ns', meaning: 'CPU time of the threads that move memory', of: (run) => run.moverNs },
  { name: 'instants', unit: 'count', meaning: 'moments at which something changed', of: (run) => run.instants },
  { name: 'solves', unit: 'count', meaning: 'times the speeds were solved', of: (run) => run.solves },
  { name: 'droppedArrivals', unit: 'count', meaning: 'requests that found no room', of: (run) => run.droppedArrivals },
];

export const BOOT: Described<GuestResult> = {
  name: 'bootNs',
  unit: 'ns',
  meaning: 'how long the guest took to boot; of guests only',
  of: (guest) => guest.bootNs,
};

/** All that is told of a run as a whole, in the order of its rows. */
export function metricsOfRun(run: RunResult): MetricValue[] {
  return [throughputOf(run.total.throughput), ...valuesOf(MEASURES, run.total), ...valuesOf(RUN_METRICS, run)].filter(isTaken);
}

/** All that is told of a guest: its workload's own figures last, under their own names. */
export function metricsOfGuest(guest: GuestResult): MetricValue[] {
  const figures = Object.entries(guest.figures).map(([name, value]) => ({ metric: metric(name, unitOfFigure(name)), value }));
  return [throughputOf(guest.throughput), ...valuesOf(MEASURES, guest), ...valuesOf([BOOT], guest), ...figures].filter(isTaken);
}

export function isMetricOfRun(name: string): boolean {
  return name === 'throughput' || [...MEASURES, ...RUN_METRICS].some((one) => one.name === name);
}

/** A workload's own figures carry their unit at the end of their names, or count something. */
export function unitOfFigure(name: string): string {
  if (name.endsWith('Ns')) return 'ns';
  if (name.endsWith('Share')) return 'share';
  return name.endsWith('Stretch') ? 'ratio' : 'count';
}

function throughputOf({ value, unit }: { value: number | null; unit: string }): { metric: Metric; value: number | null } {
  return { metric: metric('throughput', unit), value };
}

function valuesOf<Of>(described: readonly Described<Of>[], from: Of): { metric: Metric; value: number | null }[] {
  return described.map((one) => ({ metric: one, value: one.of(from) }));
}

function isTaken(row: { metric: Metric; value: number | null }): row is MetricValue {
  return row.value !== null;
}

const known = new Map<string, Metric>();

/** One object for each metric, so that writers may keep what they make of it. */
function metric(name: string, unit: string): Metric {
  const key = `${name} ${unit}`;
  const found = known.get(key) ?? { name, unit };
  known.set(key, found);
  return found;
}
