/** A difference as a share of what it is held against. */
export interface Relative {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/** How many standard errors an interval reaches down and up. */
export interface Reach {
  readonly down: number;
  readonly up: number;
}

/**
 * Mean difference over the mean of `b` with the noise of both (E. C. Fieller, JRSS B 16, 1954): all shares `r` for which the differences
 * less `r b` leave room for a mean of 0, within the same reach as the interval of the difference. So it leaves 0 out just where that
 * does. Without ends where the mean of `b` may be 0 itself; null where it is.
 */
export function relativeInterval(pairs: readonly (readonly [a: number, b: number])[], reach: Reach): Relative | null {
  const n = pairs.length;
  const meanB = pairs.reduce((sum, [, b]) => sum + b, 0) / n;
  if (meanB === 0) return null;
  const base = Math.abs(meanB);
  const mean = pairs.reduce((sum, [a, b]) => sum + (a - b), 0) / n / base;
  const offB = pairs.map(([, b]) => (b - meanB) * Math.sign(meanB));
  const rests = pairs.map(([a, b]) => a - b - mean * b * Math.sign(meanB)); // their mean is 0
  const ofMeans = (xs: readonly number[], ys: readonly number[]): number => xs.reduce((sum, x, i) => sum + x * ys[i]!, 0) / (n * (n - 1));
  const [bb, be, ee] = [ofMeans(offB, offB), ofMeans(offB, rests), ofMeans(rests, rests)];
  const end = (reached: number, side: -1 | 1): number => {
    const square = reached * reached;
    const left = base * base - square * bb;
    if (!(left > 0)) return side * Infinity; // also of one pair, which has no spread
    const root = Math.sqrt(Math.max(0, base * base * ee - square * (bb * ee - be * be)));
    return mean + (side * reached * root - square * be) / left;
  };
  return { mean, low: end(reach.down, -1), high: end(reach.up, 1) };
}
