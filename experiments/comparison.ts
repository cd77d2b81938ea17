import { CAUSES, type Cause, type GuestRecord, type Measures, type Recording } from '../sim/recording.ts';
import type { Scenario } from '../sim/scenario.ts';
import { compareWithBaseline, type Interval, meanInterval, type PairedDifference, type Replication, verdict } from './statistics.ts';

/** What one policy made of each seed, in the same order of seeds for all. */
export interface PolicyRuns {
  readonly policy: string;
  readonly oracle: boolean;
  readonly recordings: readonly Recording[];
}

/** What a comparison of causes looks at. */
type Guests = Pick<Recording, 'guests'>;

export interface Metric {
  readonly name: 'throughput' | 'elapsed';
  readonly unit: string;
  readonly isHigherBetter: boolean;
}

export interface ComparedPolicy {
  readonly policy: string;
  readonly oracle: boolean;
  readonly mean: Interval;
  /** Against the first policy, seed by seed, the interval as wide as Holm's procedure asks; null for the first itself. */
  readonly difference: PairedDifference | null;
  readonly verdict: 'baseline' | 'better' | 'worse' | 'no difference shown';
  /** Why: the causes of time whose change was largest, as shares of the first policy's task time for the same work. */
  readonly causes: readonly { readonly cause: Cause; readonly change: number }[];
}

export interface Comparison {
  readonly metric: Metric;
  readonly level: number;
  readonly seeds: readonly string[];
  readonly policies: readonly ComparedPolicy[];
}

/**
 * Work that has an end is judged by the time it takes, all else by what it gets done: guests that count in different units apart,
 * as GB/s and jobs/s have no sum.
 */
export function metricsOf(scenario: Scenario, recording: Recording): Metric[] {
  if (scenario.durationNs === null) return [{ name: 'elapsed', unit: 's', isHigherBetter: false }];
  const units = [...new Set(recording.guests.map(({ throughput }) => throughput.unit))];
  return units.map((unit) => ({ name: 'throughput', unit, isHigherBetter: true }));
}

/** What the metric is about: the guests that count in its unit, or all. */
export function judgedGuests({ guests }: Guests, metric: Metric): readonly GuestRecord[] {
  return metric.name === 'elapsed' ? guests : guests.filter(({ throughput }) => throughput.unit === metric.unit);
}

/** The first policy against each of the others, paired by seed. All runs must have ended well. */
export function comparePolicies(runs: readonly PolicyRuns[], seeds: readonly string[], metric: Metric, level = 0.95): Comparison {
  const samples = runs.map(({ recordings }) =>
    recordings.map((recording, i): Replication => ({ seed: seeds[i]!, value: valueOf(recording, metric) })),
  );
  const [baseline, ...candidates] = samples;
  const differences = compareWithBaseline(baseline!, candidates, level);
  const policies = runs.map(({ policy, oracle, recordings }, at): ComparedPolicy => {
    const difference = at === 0 ? null : differences[at - 1]!;
    return {
      policy,
      oracle,
      mean: meanInterval(samples[at]!.map(({ value }) => value), level), // prettier-ignore
      difference,
      verdict: difference === null ? 'baseline' : judged(difference, metric, meanInterval(samples[0]!.map(({ value }) => value)).mean),
      causes: at === 0 ? [] : changedCauses(runs[0]!.recordings, recordings, metric),
    };
  });
  return { metric, level, seeds, policies };
}

/** Differences below this share of the baseline matter to nobody, however sure they are. */
export const TOO_SMALL = 1e-4;

function judged(difference: Interval, metric: Metric, baseline: number): ComparedPolicy['verdict'] {
  if (Math.max(Math.abs(difference.low), Math.abs(difference.high)) < TOO_SMALL * Math.abs(baseline)) return 'no difference shown';
  const shown = verdict(difference);
  if (shown === 'no difference shown') return shown;
  return (shown === 'higher') === metric.isHigherBetter ? 'better' : 'worse';
}

/** Task time by cause for a unit of work, less that of the baseline, over all the baseline's task time for it; largest first. */
function changedCauses(baseline: readonly Recording[], candidate: readonly Recording[], metric: Metric): ComparedPolicy['causes'] {
  if (!didWork(baseline, metric) || !didWork(candidate, metric)) return [];
  const before = timePerWork(baseline, metric);
  const after = timePerWork(candidate, metric);
  const all = CAUSES.reduce((sum, cause) => sum + before[cause], 0);
  return CAUSES.map((cause) => ({ cause, change: all > 0 ? (after[cause] - before[cause]) / all : 0 }))
    .filter(({ change }) => change !== 0)
    .sort((a, b) => Math.abs(b.change) - Math.abs(a.change));
}

/** What a run is worth by a metric. */
export function valueOf(recording: Recording, metric: Metric): number {
  if (metric.name === 'elapsed') return recording.total.elapsedNs / 1e9;
  return judgedGuests(recording, metric).reduce((sum, { throughput }) => sum + throughput.value, 0);
}

/** Task time by cause, in ns, for a unit of work. */
export function timePerWork(recordings: readonly Guests[], metric: Metric): Record<Cause, number> {
  const guests = recordings.flatMap((recording) => judgedGuests(recording, metric));
  const work = workIn(recordings, metric);
  const per = (cause: Cause): number => guests.reduce((sum, { causes }) => sum + causes[cause], 0) / (work || 1);
  return Object.fromEntries(CAUSES.map((cause) => [cause, per(cause)])) as Record<Cause, number>;
}

export function didWork(recordings: readonly Guests[], metric: Metric): boolean {
  return metric.name === 'elapsed' || workIn(recordings, metric) > 0;
}

/** What was done, in the unit of throughput without its `/s`. */
export function workIn(recordings: readonly Guests[], metric: Metric): number {
  return recordings.flatMap((recording) => judgedGuests(recording, metric)).reduce((sum, guest) => sum + workOf(guest), 0);
}

function workOf({ throughput, elapsedNs }: Measures): number {
  return (throughput.value * elapsedNs) / 1e9;
}
