import { quickselect } from 'simple-statistics';
import { below, namedStream } from '../../sim/random.ts';

/**
 * The bootstrap-t of a mean (B. Efron and R. Tibshirani, An Introduction to the Bootstrap, 1993, 12.5): how far resampled means lie from
 * the sample's, in standard errors of their own, stands for what Student's table says of normal samples. So it follows the skewness of
 * the samples, which t does not. The seed is fixed: equal samples give equal intervals, and `a - b` the mirror image of `b - a`.
 */
export const RESAMPLES = 9_999;
const SEED = '1';

export interface Studentized {
  /** Distances in any order; a resample without spread is infinitely far, on its side. */
  readonly ts: Float64Array;
  /** Resamples whose spread is far below the sample's own: they missed what makes it, and their distances mean nothing. */
  readonly collapsed: number;
}

/** @param samples two or more, not all alike */
export function studentized(samples: readonly number[], mean: number): Studentized {
  const n = samples.length;
  const deviations = Float64Array.from(samples, (value) => value - mean);
  const squares = deviations.reduce((sum, value) => sum + value * value, 0);
  const picks = picksOf(n);
  const ts = new Float64Array(RESAMPLES);
  let collapsed = 0;
  for (let b = 0, at = 0; b < RESAMPLES; b++) {
    let sum = 0;
    let sumOfSquares = 0;
    for (let i = 0; i < n; i++) {
      const value = deviations[picks[at++]!]!;
      sum += value;
      sumOfSquares += value * value;
    }
    const off = sum / n;
    const variance = (sumOfSquares - n * off * off) / (n - 1);
    if (variance * (n - 1) < COLLAPSED * squares) collapsed++;
    ts[b] = variance > SPREAD * squares ? off / Math.sqrt(variance / n) : off === 0 ? 0 : off * Infinity;
  }
  return { ts, collapsed };
}

/**
 * Less than this share of the sample's variance, a tenth of its deviation: an exponential sample of ten has so many such resamples that
 * they reach the tails in 1 of 100 samples, one of nearly equal values with an outlier always.
 */
const COLLAPSED = 0.01;

/** Less than this share of the sample's own sum of squares is rounding. */
const SPREAD = 1e-12;

/**
 * How many standard errors the interval reaches down and up from the mean; infinite where the resamples do not tell, as too few lie
 * beyond it or so many have collapsed that its ends may be among them.
 */
export function reaches({ ts, collapsed }: Studentized, level: number): { readonly down: number; readonly up: number } {
  const tail = Math.floor(((1 - level) / 2) * (RESAMPLES + 1) + ROUNDING);
  return tail < 1 || collapsed >= tail
    ? { down: Infinity, up: Infinity }
    : { down: ranked(ts, RESAMPLES - tail), up: -ranked(ts, tail - 1) };
}

/** The value with so many before it: found without sorting them all, which would be most of the work. */
function ranked(ts: Float64Array, rank: number): number {
  quickselect(ts as unknown as number[], rank);
  return ts[rank]!;
}

const ROUNDING = 1e-9;

/** Twice the smaller share of resamples at least as far as `t`: at most `1 - level` just where the interval of `level` leaves 0 out. */
export function bootstrapPValue({ ts }: Studentized, t: number): number {
  const above = ts.reduce((count, value) => count + (value >= t ? 1 : 0), 0);
  const beneath = ts.reduce((count, value) => count + (value <= t ? 1 : 0), 0);
  return Math.min(1, (2 * (Math.min(above, beneath) + 1)) / (RESAMPLES + 1));
}

/** No p value of the bootstrap is less: it is that or anything below. */
export const LEAST_P_VALUE = 2 / (RESAMPLES + 1);

let lastPicks: { readonly n: number; readonly picks: Uint16Array } | null = null;

/** [resample * n + i]: which sample stands there; the same for all samples of one size. */
function picksOf(n: number): Uint16Array {
  if (lastPicks?.n === n) return lastPicks.picks;
  const random = namedStream(SEED, 'statistics', n, 'bootstrap');
  const picks = Uint16Array.from({ length: RESAMPLES * n }, () => below(random, n));
  lastPicks = { n, picks };
  return picks;
}
