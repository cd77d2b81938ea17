import type { ChartPoint, ChartResult } from '../chart.ts';
import { type Interval, meanInterval } from '../statistics/interval.ts';

/** From what length on a trip is worth an answer: found, or beyond one of the ends of what was tried. */
export type BreakEven =
  | { readonly kind: 'at'; readonly interval: Interval }
  | { readonly kind: 'always' }
  | { readonly kind: 'never' }
  /** Seeds disagree on whether there is one. */
  | { readonly kind: 'unsure' };

/**
 * The x from which on `candidate` does better than `baseline`: for each seed the last change of sign of the logarithm of their ratio,
 * interpolated on a logarithmic x; then the t interval over the seeds of its logarithm. `always` and `never` hold for all seeds alike.
 */
export function breakEven(result: ChartResult, baseline: string, candidate: string): BreakEven {
  const series = (name: string): ChartPoint[] =>
    result.points.filter((point) => point.series === name && point.failures.length === 0).sort((a, b) => a.x - b.x);
  const pairs = series(candidate).flatMap((own) => {
    const other = series(baseline).find(({ x }) => x === own.x);
    return other ? [{ x: own.x, own, other }] : [];
  });
  const sign = result.chart.isHigherBetter ? 1 : -1;
  const crossings = result.seeds.map((_, seed) =>
    crossing(pairs.map(({ x, own, other }) => [Math.log(x), sign * Math.log(own.samples[seed]! / other.samples[seed]!)])),
  );
  if (crossings.every((at) => at === Infinity)) return { kind: 'never' };
  if (crossings.every((at) => at === -Infinity)) return { kind: 'always' };
  if (!crossings.every(Number.isFinite)) return { kind: 'unsure' };
  const { mean, low, high, level, count } = meanInterval(crossings);
  return { kind: 'at', interval: { mean: Math.exp(mean), low: Math.exp(low), high: Math.exp(high), level, count } };
}

/** Where the last piece from at most 0 to more than 0 meets 0; -Infinity where all is above it, Infinity where the end is not. */
function crossing(points: readonly (readonly [x: number, y: number])[]): number {
  const last = points.findLastIndex(([, y]) => y <= 0);
  if (last === -1) return -Infinity;
  if (last === points.length - 1) return Infinity;
  const [x0, y0] = points[last]!;
  const [x1, y1] = points[last + 1]!;
  return y0 === 0 ? (x0 + x1) / 2 : x0 + ((x1 - x0) * -y0) / (y1 - y0); // where they tie nothing tells where between
}
