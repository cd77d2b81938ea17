import * as Plot from '@observablehq/plot';
import type { PageScatters, ScatteredRun } from '../../experiments/page/sweep-scatters.ts';
import { axisOver, withTicks } from '../axis.ts';
import { counted, formatBytes, formatNs, formatNumber, plainText } from '../format.ts';
import { legend } from './chart-section.ts';
import type { PageContext } from './context.ts';
import { type DataTable, figure, tableBox } from './figure.ts';
import { type Html, markup, NOTHING } from './html.ts';
import { symbolOf } from './line-chart.ts';
import { plotSvg } from './plot-svg.ts';

const WIDTH = 460;
const HEIGHT = 280;
/** More marks than this are a cloud, and a page too large to send: the table tells them. */
const MOST_MARKS = 1000;
/** More pictures than this are not looked through. */
const MOST_PICTURES = 12;
/** More policies than this are told apart by nobody: the table has all. */
const MOST_POLICIES = 8;
/** Words with more values than this have them put together in the table, in equal parts of their range. */
const PARTS = 6;
/** Values that span more than this factor, half of them below this part of the sum of both ends, are better looked at on a logarithmic axis. */
const WIDE = 50;
const SKEWED = 5;

type Word = PageScatters['words'][number];

/** Each run against each varied word: a picture a word, or tables where there is too much to draw. */
export function scatterFigures(scatters: PageScatters, context: PageContext): Html {
  const { words, runs, unit } = scatters;
  const policies = [...new Set(runs.map(({ policy }) => policy))];
  const isDrawn = words.length <= MOST_PICTURES && runs.length <= MOST_MARKS && policies.length <= MOST_POLICIES;
  if (isDrawn && words.length > 0)
    return markup`<div class="figures">${words.map((word, w) => scatterFigure(scatters, word, w, policies, context))}</div>`;
  const what = `${counted(runs.length, 'run')} over ${counted(words.length, 'word')} under ${policies.length === 1 ? '1 policy' : `${policies.length} policies`}: too much for pictures, so each word has a table.`;
  const tables = words.map((word, w) => markup`<h3>${unit} over ${word.word}</h3>
${tableBox(`${unit} over ${word.word}`, tableOf(scatters, word, w))}`); // prettier-ignore
  return markup`<p>${what}</p>${tables.length > 0 ? tables : tableBox(unit, byPolicyTable(scatters))}`;
}

function scatterFigure(scatters: PageScatters, word: Word, w: number, policies: readonly string[], context: PageContext): Html {
  const { runs, unit, yLabel, isHigherBetter, name } = scatters;
  const title = `${unit} over ${plainText(word.word)}`;
  const id = context.idOf('scatter', name, word.word);
  const looks = policies.map((policy, look) => ({ name: plainText(policy), colour: context.colourOf(policy), look, points: [] }));
  const marks = runs.map((run) => ({ run, x: run.at[w]!, look: looks[policies.indexOf(run.policy)]! }));
  const x = wordAxis(word, marks.map((mark) => mark.x)); // prettier-ignore
  const y = withTicks(axisOver(runs.map(({ value }) => value), 'linear', true), 5); // prettier-ignore
  const picture = plotSvg(
    {
      width: WIDTH,
      height: HEIGHT,
      marginLeft: 46,
      marginRight: 18,
      marginTop: 30,
      marginBottom: 46,
      x: { domain: [x.low, x.high], type: x.scale, inset: 7, label: null, ticks: [] },
      y: { domain: [y.axis.low, y.axis.high], label: null, ticks: [] },
      marks: [
        Plot.gridY(y.ticks, { stroke: 'var(--grid)', strokeOpacity: 1 }),
        Plot.ruleY([y.axis.low], { stroke: 'var(--rule)' }),
        Plot.axisY(y.ticks, { tickSize: 0, label: null, tickFormat: tickText, fill: 'var(--soft)' }),
        Plot.axisX(x.ticks, { tickSize: 4, label: null, tickFormat: (tick: number) => tickText(tick / x.size), fill: 'var(--soft)', stroke: 'var(--rule)' }), // prettier-ignore
        Plot.text([plainText(yLabel)], { frameAnchor: 'top-left', dx: -40, dy: -24, text: (d: string) => d, fill: 'var(--soft)' }),
        Plot.text([x.label], { frameAnchor: 'bottom', dy: 38, text: (d: string) => d, fill: 'var(--soft)' }),
        ...marks.map(
          ({ run, x: at, look }) =>
          Plot.dot([run], { x: at, y: run.value, r: 4, symbol: symbolOf(look.look), stroke: look.colour, strokeWidth: 1.6, fill: look.colour, fillOpacity: 0.25, title: () => tipOf(run, unit) }), // prettier-ignore
        ),
      ],
    },
    { label: title, describedBy: `${id}-caption` },
  );
  const better = isHigherBetter ? 'Higher is better.' : 'Lower is better.';
  return figure({
    id,
    title,
    lead: policies.length > 1 ? legend(looks, false) : NOTHING,
    picture,
    caption: markup`${captionOf(scatters, w, policies)} ${better} One mark a run; the other words vary as well.`,
    table: tableOf(scatters, word, w),
  });
}

function tipOf({ policy, value, label }: ScatteredRun, unit: string): string {
  return plainText(`${policy}: ${formatNumber(value)} ${unit}; ${label}`);
}

/** How value and word go together, by the ranks of both, so that one far-off run does not decide. */
function captionOf({ runs }: PageScatters, w: number, policies: readonly string[]): string {
  return policies
    .map((policy) => {
      const own = runs.filter((run) => run.policy === policy);
      const r = rankCorrelation(own.map(({ at }) => at[w]!), own.map(({ value }) => value)); // prettier-ignore
      const told = r === null ? 'no trend can be told' : `rank correlation ${formatNumber(r, 2).replace('-', '−')}`;
      return `${plainText(policy)}: ${told} over ${counted(own.length, 'run')}.`;
    })
    .join(' ');
}

/** Spearman's, −1 to 1; ties share their ranks. Null where one of the two is the same throughout, or there are fewer than 3. */
export function rankCorrelation(xs: readonly number[], ys: readonly number[]): number | null {
  if (xs.length < 3) return null;
  const [a, b] = [ranksOf(xs), ranksOf(ys)];
  const middle = (xs.length - 1) / 2;
  const sum = (one: readonly number[], other: readonly number[]): number =>
    one.reduce((total, rank, i) => total + (rank - middle) * (other[i]! - middle), 0);
  const scale = Math.sqrt(sum(a, a) * sum(b, b));
  return scale > 0 ? sum(a, b) / scale : null;
}

function ranksOf(values: readonly number[]): number[] {
  const sorted = values.toSorted((a, b) => a - b);
  return values.map((value) => (sorted.indexOf(value) + sorted.lastIndexOf(value)) / 2);
}

interface WordAxis {
  readonly scale: 'linear' | 'log';
  readonly low: number;
  readonly high: number;
  readonly ticks: readonly number[];
  /** What a tick is told in: 1024 ** 2 for MiB. */
  readonly size: number;
  readonly label: string;
}

const UNITS: Readonly<Record<Word['kind'], readonly (readonly [size: number, name: string])[]>> = {
  number: [[1, '']],
  time: [[1e9, 's'], [1e6, 'ms'], [1e3, 'us'], [1, 'ns']], // prettier-ignore
  bytes: [[1024 ** 4, 'TiB'], [1024 ** 3, 'GiB'], [1024 ** 2, 'MiB'], [1024, 'KiB'], [1, 'B']], // prettier-ignore
};

/** Ticks at round figures of one unit, which stands in the label. */
function wordAxis({ word, kind }: Word, values: readonly number[]): WordAxis {
  const largest = Math.max(...values.map(Math.abs));
  const units = UNITS[kind];
  const [size, unit] = units.find(([least]) => largest >= least) ?? units.at(-1)!;
  const sorted = values.toSorted((a, b) => a - b);
  const [least, median] = [sorted[0]!, sorted[sorted.length >> 1]!];
  const isLog = least > 0 && largest > WIDE * least && median < (least + largest) / SKEWED;
  const scale = isLog ? 'log' : 'linear';
  const { axis, ticks: all } = withTicks(axisOver(values.map((value) => value / size), scale, false), 6); // prettier-ignore
  const ticks = values.every((value) => Number.isInteger(value / size)) ? all.filter(Number.isInteger) : all;
  const label = plainText(unit === '' ? word : `${word}, ${unit}`);
  return { scale, low: axis.low * size, high: axis.high * size, ticks: ticks.map((tick) => tick * size), size, label };
}

function tickText(value: number): string {
  return String(Number(formatNumber(value, 4)));
}

/** By policy and value of the word; of many values, by equal parts of their range. */
function tableOf({ runs, unit }: PageScatters, word: Word, w: number): DataTable {
  const values = [...new Set(runs.map(({ at }) => at[w]!))].sort((a, b) => a - b);
  const [low, high] = [values[0]!, values.at(-1)!];
  const text = (value: number): string =>
    word.kind === 'time' ? formatNs(value) : word.kind === 'bytes' ? formatBytes(value) : tickText(value);
  const partOf = (value: number): number =>
    values.length <= PARTS ? values.indexOf(value) : Math.min(PARTS - 1, Math.floor(((value - low) / (high - low)) * PARTS));
  const edge = (part: number): number => low + ((high - low) * part) / PARTS;
  const nameOf = (part: number): string =>
    values.length <= PARTS ? text(values[part]!) : `${text(edge(part))} to ${text(edge(part + 1))}`;
  const parts = Array.from({ length: Math.min(values.length, PARTS) }, (_, part) => part);
  const rows = [...new Set(runs.map(({ policy }) => policy))].flatMap((policy) =>
    parts.flatMap((part) => {
      const own = runs.filter((run) => run.policy === policy && partOf(run.at[w]!) === part).map(({ value }) => value);
      return own.length === 0 ? [] : [[plainText(policy), nameOf(part), ...figuresOf(own)]];
    }),
  );
  return { columns: ['policy', right(plainText(word.word)), ...figureColumns(unit)], rows };
}

function byPolicyTable({ runs, unit }: PageScatters): DataTable {
  const labels = [...new Set(runs.map(({ policy }) => policy))];
  const rows = labels.map((policy) => [
    plainText(policy),
    ...figuresOf(runs.filter((run) => run.policy === policy).map(({ value }) => value)),
  ]);
  return { columns: ['policy', ...figureColumns(unit)], rows };
}

function figuresOf(values: readonly number[]): string[] {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return [String(values.length), formatNumber(mean, 4), formatNumber(Math.min(...values), 4), formatNumber(Math.max(...values), 4)];
}

function figureColumns(unit: string): { title: string; align: 'right' }[] {
  return [right('runs'), right(`mean, ${unit}`), right('least'), right('most')];
}

function right(title: string): { title: string; align: 'right' } {
  return { title, align: 'right' };
}
