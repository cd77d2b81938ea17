import { InputError, show } from '../input-error.ts';
import type { Interval } from '../statistics/interval.ts';
import { type PairedDifference, widestIntervals } from '../statistics/paired.ts';
import { type PolicyRuns, precisionOf, samplesOf } from './comparison.ts';
import type { Metric } from './metric.ts';
import type { WarmUpRule } from './warm-up.ts';

/** How narrow every difference is wanted: at most this share of the first policy's mean, or this much in the unit of the metric. */
export interface WantedPrecision {
  readonly text: string;
  readonly halfWidth: number;
  readonly isShare: boolean;
}

/** Until the precision is reached more seeds are run, this many first and then so many at a time. */
export const FIRST_SEEDS = 10;
export const MORE_SEEDS = 5;
export const MOST_SEEDS = 200;

/** Reads `half-width=2%` or `half-width=0.5`. */
export function parsePrecision(text: string): WantedPrecision {
  const [, digits, percent] = /^half-width=(\d{1,9}(?:\.\d{1,9})?)(%?)$/.exec(text) ?? [];
  const value = Number(digits);
  if (digits === undefined || !(value > 0)) {
    throw new InputError(
      `--until = ${show(text)}, want half-width=2% (of the first policy's mean) or half-width=0.5 (in the metric's unit)`,
    );
  }
  return { text, halfWidth: percent === '%' ? value / 100 : value, isShare: percent === '%' };
}

/**
 * How many times as wide as wanted the widest interval is: at most 1 when it is enough. It looks at widths alone, at the level of the
 * strictest step of Holm's procedure, so that it cannot know whether any difference is shown: whoever stops at significance
 * finds differences that are not there (at 27.7 % of nothing, looking after each of 5 to 50 seeds).
 */
export function excessWidth(runs: readonly PolicyRuns[], metrics: readonly Metric[], warmUp: WarmUpRule, wanted: WantedPrecision): number {
  const excesses = metrics.flatMap((metric) => {
    const [baseline, ...others] = samplesOf(runs, metric, warmUp).samples;
    const differences = widestIntervals(others.map((other) => [other, baseline!]));
    return differences.map((difference) => widthOf(difference, wanted) / wanted.halfWidth);
  });
  return Math.max(...excesses);
}

/** A share of nothing is never known well enough, unless nothing differs. */
function widthOf({ mean, low, high, relative }: Interval & Pick<PairedDifference, 'relative'>, { isShare }: WantedPrecision): number {
  const width = Math.max(high - mean, mean - low);
  return width === 0 || !isShare ? width : (precisionOf(relative) ?? Infinity);
}
