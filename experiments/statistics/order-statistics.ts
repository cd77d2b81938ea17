import { quantile } from 'simple-statistics';

/** A quantile of independent replications. An end is null where there are too few of them to have one. */
export interface QuantileInterval {
  /** 0..1 */
  readonly p: number;
  /** Interpolated between two samples, as R and NumPy do unless told otherwise. */
  readonly value: number;
  readonly low: number | null;
  readonly high: number | null;
  /** At least this is the chance that the interval holds the quantile, whatever the law; of an end that is null, as if it were infinite. */
  readonly level: number;
}

/**
 * The quantile and two of the samples themselves as its interval (H. A. David and H. N. Nagaraja, Order Statistics, 2003, 7.1): the number of
 * samples below a quantile is binomial, so no law needs to be assumed. Each side errs by at most half of what the level allows.
 */
export function quantileInterval(samples: readonly number[], p: number, level = 0.95): QuantileInterval {
  if (samples.length === 0) throw new RangeError('quantile: no samples, want at least one');
  if (!(p > 0 && p < 1)) throw new RangeError(`quantile: probability = ${p}, want more than 0 and less than 1`);
  const sorted = [...samples].sort((x, y) => x - y);
  const n = sorted.length;
  const tail = (1 - level) / 2;
  const below = binomialSums(n, p); // [k]: chance that at most k samples lie below
  let low = 0; // the low-th smallest, counted from 1; 0 for none
  while (low < n && below[low]! <= tail) low++;
  let high = n + 1;
  while (high > 1 && 1 - below[high - 2]! <= tail) high--;
  return { p, value: quantile(sorted, p), low: low > 0 ? sorted[low - 1]! : null, high: high <= n ? sorted[high - 1]! : null, level };
}

/** Chance of at most k successes in n trials, k = 0..n, from the logarithms of the terms so that no power of a large n vanishes. */
function binomialSums(n: number, p: number): number[] {
  const sums: number[] = [];
  let log = n * Math.log1p(-p);
  let sum = 0;
  for (let k = 0; k <= n; k++) {
    sum += Math.exp(log);
    sums.push(Math.min(1, sum));
    log += Math.log((n - k) / (k + 1)) + Math.log(p) - Math.log1p(-p);
  }
  return sums;
}
