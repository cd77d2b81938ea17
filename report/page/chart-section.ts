import type { PageChart, PagePoint } from '../../experiments/page/schemas.ts';
import { formatNumber, formatShare } from '../format.ts';
import { formatterOf, type Panel, panelsOf } from './chart-view.ts';
import type { PageContext } from './context.ts';
import { type DataTable, figure } from './figure.ts';
import { type Html, markup, NOTHING } from './html.ts';
import { type DrawnSeries, dashOf, hasRoomForLabels, lineChart, symbolOf, yAxis } from './line-chart.ts';

const WIDTH = 460;
const HEIGHT = 300;
const PANEL_WIDTH = 232;
const PANEL_HEIGHT = 220;
/** Guests that differ by less than this share of their mean are called alike. */
const ALIKE = 0.1;
/** Intervals reach at most this far from the mean, as a share of it, before they are cut. */
const WIDEST = 0.5;

/**
 * One of an experiment's charts: what it asks, its lines, what they show, and their figures. It has the y axis of those of the charts
 * beside it that show the same figure over the same: they are there to be compared.
 */
export function chartFigure(chart: PageChart, context: PageContext, beside: readonly PageChart[] = [chart]): Html {
  const id = context.idOf('chart', chart.name);
  const panels = panelsOf(chart, context);
  const formatX = formatterOf(chart);
  const values = sharedValues(chart, beside);
  const describedBy = `${id}-caption`;
  const isOne = panels.length === 1;
  const options = { chart, formatX, yValues: values };
  const draw = ({ title, series }: Panel): Html => {
    const label = { label: `${chart.title}: ${title}`, describedBy };
    const own = series.flatMap(({ points }) => points.flatMap(endsOf));
    const size = { width: PANEL_WIDTH, height: PANEL_HEIGHT, hasLabels: false };
    return markup`<div><p class="panel-title">${title}</p>${lineChart(series, { ...options, ...size, yValues: own }, label)}</div>`;
  };
  const isLabelled = isOne && hasRoomForLabels(panels[0]!.series, WIDTH, HEIGHT);
  const whole = { width: WIDTH, height: HEIGHT, hasLabels: isLabelled };
  const picture = isOne
    ? lineChart(panels[0]!.series, { ...options, ...whole }, { label: chart.title, describedBy })
    : markup`<div class="panels">${panels.map(draw)}</div>`;
  return figure({
    id,
    title: chart.title,
    lead: markup`<p class="question">${chart.question}</p>${isLabelled ? NOTHING : legend(panels[0]!.series)}`,
    picture,
    caption: markup`${captionOf(chart, panels, values, formatX)}`,
    table: tableOf(chart, formatX),
  });
}

/** Mark, dash and name of each series, where the lines themselves have no room for names. */
export function legend(series: readonly DrawnSeries[], hasLines = true): Html {
  const entries = series.map(
    ({ name, colour, look }) =>
      markup`<li><svg class="key" viewBox="0 0 34 14" width="34" height="14" aria-hidden="true">${hasLines ? markup`<path d="M1 7H33" fill="none" stroke="${colour}" stroke-width="2" stroke-dasharray="${dashOf(look)}"></path>` : NOTHING}<path d="${KEY_MARKS[symbolOf(look)] ?? KEY_MARKS.circle!}" fill="${colour}"></path></svg>${name}</li>`,
  );
  return markup`<ul class="legend">${entries}</ul>`;
}

const KEY_MARKS: Readonly<Record<string, string>> = {
  circle: 'M21.5 7a4.5 4.5 0 1 1-9 0a4.5 4.5 0 1 1 9 0',
  square: 'M13 3h8v8h-8z',
  triangle: 'M17 1.5l5.5 9.5h-11z',
  diamond: 'M17 1l4.5 6l-4.5 6l-4.5-6z',
  star: 'M17 1l2 4h4l-3.2 2.6l1.4 4.4l-4.2-2.6l-4.2 2.6l1.4-4.4l-3.2-2.6h4z',
  wye: 'M15.5 7l-4-3l2-2.5l3.5 2.8l3.5-2.8l2 2.5l-4 3v5h-3z',
};

function captionOf(chart: PageChart, panels: readonly Panel[], values: readonly number[], formatX: (x: number) => string): string {
  const all = panels.flatMap(({ title, series }) =>
    series.map((one) => ({ ...one, name: title === '' ? one.name : `${one.name} (${title})` })),
  );
  const told = all.length <= 4 ? all.map((one) => pathOf(chart, one, formatX)).join(' ') : rankOf(chart, all, formatX);
  const better = chart.isHigherBetter ? 'Higher is better.' : 'Lower is better.';
  const failed = chart.points.some(({ failures }) => failures.length > 0) ? ' Hollow marks: not all runs ended well.' : '';
  return `${told}${spreadOf(chart, all, formatX)} ${better}${axisText(chart, panels, values)}${failed}`;
}

/** Where an axis does not begin at zero, the caption says so. */
function axisText(chart: PageChart, panels: readonly Panel[], values: readonly number[]): string {
  if (panels.length > 1) return ' Each panel has an axis of its own, and not all begin at zero.';
  const { isCut, low, high } = yAxis(chart, values);
  const isBeyond = chart.points.some(({ mean }) => (mean.low ?? low) < low || (mean.high ?? high) > high);
  const begins = isCut ? ` The axis begins at ${formatNumber(low)} ${chart.unit}.` : '';
  return `${begins}${isBeyond ? ' Intervals that reach beyond the axis end with it.' : ''}`;
}

/** The ends of an interval so wide that it says little would squeeze all else: it ends with the axis, and the caption says so. */
function endsOf({ mean, low, high }: PagePoint): number[] {
  const ends = [mean.low, mean.high].filter((end) => end !== null && Math.abs(end - mean.mean) <= WIDEST * Math.abs(mean.mean));
  return [mean.mean, low, high, ...(ends as number[])];
}

/** What the y axis must hold: the same for all charts of one figure over one axis. */
function sharedValues(chart: PageChart, beside: readonly PageChart[]): number[] {
  const isAlike = (other: PageChart): boolean =>
    other.yLabel === chart.yLabel && other.xLabel === chart.xLabel && other.unit === chart.unit;
  return [chart, ...beside.filter((other) => other !== chart && isAlike(other))].flatMap(({ points }) => points.flatMap(endsOf));
}

/** From the first point to the last, by way of the extreme between them if there is one. */
function pathOf({ unit }: PageChart, { name, points }: DrawnSeries, formatX: (x: number) => string): string {
  const sorted = points.toSorted((a, b) => a.x - b.x);
  const [first, last] = [sorted[0]!, sorted.at(-1)!];
  const at = (value: number): string => formatNumber(value);
  if (sorted.length === 1) return `${name}: ${at(first.mean.mean)} ${unit}${placeText(' at ', formatX(first.x))}.`;
  const inner = sorted.slice(1, -1);
  const [low, high] = [Math.min(first.mean.mean, last.mean.mean), Math.max(first.mean.mean, last.mean.mean)];
  const beyond = (value: number): number => Math.max(low - value, value - high) / high;
  const extreme = inner.toSorted((a, b) => beyond(b.mean.mean) - beyond(a.mean.mean))[0];
  const by = extreme && beyond(extreme.mean.mean) > 0.05 ? `, by way of ${at(extreme.mean.mean)} at ${formatX(extreme.x)}` : '';
  return `${name}: ${at(first.mean.mean)} ${unit} at ${formatX(first.x)}${by}, ${at(last.mean.mean)} at ${formatX(last.x)}.`;
}

/** Of many series only the best and the worst at the end of the axis. */
function rankOf({ unit, isHigherBetter }: PageChart, series: readonly DrawnSeries[], formatX: (x: number) => string): string {
  const largest = Math.max(...series.flatMap(({ points }) => points.map(({ x }) => x)));
  const ends = series.flatMap(({ name, points }) =>
    points.filter(({ x }) => x === largest).map(({ mean }) => ({ name, value: mean.mean })),
  );
  const sorted = ends.toSorted((a, b) => (isHigherBetter ? b.value - a.value : a.value - b.value));
  const [best, worst] = [sorted[0]!, sorted.at(-1)!];
  return `${placeText('At ', formatX(largest), ', ')}${best.name} does best with ${formatNumber(best.value)} ${unit}, ${worst.name} worst with ${formatNumber(worst.value)}.`;
}

function spreadOf(chart: PageChart, series: readonly DrawnSeries[], formatX: (x: number) => string): string {
  const share = ({ low, high, mean }: PagePoint): number => (high - low) / Math.abs(mean.mean);
  const widest = series.flatMap(({ name, points }) => points.map((point) => ({ name, point }))).toSorted((a, b) => share(b.point) - share(a.point))[0]!; // prettier-ignore
  const { x, low, high } = widest.point;
  if (!(share(widest.point) > ALIKE)) return '';
  const who = `${chart.size === 'sweep' ? 'Runs' : 'Guests'} differ most${series.length > 1 ? ` under ${widest.name}` : ''}${placeText(' at ', formatX(x))}`;
  return ` ${who}: ${formatNumber(low)} to ${formatNumber(high)} ${chart.unit}.`;
}

/** Where no word that is a quantity varies, points have no place to be named. */
function placeText(before: string, place: string, after = ''): string {
  return place === '' ? '' : `${before}${place}${after}`;
}

function tableOf(chart: PageChart, formatX: (x: number) => string): DataTable {
  const right = (title: string): { title: string; align: 'right' } => ({ title, align: 'right' });
  const what = chart.size === 'sweep' ? 'run' : 'guest';
  return {
    columns: ['series', right(chart.xLabel ?? 'x'), right(`mean, ${chart.unit}`), right('95 % interval'), right(`least ${what}`), right(`most ${what}`), right('remote accesses')], // prettier-ignore
    rows: chart.points.map((point) => [
      point.series,
      formatX(point.x),
      formatNumber(point.mean.mean, 4),
      point.mean.low === null || point.mean.high === null
        ? '-'
        : `${formatNumber(point.mean.low, 4)} to ${formatNumber(point.mean.high, 4)}`,
      formatNumber(point.low, 4),
      formatNumber(point.high, 4),
      point.remoteRatio === null ? '-' : formatShare(point.remoteRatio),
    ]),
  };
}
