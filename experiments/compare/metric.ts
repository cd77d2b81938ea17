import { CAUSES, type Cause, type GuestRecord, type Measures, type Timeline } from '../../sim/recording.ts';
import type { Scenario } from '../../sim/scenario.ts';

export interface Metric {
  readonly name: 'throughput' | 'elapsed';
  readonly unit: string;
  readonly isHigherBetter: boolean;
}

/** What is asked of a run: a recording has it, and so has a result that was kept. */
export interface Ran {
  readonly total: Pick<Measures, 'elapsedNs'>;
  readonly guests: readonly GuestRecord[];
  readonly timeline?: Timeline | null;
}

/**
 * Work that has an end is judged by the time it takes, all else by what it gets done: guests that count in different units apart,
 * as GB/s and jobs/s have no sum.
 */
export function metricsOf({ durationNs }: Pick<Scenario, 'durationNs'>, run: Ran): Metric[] {
  if (durationNs === null) return [{ name: 'elapsed', unit: 's', isHigherBetter: false }];
  const units = [...new Set(run.guests.map(({ throughput }) => throughput.unit))];
  return units.map((unit) => ({ name: 'throughput', unit, isHigherBetter: true }));
}

/** What a run is worth by a metric. */
export function valueOf(run: Ran, metric: Metric): number {
  if (metric.name === 'elapsed') return run.total.elapsedNs / 1e9;
  return judgedGuests(run, metric).reduce((sum, at) => sum + run.guests[at]!.throughput.value, 0);
}

/** What the metric is about: the guests that count in its unit, or all. */
export function judgedGuests({ guests }: Pick<Ran, 'guests'>, metric: Metric): number[] {
  const all = guests.map((_, at) => at);
  return metric.name === 'elapsed' ? all : all.filter((at) => guests[at]!.throughput.unit === metric.unit);
}

/** Task time of the judged guests by cause. */
export function causesOf(run: Pick<Ran, 'guests'>, metric: Metric): Record<Cause, number> {
  const judged = judgedGuests(run, metric).map((at) => run.guests[at]!);
  return Object.fromEntries(CAUSES.map((cause) => [cause, judged.reduce((sum, guest) => sum + guest.causes[cause], 0)])) as Record<Cause, number>; // prettier-ignore
}

/** What the judged guests did in all, in their own unit. */
export function workOf(run: Pick<Ran, 'guests'>, metric: Metric): number {
  return judgedGuests(run, metric).reduce((sum, at) => sum + workOfGuest(run.guests[at]!), 0);
}

export function workOfGuest({ throughput, elapsedNs }: Measures): number {
  return (throughput.value * elapsedNs) / 1e9;
}
