import { sampleCorrelation, sampleSkewness } from 'simple-statistics';
import { bootstrapPValue, LEAST_P_VALUE, reaches, type Studentized, studentized } from './bootstrap.ts';
import { holm, holmLevels } from './holm.ts';
import { estimate, type Interval, meanInterval } from './interval.ts';
import { type Reach, type Relative, relativeInterval } from './relative.ts';
import { centralProbability, tQuantile } from './student-t.ts';

/** One replication: what a seed gave. */
export interface Replication {
  readonly seed: string;
  readonly value: number;
}

/** `a` minus `b`, seed by seed. */
export interface PairedDifference extends Interval {
  /** Chance of a mean difference at least this large, were there none. */
  readonly pValue: number;
  /** Whether no resample came so far, so that the p value is that or less. */
  readonly isPValueMost: boolean;
  /** How much alike the two move from seed to seed, -1..1: what pairing gains. null where one of them never varies. */
  readonly correlation: number | null;
  /** Where interval and p value come from. */
  readonly method: IntervalMethod;
  /** As a share of the mean of `b`, which is noisy too; null where that is 0. */
  readonly relative: Relative | null;
  /** Of the differences (G1), null where there is none: fewer than three, or all alike. */
  readonly skewness: number | null;
}

export type IntervalMethod = 't' | 'bootstrap-t';

/** With fewer there are too few different resamples: at 5 seeds the intervals of a family are 2.5 times as wide as those of t. */
export const LEAST_FOR_BOOTSTRAP = 10;

/** From so many samples of this skewness on t holds well enough (R. Sugden, T. Smith and R. Jones, JRSS A 163, 2000, after Cochran). */
export function countForT(skewness: number): number {
  return Math.floor(28 + 25 * skewness * skewness) + 1;
}

/**
 * Mean of `a` minus `b` with its interval, paired by seed: both met the same work, so what a seed adds to both cancels.
 * @throws RangeError when a seed occurs twice or on one side only: dropping it would compare unlike work
 */
export function pairedDifference(a: readonly Replication[], b: readonly Replication[], level = 0.95): PairedDifference {
  return compareEach([[a, b]], level)[0]!;
}

/** Ratio of `a` to `b`, paired by seed: the t interval of the logarithms, so it is the same whichever side is the divisor. */
export function pairedRatio(a: readonly Replication[], b: readonly Replication[], level = 0.95): Interval {
  const logs = pairUp(a, b).map(([x, y]) => {
    if (!(x > 0 && y > 0)) throw new RangeError(`paired ratio: values ${x} and ${y}, want both more than 0`);
    return Math.log(x / y);
  });
  const interval = meanInterval(logs, level);
  return { ...interval, mean: Math.exp(interval.mean), low: Math.exp(interval.low), high: Math.exp(interval.high) };
}

/**
 * Several candidates against one baseline: the paired differences, each interval widened to the level at which Holm's procedure
 * tests it, so that it covers 0 exactly where Holm shows no difference. pValue is adjusted the same way.
 */
export function compareWithBaseline(
  baseline: readonly Replication[],
  candidates: readonly (readonly Replication[])[],
  level = 0.95,
): PairedDifference[] {
  return compareEach(
    candidates.map((candidate) => [candidate, baseline]),
    level,
  );
}

/** Several comparisons as one family, `a` minus `b` each, corrected by Holm's procedure as compareWithBaseline says. */
export function compareEach(
  family: readonly (readonly [a: readonly Replication[], b: readonly Replication[]])[],
  level = 0.95,
): PairedDifference[] {
  const strictest = 1 - (1 - level) / family.length;
  const samples = family.map(([a, b]) => sampleOf(pairUp(a, b), strictest));
  const pValues = samples.map(pValueOf);
  const levels = holmLevels(pValues, level);
  const adjusted = holm(pValues);
  return samples.map((sample, i) => ({
    ...intervalOf(sample, levels[i]!),
    relative: relativeOf(sample, levels[i]!),
    ...described(sample),
    pValue: adjusted[i]!,
    isPValueMost: sample.resamples !== null && pValues[i]! <= LEAST_P_VALUE,
  }));
}

/**
 * The widest that any interval of the family can become under Holm's procedure, whatever the p values: what a rule for stopping may look
 * at, as it must not know whether a difference is shown.
 */
export function widestIntervals(
  family: readonly (readonly [a: readonly Replication[], b: readonly Replication[]])[],
  level = 0.95,
): (Interval & Pick<PairedDifference, 'relative'>)[] {
  const strictest = 1 - (1 - level) / family.length;
  return family.map(([a, b]) => {
    const sample = sampleOf(pairUp(a, b), strictest);
    return { ...intervalOf(sample, strictest), relative: relativeOf(sample, strictest) };
  });
}

/** Values of the same seed side by side, in the order of `b`. */
export function pairUp(a: readonly Replication[], b: readonly Replication[]): [number, number][] {
  const bySeed = new Map(a.map(({ seed, value }) => [seed, value]));
  if (bySeed.size !== a.length || new Set(b.map(({ seed }) => seed)).size !== b.length) {
    throw new RangeError('paired comparison: a seed occurs twice, want each once');
  }
  if (a.length !== b.length) throw new RangeError(`paired comparison: ${a.length} and ${b.length} seeds, want the same on both sides`);
  return b.map(({ seed, value }) => {
    const other = bySeed.get(seed);
    if (other === undefined) throw new RangeError(`paired comparison: seed ${seed} has no partner, want the same seeds on both sides`);
    return [other, value];
  });
}

/** Differences and what is known of them before any level is chosen. */
interface Sample {
  readonly pairs: readonly (readonly [number, number])[];
  readonly differences: readonly number[];
  readonly mean: number;
  readonly standardError: number;
  readonly skewness: number | null;
  /** null where t holds, or where the bootstrap could not tell. */
  readonly resamples: Studentized | null;
}

function sampleOf(pairs: readonly (readonly [number, number])[], strictest: number): Sample {
  const differences = pairs.map(([x, y]) => x - y);
  const { mean, standardError } = estimate(differences);
  const skewness = skewnessOf(differences);
  return { pairs, differences, mean, standardError, skewness, resamples: resampled(differences, mean, skewness, strictest) };
}

/** By measured coverage (docs/statistics.md): t for few, where it is narrower, and where skewness no longer matters; else the bootstrap. */
function resampled(differences: readonly number[], mean: number, skewness: number | null, strictest: number): Studentized | null {
  const { length } = differences;
  if (skewness === null || length < LEAST_FOR_BOOTSTRAP || length >= countForT(skewness)) return null;
  const resamples = studentized(differences, mean);
  const { down, up } = reaches(resamples, strictest);
  return Number.isFinite(down) && Number.isFinite(up) ? resamples : null;
}

function skewnessOf(differences: readonly number[]): number | null {
  if (differences.length < 3 || differences.every((value) => value === differences[0])) return null;
  const skewness = sampleSkewness([...differences]);
  return Number.isFinite(skewness) ? skewness : null;
}

function pValueOf({ differences, mean, standardError, resamples }: Sample): number {
  if (differences.length < 2) return 1;
  if (resamples) return bootstrapPValue(resamples, mean / standardError);
  const t = mean === 0 ? 0 : Math.abs(mean) / standardError;
  return Math.max(0, 1 - centralProbability(t, differences.length - 1));
}

function intervalOf({ differences, mean, standardError, resamples }: Sample, level: number): Interval {
  if (!resamples) return meanInterval(differences, level);
  const { down, up } = reaches(resamples, level);
  return { mean, low: mean - down * standardError, high: mean + up * standardError, level, count: differences.length };
}

function relativeOf({ pairs, resamples }: Sample, level: number): Relative | null {
  return relativeInterval(pairs, resamples ? reaches(resamples, level) : reachOfT(pairs.length, level));
}

function reachOfT(count: number, level: number): Reach {
  const reach = count < 2 ? Infinity : tQuantile((1 + level) / 2, count - 1);
  return { down: reach, up: reach };
}

function described({ pairs, skewness, resamples }: Sample): Pick<PairedDifference, 'correlation' | 'method' | 'skewness'> {
  return { correlation: correlationOf(pairs), method: resamples ? 'bootstrap-t' : 't', skewness };
}

function correlationOf(pairs: readonly (readonly [number, number])[]): number | null {
  if (pairs.length < 2) return null;
  const correlation = sampleCorrelation(
    pairs.map(([x]) => x),
    pairs.map(([, y]) => y),
  );
  return Number.isFinite(correlation) ? correlation : null;
}
