import { CAUSES, type Cause } from '../../sim/recording.ts';
import { effectSizes, type EffectSizes } from '../statistics/effect-size.ts';
import { type Interval, meanInterval, verdict } from '../statistics/interval.ts';
import { quantileInterval, type QuantileInterval } from '../statistics/order-statistics.ts';
import { compareWithBaseline, pairUp, type PairedDifference, type Replication } from '../statistics/paired.ts';
import type { Metric } from './metric.ts';
import type { Outcome, Part } from './outcome.ts';
import { valueAfterCut, type WarmUp, warmUpCut, type WarmUpRule } from './warm-up.ts';

/** What one policy made of each seed, in the same order of seeds for all. */
export interface PolicyRuns {
  readonly policy: string;
  readonly oracle: boolean;
  readonly outcomes: readonly Outcome[];
}

export interface ComparedPolicy {
  readonly policy: string;
  readonly oracle: boolean;
  readonly mean: Interval;
  /** The 10th, 50th and 90th percentile over the seeds. */
  readonly quantiles: readonly QuantileInterval[];
  /** Against the first policy, seed by seed, the interval as wide as Holm's procedure asks; null for the first itself. */
  readonly difference: PairedDifference | null;
  /** The longer side of the difference as a share of the first policy's mean; null for the first itself, or where that mean is 0. */
  readonly precision: number | null;
  readonly effect: EffectSizes | null;
  readonly verdict: 'baseline' | 'better' | 'worse' | 'no difference shown';
  /** Shown to differ, but by less than TOO_SMALL: the verdict is 'no difference shown' all the same. */
  readonly isTooSmall: boolean;
  /** Why: the causes of time whose change was largest, as shares of the first policy's task time for the same work, warm-up included. */
  readonly causes: readonly { readonly cause: Cause; readonly change: number }[];
}

export interface Comparison {
  readonly metric: Metric;
  readonly level: number;
  readonly seeds: readonly string[];
  readonly warmUp: WarmUp;
  /** Differences that Holm's procedure corrects together: those of this comparison, each policy but the first. */
  readonly family: { readonly correction: 'Holm'; readonly size: number };
  readonly policies: readonly ComparedPolicy[];
}

const PERCENTILES = [0.1, 0.5, 0.9];

/** The first policy against each of the others, paired by seed. All runs must have ended well. */
export function comparePolicies(runs: readonly PolicyRuns[], metric: Metric, warmUpRule: WarmUpRule = 'mser', level = 0.95): Comparison {
  const { samples, warmUp, parts } = samplesOf(runs, metric, warmUpRule);
  const [baseline, ...candidates] = samples;
  const differences = compareWithBaseline(baseline!, candidates, level);
  const baselineMean = meanInterval(valuesOf(baseline!)).mean;
  const policies = runs.map(({ policy, oracle }, at): ComparedPolicy => {
    const difference = at === 0 ? null : differences[at - 1]!;
    return {
      policy,
      oracle,
      mean: meanInterval(valuesOf(samples[at]!), level),
      quantiles: PERCENTILES.map((p) => quantileInterval(valuesOf(samples[at]!), p, level)),
      difference,
      precision: difference === null ? null : precisionOf(difference.relative),
      effect: difference === null ? null : effectSizes(pairUp(samples[at]!, baseline!)),
      verdict: difference === null ? 'baseline' : judged(difference, metric, baselineMean),
      isTooSmall: difference !== null && verdict(difference) !== 'no difference shown' && isSmall(difference, baselineMean),
      causes: at === 0 ? [] : changedCauses(parts[0]!, parts[at]!),
    };
  });
  const seeds = runs[0]!.outcomes.map(({ seed }) => seed);
  return { metric, level, seeds, warmUp, family: { correction: 'Holm', size: candidates.length }, policies };
}

/** [policy]: what each seed gave, warm-up cut. */
export function samplesOf(
  runs: readonly PolicyRuns[],
  metric: Metric,
  rule: WarmUpRule,
): { samples: Replication[][]; warmUp: WarmUp; parts: Part[][] } {
  const parts = runs.map(({ outcomes }) => outcomes.map((outcome) => partOf(outcome, metric)));
  const cut = warmUpCut(runs.map(({ policy }) => policy), parts, rule); // prettier-ignore
  const samples = runs.map(({ outcomes }, at) =>
    outcomes.map(({ seed }, i): Replication => ({ seed, value: valueAfterCut(parts[at]![i]!, cut) })),
  );
  return { samples, warmUp: cut.warmUp, parts };
}

/** The longer side of a relative difference. */
export function precisionOf(relative: PairedDifference['relative']): number | null {
  return relative && Math.max(relative.high - relative.mean, relative.mean - relative.low);
}

/** Differences below this share of the baseline matter to nobody, however sure they are. */
export const TOO_SMALL = 1e-4;

function judged(difference: Interval, metric: Metric, baseline: number): ComparedPolicy['verdict'] {
  if (isSmall(difference, baseline)) return 'no difference shown';
  const shown = verdict(difference);
  if (shown === 'no difference shown') return shown;
  return (shown === 'higher') === metric.isHigherBetter ? 'better' : 'worse';
}

function isSmall({ low, high }: Interval, baseline: number): boolean {
  return Math.max(Math.abs(low), Math.abs(high)) < TOO_SMALL * Math.abs(baseline);
}

/** Task time by cause for a unit of work, less that of the baseline, over all the baseline's task time for it; largest first. */
function changedCauses(baseline: readonly Part[], candidate: readonly Part[]): ComparedPolicy['causes'] {
  if (!didWork(baseline) || !didWork(candidate)) return [];
  const before = timePerWork(baseline);
  const after = timePerWork(candidate);
  const all = CAUSES.reduce((sum, cause) => sum + before[cause], 0);
  return CAUSES.map((cause) => ({ cause, change: all > 0 ? (after[cause] - before[cause]) / all : 0 }))
    .filter(({ change }) => change !== 0)
    .sort((a, b) => Math.abs(b.change) - Math.abs(a.change));
}

function timePerWork(parts: readonly Part[]): Record<Cause, number> {
  const work = parts.reduce((sum, part) => sum + part.work, 0);
  const per = (cause: Cause): number => parts.reduce((sum, { causes }) => sum + causes[cause], 0) / (work || 1);
  return Object.fromEntries(CAUSES.map((cause) => [cause, per(cause)])) as Record<Cause, number>;
}

function didWork(parts: readonly Part[]): boolean {
  return parts.some(({ metric, work }) => metric.name === 'elapsed' || work > 0);
}

function partOf({ parts, seed }: Outcome, { name, unit }: Metric): Part {
  const part = parts.find(({ metric }) => metric.name === name && metric.unit === unit);
  if (!part) throw new RangeError(`comparison: the run of seed ${seed} has no ${name} in ${unit}, want the same for all`);
  return part;
}

function valuesOf(samples: readonly Replication[]): number[] {
  return samples.map(({ value }) => value);
}
