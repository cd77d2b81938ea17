/** Where values lie on an axis, and which of them get a label. */

export type Scale = 'linear' | 'log';

const ROUND_FIGURES = [1, 2, 5];

/** Maps low..high to 0..1. */
export interface Axis {
  readonly scale: Scale;
  readonly low: number;
  readonly high: number;
}

/** An axis over `values`. A linear one that is asked to holds 0; values too close to tell apart get room on both sides. */
export function axisOver(values: readonly number[], scale: Scale, fromZero: boolean): Axis {
  if (scale === 'log' && values.some((value) => value <= 0)) throw new RangeError('plot: want values above 0 on a log axis');
  const zero = fromZero && scale === 'linear' ? [0] : [];
  const low = Math.min(...values, ...zero);
  const high = Math.max(...values, ...zero);
  const largest = Math.max(Math.abs(low), Math.abs(high));
  if (high - low > 1e-9 * largest) return { scale, low, high };
  const room = largest / 2 || 1;
  return { scale, low: fromZero && low === 0 ? 0 : low - room, high: high + room };
}

/**
 * The axis with its ends moved out to round figures, and its ticks, about `count`: steps of 1, 2 or 5 times a power of ten; on a
 * log axis those figures themselves, or powers of ten alone where they would be too many.
 */
export function withTicks(axis: Axis, count: number): { axis: Axis; ticks: number[] } {
  return axis.scale === 'log' ? withLogTicks(axis, count) : withEvenTicks(axis, count);
}

/** Place of a value, 0 at the low end, 1 at the high one. */
export function placeOn(axis: Axis, value: number): number {
  const { scale, low, high } = axis;
  return scale === 'log' ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
}

function withEvenTicks(axis: Axis, count: number): { axis: Axis; ticks: number[] } {
  const rough = (axis.high - axis.low) / count;
  const power = decade(rough);
  const step = power * (ROUND_FIGURES.find((figure) => tidy(figure * power) >= tidy(rough)) ?? 10);
  const first = Math.floor(tidy(axis.low / step));
  const last = Math.ceil(tidy(axis.high / step));
  const ticks = Array.from({ length: last - first + 1 }, (_, i) => tidy((first + i) * step));
  return { axis: { ...axis, low: ticks[0]!, high: ticks[last - first]! }, ticks };
}

function withLogTicks(axis: Axis, count: number): { axis: Axis; ticks: number[] } {
  const figures: number[] = [];
  for (let power = decade(axis.low); power <= axis.high * 10; power *= 10)
    figures.push(...ROUND_FIGURES.map((figure) => tidy(figure * power)));
  const low = figures.findLast((figure) => figure <= axis.low)!;
  const high = figures.find((figure) => figure >= axis.high)!;
  const ticks = figures.filter((figure) => figure >= low && figure <= high);
  const powers = ticks.filter((tick) => tick === decade(tick));
  return { axis: { ...axis, low, high }, ticks: ticks.length <= count || powers.length < 2 ? ticks : powers };
}

/** The power of ten at or below a value. */
function decade(value: number): number {
  return tidy(10 ** Math.floor(Math.log10(value)));
}

/** Drops the dust of multiplication: 3 * 0.1 becomes 0.3. */
function tidy(value: number): number {
  return Number(value.toPrecision(12));
}
