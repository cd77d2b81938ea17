import { mean as meanOf, sampleCorrelation, sampleStandardDeviation } from 'simple-statistics';
import { centralProbability, tQuantile } from './student-t.ts';

/** An estimate with its confidence interval. From a single sample nothing can be said: low and high are infinite. */
export interface Interval {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
  /** Confidence that was asked for, 0..1. */
  readonly level: number;
  readonly count: number;
}

/** One replication: what a seed gave. */
export interface Replication {
  readonly seed: string;
  readonly value: number;
}

/** `a` minus `b`, seed by seed. */
export interface PairedDifference extends Interval {
  /** Chance of a mean difference at least this large, were there none. */
  readonly pValue: number;
  /** How much alike the two move from seed to seed, -1..1: what pairing gains. null where one of them never varies. */
  readonly correlation: number | null;
}

export type Verdict = 'higher' | 'lower' | 'no difference shown';

/** What an interval of a difference allows to say; for a ratio give `neutral` 1. */
export function verdict(interval: Interval, neutral = 0): Verdict {
  if (interval.low > neutral) return 'higher';
  if (interval.high < neutral) return 'lower';
  return 'no difference shown';
}

/** Mean of independent replications with its t interval. */
export function meanInterval(samples: readonly number[], level = 0.95): Interval {
  const { mean, standardError } = estimate(samples);
  return around(mean, standardError, samples.length, level);
}

/**
 * Mean of `a` minus `b` with its t interval, paired by seed: both met the same work, so what a seed adds to both cancels.
 * @throws RangeError when a seed occurs twice or on one side only: dropping it would compare unlike work
 */
export function pairedDifference(a: readonly Replication[], b: readonly Replication[], level = 0.95): PairedDifference {
  return difference(pairUp(a, b), level);
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
  const pairs = family.map(([a, b]) => pairUp(a, b));
  const pValues = pairs.map((pair) => difference(pair, level).pValue);
  const levels = holmLevels(pValues, level);
  const adjusted = holm(pValues);
  return pairs.map((pair, i) => ({ ...difference(pair, levels[i]!), pValue: adjusted[i]! }));
}

/** Holm's adjusted p values, in the order given: one at most `alpha` is shown, with at most `alpha` chance of any false one. */
export function holm(pValues: readonly number[]): number[] {
  const adjusted: number[] = [];
  let largest = 0;
  ascending(pValues).forEach((at, rank) => {
    largest = Math.max(largest, Math.min(1, pValues[at]! * (pValues.length - rank)));
    adjusted[at] = largest;
  });
  return adjusted;
}

/** The level at which Holm's procedure tests each: it loosens with every one shown, and stays where the first is not. */
function holmLevels(pValues: readonly number[], level: number): number[] {
  const levels: number[] = [];
  let untested = pValues.length;
  let isOpen = true;
  let before = -1; // equal p values are tested alike, so that equal differences get equal intervals
  for (const at of ascending(pValues)) {
    const alpha = (1 - level) / untested;
    levels[at] = before >= 0 && pValues[before] === pValues[at] ? levels[before]! : 1 - alpha;
    isOpen &&= pValues[at]! < alpha;
    if (isOpen) untested--;
    before = at;
  }
  return levels;
}

function ascending(values: readonly number[]): number[] {
  return values.map((_, i) => i).sort((i, j) => values[i]! - values[j]! || i - j);
}

function difference(pairs: readonly (readonly [number, number])[], level: number): PairedDifference {
  const { mean, standardError } = estimate(pairs.map(([x, y]) => x - y));
  const count = pairs.length;
  const t = mean === 0 ? 0 : Math.abs(mean) / standardError;
  return {
    ...around(mean, standardError, count, level),
    pValue: count < 2 ? 1 : Math.max(0, 1 - centralProbability(t, count - 1)),
    correlation: correlationOf(pairs),
  };
}

function correlationOf(pairs: readonly (readonly [number, number])[]): number | null {
  if (pairs.length < 2) return null;
  const correlation = sampleCorrelation(
    pairs.map(([x]) => x),
    pairs.map(([, y]) => y),
  );
  return Number.isFinite(correlation) ? correlation : null;
}

function estimate(samples: readonly number[]): { mean: number; standardError: number } {
  if (samples.length === 0) throw new RangeError('statistics: no samples, want at least one');
  for (const [i, value] of samples.entries()) {
    if (!Number.isFinite(value)) throw new RangeError(`statistics: sample ${i} = ${value}, want a finite number`);
  }
  const mean = meanOf([...samples]);
  const standardError = samples.length < 2 ? Infinity : sampleStandardDeviation([...samples]) / Math.sqrt(samples.length);
  return { mean, standardError };
}

function around(mean: number, standardError: number, count: number, level: number): Interval {
  if (!(level > 0 && level < 1)) throw new RangeError(`statistics: confidence level = ${level}, want more than 0 and less than 1`);
  const halfWidth = count < 2 ? Infinity : tQuantile((1 + level) / 2, count - 1) * standardError;
  return { mean, low: mean - halfWidth, high: mean + halfWidth, level, count };
}

/** Values of the same seed side by side, in the order of `b`. */
function pairUp(a: readonly Replication[], b: readonly Replication[]): [number, number][] {
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
