import { mean as meanOf, sampleStandardDeviation } from 'simple-statistics';
import { tQuantile } from './student-t.ts';

/** An estimate with its confidence interval. From a single sample nothing can be said: low and high are infinite. */
export interface Interval {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
  /** Confidence that was asked for, 0..1. */
  readonly level: number;
  readonly count: number;
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
  const halfWidth = standardError === Infinity ? Infinity : tQuantile((1 + checkedLevel(level)) / 2, samples.length - 1) * standardError;
  return { mean, low: mean - halfWidth, high: mean + halfWidth, level: checkedLevel(level), count: samples.length };
}

/** The mean and its standard error, which is infinite for a single sample. */
export function estimate(samples: readonly number[]): { mean: number; standardError: number } {
  if (samples.length === 0) throw new RangeError('statistics: no samples, want at least one');
  for (const [i, value] of samples.entries()) {
    if (!Number.isFinite(value)) throw new RangeError(`statistics: sample ${i} = ${value}, want a finite number`);
  }
  const mean = meanOf([...samples]);
  const standardError = samples.length < 2 ? Infinity : sampleStandardDeviation([...samples]) / Math.sqrt(samples.length);
  return { mean, standardError };
}

function checkedLevel(level: number): number {
  if (!(level > 0 && level < 1)) throw new RangeError(`statistics: confidence level = ${level}, want more than 0 and less than 1`);
  return level;
}
