import type { PageChart } from './schemas.ts';
import { pointOf } from './sweep-point.ts';
import { metricOf, numericWords, quantityOf, type Row } from './sweep-rows.ts';
import { type PageScatters, scattersOf } from './sweep-scatters.ts';

/** More lines than this say nothing to anybody. */
const MOST_SERIES = 12;

/**
 * One chart for each unit that runs count in: over the varied word with the most numbers, a series for each of the other words' values.
 * Where that makes no lines, as the words were drawn and not counted out, or too many: each run against each of the words.
 */
export function sweepCharts(
  plan: string,
  varied: readonly string[],
  rows: readonly Row[],
): { charts: PageChart[]; scatters: PageScatters[] } {
  const units = [...new Set(rows.map(({ result }) => metricOf(result).unit))];
  const drawn = units.map((unit) => {
    const of = rows.filter(({ result }) => metricOf(result).unit === unit);
    const numeric = numericWords(varied, of).toSorted((a, b) => b.values.length - a.values.length);
    const across = numeric[0]?.word ?? null;
    const chart = chartOf(plan, varied, of, across);
    const length = new Set(chart.points.map(({ series }) => series)).size;
    const isGrid = chart.points.length === length * Object.keys(chart.xNames ?? {}).length;
    const isReadable = length <= MOST_SERIES && (isGrid || numeric.length < 2);
    return isReadable ? { charts: [chart], scatters: [] } : { charts: [], scatters: [scattersOf(varied, of, chart, numeric)] };
  });
  return { charts: drawn.flatMap(({ charts }) => charts), scatters: drawn.flatMap(({ scatters }) => scatters) };
}

function chartOf(plan: string, varied: readonly string[], rows: readonly Row[], across: string | null): PageChart {
  const { name, unit, isHigherBetter } = metricOf(rows[0]!.result);
  const names = across === null ? [''] : ordered(rows.map(({ words }) => words[across]!));
  const others = varied.filter((word) => word !== across && word !== 'seed');
  const seriesOf = ({ words }: Row): string =>
    others.map((word) => (word === 'policy' ? words[word]! : `${word} ${words[word]!}`)).join(', ') || plan;
  const cells = new Map<string, { series: string; x: number; rows: Row[] }>();
  for (const row of rows) {
    const [series, x] = [seriesOf(row), across === null ? 0 : names.indexOf(row.words[across]!)];
    const key = JSON.stringify([series, x]);
    const cell = cells.get(key) ?? { series, x, rows: [] };
    cells.set(key, cell);
    cell.rows.push(row);
  }
  const series = [...new Set(rows.map(seriesOf))];
  const places = new Map(series.map((one, place) => [one, place]));
  const sorted = [...cells.values()].sort((a, b) => places.get(a.series)! - places.get(b.series)! || a.x - b.x);
  return {
    name: `sweep-${name}-${unit}`,
    title: `${name} in ${unit}${across === null ? '' : ` over ${across}`}`,
    question: `Of each run, ${name === 'elapsed' ? 'the time until all guests ended' : 'the sum over its guests'}.`,
    xLabel: across ?? 'all runs',
    yLabel: `${unit}${name === 'elapsed' ? '' : ', all guests'}`,
    unit,
    isHigherBetter,
    xNames: Object.fromEntries(names.map((text, x) => [String(x), text])),
    size: 'sweep',
    seeds: [...new Set(rows.map(({ result }) => result.seed))],
    points: sorted.map((cell) => pointOf(cell.series, cell.x, cell.rows)),
  };
}

function ordered(values: readonly string[]): string[] {
  return [...new Set(values)].sort((a, b) => quantityOf(a)!.value - quantityOf(b)!.value);
}
