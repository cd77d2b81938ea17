import { type Interval, meanInterval } from '../../experiments/statistics/interval.ts';
import { pairedDifference, type Replication } from '../../experiments/statistics/paired.ts';
import { lognormal, namedStream, type Random } from '../../sim/random.ts';

/** How often intervals hold what they say, of differences whose mean is known. */
export const REPEATS = 1000;
export const SEEDS = [5, 10, 20, 40];

export const normal = (random: Random): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

/** How often the outlier comes that nearly equal differences have. */
export const RARE = 0.1;

/** Laws of the differences, all of mean 1; their skewness from their formulas. */
export const LAWS: Record<string, { readonly skewness: number; draw(random: Random): number }> = {
  normal: { skewness: 0, draw: (random) => 1 + normal(random) },
  'lognormal, cv 0.53': { skewness: 1.75, draw: (random) => lognormal(random, 1, Math.expm1(0.25)) }, // sigma 0.5
  exponential: { skewness: 2, draw: (random) => -Math.log(1 - random()) },
  'lognormal, cv 1.31': { skewness: 6.18, draw: (random) => lognormal(random, 1, Math.expm1(1)) }, // sigma 1
  'nearly equal, rare outlier': { skewness: -2.67, draw: (random) => 1 + 0.1 * RARE - (random() < RARE ? 0.1 : 0) + 1e-4 * normal(random) }, // that of a coin of 0.1
};

const bySeed = (values: readonly number[]): Replication[] => values.map((value, i) => ({ seed: `${i}`, value }));
const holds = ({ low, high }: Interval, truth: number): boolean => low <= truth && truth <= high;

export interface Coverage {
  readonly t: number;
  readonly rule: number;
  /** Share of samples for which the rule took the bootstrap. */
  readonly bootstrap: number;
  /** Share of samples whose interval by the rule leaves 0 out: the mean is 1. */
  readonly shown: number;
}

/** On a stated stream: the same figures every time. */
export function coverage(law: string, n: number): Coverage {
  const random = namedStream('7', law, n, 'coverage');
  const zeros = bySeed(new Array<number>(n).fill(0));
  let t = 0;
  let rule = 0;
  let bootstrap = 0;
  let shown = 0;
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    const sample = Array.from({ length: n }, () => LAWS[law]!.draw(random));
    const difference = pairedDifference(bySeed(sample), zeros);
    if (holds(meanInterval(sample), 1)) t++;
    if (holds(difference, 1)) rule++;
    if (difference.method === 'bootstrap-t') bootstrap++;
    if (difference.low > 0) shown++;
  }
  return { t: t / REPEATS, rule: rule / REPEATS, bootstrap: bootstrap / REPEATS, shown: shown / REPEATS };
}
