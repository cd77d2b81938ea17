import * as Plot from '@observablehq/plot';
import type { PageChart, PagePoint } from '../../experiments/page/schemas.ts';
import { axisOver, withTicks } from '../axis.ts';
import { formatNumber } from '../format.ts';
import { spread } from './direct-labels.ts';
import type { Html } from './html.ts';
import { type ChartLabel, plotSvg } from './plot-svg.ts';
import { fitted, textWidth, thinned } from './text-width.ts';

const SYMBOLS = ['circle', 'square', 'triangle', 'diamond', 'star', 'wye'] as const;
const DASHES = ['', '6 3', '2 3', '9 3 2 3', '1 4', '12 4'];
/** Values that all lie above this share of the largest leave the lower part of the axis out; the caption says so. */
const FAR_FROM_ZERO = 0.6;

const LABEL_GAP = 14;
const LABEL_HEIGHT = 15;
/** Names at the ends of lines leave the lines at least the rest. */
const MOST_FOR_LABELS = 0.4;

/** A series as it is drawn: colour by policy, mark and dash by its place among those of that policy. */
export interface DrawnSeries {
  readonly name: string;
  readonly colour: string;
  readonly look: number;
  readonly points: readonly PagePoint[];
}

export interface LineChartOptions {
  readonly chart: PageChart;
  readonly formatX: (x: number) => string;
  readonly width: number;
  readonly height: number;
  /** All values that the y axis must hold, so that panels share it. */
  readonly yValues: readonly number[];
  readonly hasLabels: boolean;
}

export function symbolOf(look: number): (typeof SYMBOLS)[number] {
  return SYMBOLS[look % SYMBOLS.length]!;
}

export function dashOf(look: number): string {
  return DASHES[look % DASHES.length]!;
}

/** Whether the names of the lines can stand at their ends in a picture of this size. */
export function hasRoomForLabels(series: readonly DrawnSeries[], width: number, height: number): boolean {
  return labelWidth(series) <= MOST_FOR_LABELS * width && series.length * LABEL_HEIGHT <= height - 74;
}

function labelWidth(series: readonly DrawnSeries[]): number {
  return Math.max(0, ...series.map(({ name }) => textWidth(name, true)));
}

/** The y axis of a chart: from zero, unless all values are far from it or a factor is what counts. */
export function yAxis(chart: PageChart, values: readonly number[]): { low: number; high: number; ticks: number[]; isCut: boolean } {
  const isLog = chart.isLog === true && values.every((value) => value > 0);
  const isCut = !isLog && Math.min(...values) > FAR_FROM_ZERO * Math.max(...values);
  const { axis, ticks } = withTicks(axisOver(values, isLog ? 'log' : 'linear', !isCut), 6);
  return { low: axis.low, high: axis.high, ticks, isCut };
}

/** Lines of means at equal distances of x, with the guests' range as a broad bar and the interval as a thin one. */
export function lineChart(series: readonly DrawnSeries[], options: LineChartOptions, label: ChartLabel): Html {
  const { chart, formatX, width, height, yValues, hasLabels } = options;
  const xs = [...new Set(series.flatMap(({ points }) => points.map(({ x }) => x)))].sort((a, b) => a - b);
  const { low, high, ticks } = yAxis(chart, yValues);
  const isLog = chart.isLog === true && low > 0;
  const step = series.length > 1 ? Math.min(0.06, 0.4 / series.length) : 0;
  const rows = series.flatMap(({ name, colour, look, points }, s) =>
    points.map((point) => ({
      point,
      colour,
      symbol: symbolOf(look),
      at: xs.indexOf(point.x) + (s - (series.length - 1) / 2) * step,
      tip: `${name}, ${formatX(point.x)}: ${formatNumber(point.mean.mean)} ${chart.unit}${intervalText(point)}${rangeText(point)}`,
    })),
  );
  const inAxis = (value: number): number => Math.min(high, Math.max(low, value));
  const right = hasLabels ? LABEL_GAP + 4 + labelWidth(series) : 14;
  const left = Math.max(46, 14 + Math.max(...ticks.map((tick) => textWidth(tickText(tick)))));
  const names = xs.map(formatX);
  const pixelsEach = (width - left - right) / (xs.length - 0.3);
  const shown = new Set(thinned(names, xs.map((_, i) => i * pixelsEach))); // prettier-ignore
  const svg = plotSvg(
    {
      width,
      height,
      marginLeft: left,
      marginRight: right,
      marginTop: 30,
      marginBottom: 44,
      x: { domain: [-0.35, xs.length - 0.65], label: null, ticks: [] },
      y: { domain: [low, high], type: isLog ? 'log' : 'linear', label: null, ticks: [] },
      marks: [
        Plot.gridY(ticks, { stroke: 'var(--grid)', strokeOpacity: 1 }),
        Plot.ruleY([low], { stroke: 'var(--rule)' }),
        Plot.axisY(ticks, { tickSize: 0, label: null, tickFormat: tickText, fill: 'var(--soft)' }),
        Plot.axisX([...shown], { tickSize: 4, label: null, tickFormat: (i: number) => fitted(names[i]!, width - left), fill: 'var(--soft)', stroke: 'var(--rule)' }), // prettier-ignore
        Plot.text([chart.yLabel ?? chart.unit], {
          frameAnchor: 'top-left',
          dx: 6 - left,
          dy: -24,
          text: (d: string) => d,
          fill: 'var(--soft)',
        }),
        Plot.text([chart.xLabel ?? 'x'], { frameAnchor: 'bottom', dy: 38, text: (d: string) => d, fill: 'var(--soft)' }),
        ...rows
          .filter(({ point }) => point.high > point.low)
          .map(
            ({ at, point, colour }) =>
            Plot.ruleX([point], { x: at, y1: inAxis(point.low), y2: inAxis(point.high), stroke: colour, strokeWidth: 7, strokeOpacity: 0.22 }), // prettier-ignore
          ),
        ...rows
          .filter(({ point: { mean } }) => mean.low !== null && mean.high !== null)
          .map(({ at, point: { mean }, colour }) =>
            Plot.ruleX([mean], { x: at, y1: inAxis(mean.low!), y2: inAxis(mean.high!), stroke: colour, strokeWidth: 1.6 }),
          ),
        ...series.map(({ colour, look, points }, s) =>
          Plot.line(
            [...points].sort((a, b) => a.x - b.x),
            {
              x: (point: PagePoint) => xs.indexOf(point.x) + (s - (series.length - 1) / 2) * step,
              y: (point: PagePoint) => point.mean.mean,
              stroke: colour,
              strokeWidth: 2,
              strokeDasharray: dashOf(look),
            },
          ),
        ),
        ...rows.map(
          ({ at, point, colour, symbol, tip }) =>
          Plot.dot([point], { x: at, y: point.mean.mean, r: 4.6, symbol, fill: point.failures.length > 0 ? 'var(--paper)' : colour, stroke: colour, strokeWidth: 1.5, title: () => tip }), // prettier-ignore
        ),
        ...(hasLabels
          ? labelsOf(series, xs.length - 1 + ((series.length - 1) / 2) * step, (value) => placeOf(value, low, high, isLog, height - 74))
          : []),
      ],
    },
    label,
  );
  return svg;
}

/** The names of the lines right of all marks, moved apart where they would touch. */
function labelsOf(series: readonly DrawnSeries[], x: number, pixelOf: (value: number) => number): Plot.Markish[] {
  const ends = series.map(({ points }) => points.toSorted((a, b) => a.x - b.x).at(-1)!);
  const wanted = ends.map(({ mean }) => pixelOf(mean.mean));
  const placed = spread(wanted, LABEL_HEIGHT);
  return series.map(
    ({ name, colour }, s) =>
    Plot.text([ends[s]!], { x, y: ends[s]!.mean.mean, dx: LABEL_GAP, dy: placed[s]! - wanted[s]!, text: () => name, textAnchor: 'start', fill: colour, fontWeight: 600 }), // prettier-ignore
  );
}

function placeOf(value: number, low: number, high: number, isLog: boolean, height: number): number {
  const share = isLog ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
  return (1 - share) * height;
}

export function intervalText({ mean: { low, high } }: PagePoint): string {
  return low === null || high === null ? '' : `, 95 % interval ${formatNumber(low)} to ${formatNumber(high)}`;
}

function rangeText({ low, high }: PagePoint): string {
  return high > low ? `, guests ${formatNumber(low)} to ${formatNumber(high)}` : '';
}

function tickText(value: number): string {
  return String(Number(formatNumber(value, 4)));
}
