import { gammaln, mean as meanOf, sampleStandardDeviation } from 'simple-statistics';

/** How large a paired difference is, apart from how sure. Signs as of the differences: above 0, or above one half, `a` is more. */
export interface EffectSizes {
  /** Mean difference in standard deviations of the differences (Cohen's d_z); null where they do not vary. */
  readonly cohenDz: number | null;
  /** The same with Hedges' correction for few seeds. */
  readonly hedgesG: number | null;
  /** Share of seeds in which `a` is more, ties half: 0.9 of ten seeds is nine of them. */
  readonly superiority: number;
  /** Of all pairs of one run of each side, whatever their seeds: share in which `a` is more, less that in which it is less, -1..1. */
  readonly cliffsDelta: number;
}

/** @param pairs [a, b] of each seed, at least one */
export function effectSizes(pairs: readonly (readonly [number, number])[]): EffectSizes {
  const differences = pairs.map(([a, b]) => a - b);
  const cohenDz = standardized(differences);
  return {
    cohenDz,
    hedgesG: cohenDz === null ? null : cohenDz * hedgesCorrection(pairs.length - 1),
    superiority: differences.reduce((sum, difference) => sum + (Math.sign(difference) + 1) / 2, 0) / pairs.length,
    cliffsDelta: cliffsDelta(pairs.map(([a]) => a), pairs.map(([, b]) => b)), // prettier-ignore
  };
}

/** How much too large d is on average (L. V. Hedges, Journal of Educational Statistics 6(2), 1981, equation 6e); 0 of one degree of freedom. */
export function hedgesCorrection(degreesOfFreedom: number): number {
  if (degreesOfFreedom < 2) return 0;
  return Math.exp(gammaln(degreesOfFreedom / 2) - gammaln((degreesOfFreedom - 1) / 2)) / Math.sqrt(degreesOfFreedom / 2);
}

/** N. Cliff, Psychological Bulletin 114(3), 1993; the sorted side is searched instead of compared with one by one. */
export function cliffsDelta(a: readonly number[], b: readonly number[]): number {
  const sorted = Float64Array.from(b).sort();
  const sum = a.reduce((total, value) => total + before(sorted, value, false) - (b.length - before(sorted, value, true)), 0);
  return sum / (a.length * b.length);
}

/** How many of the sorted values are less than `value`, or with `orEqual` at most that. */
function before(sorted: Float64Array, value: number, orEqual: boolean): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < value || (orEqual && sorted[middle] === value)) low = middle + 1;
    else high = middle;
  }
  return low;
}

function standardized(differences: readonly number[]): number | null {
  if (differences.length < 2) return null;
  const deviation = sampleStandardDeviation([...differences]);
  return deviation > 0 ? meanOf([...differences]) / deviation : null;
}
