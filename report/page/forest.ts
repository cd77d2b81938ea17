import * as Plot from '@observablehq/plot';
import { placeOn } from '../axis.ts';
import type { Html } from './html.ts';
import { type ChartLabel, plotSvg } from './plot-svg.ts';
import { fitted, textWidth, thinned } from './text-width.ts';

/** A row of a forest: an estimate with its interval, and what it lets one say. */
export interface ForestRow {
  readonly name: string;
  readonly mean: number;
  readonly low: number | null;
  readonly high: number | null;
  /** Shown to be better or worse: a full mark; else a hollow one. */
  readonly verdict: Verdict;
  readonly figures: string;
}

export type Verdict = 'better' | 'worse' | 'small' | 'none';

export interface ForestOptions {
  readonly rows: readonly ForestRow[];
  readonly scale: 'linear' | 'log';
  /** Where there is no difference. */
  readonly neutral: number;
  readonly axisLabel: string;
  /** What the rows are. */
  readonly rowsLabel: string;
  /** What the axis must hold, so that several forests share it. */
  readonly domain: readonly [number, number];
  readonly ticks: readonly number[];
  readonly formatTick: (value: number) => string;
}

export const VERDICT_WORDS: Readonly<Record<Verdict, string>> = {
  better: 'better',
  worse: 'worse',
  small: 'too small to matter (below 0.01 %)',
  none: 'no difference shown at this precision',
};

const SHORT: Readonly<Record<Verdict, string>> = { better: 'better', worse: 'worse', small: 'too small', none: 'none shown' };
const COLOURS: Readonly<Record<Verdict, string>> = {
  better: 'var(--good)',
  worse: 'var(--bad)',
  small: 'var(--soft)',
  none: 'var(--soft)',
};
const SYMBOLS = { better: 'circle', worse: 'square', small: 'diamond', none: 'diamond' } as const;
const WIDTH = 460;
const ROW = 26;
const TWO_LINES = 42;
const MOST_FOR_NAMES = 170;
/** The picture itself gets this much, whatever stands beside it. */
const LEAST_FOR_PLOT = 130;
const GAP = 12;

/** Estimates one under the other, their intervals against the line of no difference. */
export function forest(options: ForestOptions, label: ChartLabel): Html {
  const { rows, scale, neutral, axisLabel, rowsLabel, formatTick } = options;
  const { domain, ticks } = axisOf(options);
  const names = rows.map(({ name }) => fitted(name, MOST_FOR_NAMES));
  const left = 16 + Math.max(...names.map((name) => textWidth(name)));
  const { right, hasIntervals, isStacked, words } = besideOf(rows, WIDTH - left - LEAST_FOR_PLOT);
  const plotWidth = WIDTH - left - right;
  const pixelOf = (value: number): number => plotWidth * placeOn({ scale, low: domain[0], high: domain[1] }, value);
  const shown = thinned(ticks.map(formatTick), ticks.map(pixelOf), Math.max(0, ticks.indexOf(neutral))).map((tick) => ticks[tick]!); // prettier-ignore
  const inside = (value: number): number => Math.min(domain[1], Math.max(domain[0], value));
  const figuresOf = ({ figures }: ForestRow): string => (hasIntervals ? figures : briefOf(figures));
  return plotSvg(
    {
      width: WIDTH,
      height: 84 + (isStacked ? TWO_LINES : ROW) * rows.length,
      marginLeft: left,
      marginRight: right,
      marginTop: 28,
      marginBottom: 56,
      x: { domain: [...domain], type: scale, label: null, ticks: [] },
      y: { domain: rows.map((_, i) => i), label: null, ticks: [], padding: 0.5, type: 'point' },
      marks: [
        Plot.gridX(shown, { stroke: 'var(--grid)', strokeOpacity: 1 }),
        Plot.ruleX([neutral], { stroke: 'var(--ink)', strokeWidth: 1.2 }),
        Plot.text([...shown], { x: (tick: number) => tick, frameAnchor: 'bottom', dy: 19, text: formatTick, fill: 'var(--soft)' }),
        Plot.axisY(rows.map((_, i) => i), { tickSize: 0, label: null, tickFormat: (i: number) => names[i]!, fill: 'var(--ink)' }), // prettier-ignore
        Plot.text([fitted(rowsLabel, WIDTH - 8)], { frameAnchor: 'top-left', dx: 4 - left, dy: -20, text: (d: string) => d, textAnchor: 'start', fill: 'var(--soft)' }), // prettier-ignore
        Plot.text([axisLabel], { frameAnchor: 'bottom', dx: WIDTH / 2 - left - plotWidth / 2, dy: 44, text: (d: string) => d, fill: 'var(--soft)' }), // prettier-ignore
        ...rows.flatMap((row, i) =>
          row.low === null || row.high === null
            ? []
            : [Plot.ruleY([row], { y: i, x1: inside(row.low), x2: inside(row.high), stroke: COLOURS[row.verdict], strokeWidth: 2.4 })],
        ),
        ...rows.map(
          (row, i) =>
          Plot.dot([row], { x: inside(row.mean), y: i, r: 5, symbol: SYMBOLS[row.verdict], stroke: COLOURS[row.verdict], strokeWidth: 2, fill: row.verdict === 'better' || row.verdict === 'worse' ? COLOURS[row.verdict] : 'var(--paper)', title: () => `${row.name}: ${row.figures}, ${VERDICT_WORDS[row.verdict]}` }), // prettier-ignore
        ),
        ...rows.map(
          (row, i) =>
          Plot.text([row], { y: i, frameAnchor: 'right', dx: GAP, dy: isStacked ? -8 : 0, text: () => figuresOf(row), textAnchor: 'start', fill: 'var(--ink)' }), // prettier-ignore
        ),
        ...rows.map(
          (row, i) =>
          Plot.text([row], { y: i, frameAnchor: 'right', dx: isStacked ? GAP : right - words - 2, dy: isStacked ? 8 : 0, text: () => SHORT[row.verdict], textAnchor: 'start', fill: COLOURS[row.verdict], fontWeight: 600 }), // prettier-ignore
        ),
      ],
    },
    label,
  );
}

interface Beside {
  /** Of the margin that figures and words stand in. */
  readonly right: number;
  readonly words: number;
  readonly hasIntervals: boolean;
  /** Words stand under the figures. */
  readonly isStacked: boolean;
}

/** Figures and words in one line if that fits, else in two, else without the intervals, which the table has. */
function besideOf(rows: readonly ForestRow[], room: number): Beside {
  const words = Math.max(...rows.map(({ verdict }) => textWidth(SHORT[verdict], true)));
  const full = Math.max(...rows.map(({ figures }) => textWidth(figures)));
  const oneLine = full + words + 2 * GAP;
  if (oneLine <= room) return { right: oneLine, words, hasIntervals: true, isStacked: false };
  const twoLines = Math.max(full, words) + GAP;
  if (twoLines <= room) return { right: twoLines, words, hasIntervals: true, isStacked: true };
  const brief = Math.max(...rows.map(({ figures }) => textWidth(briefOf(figures))));
  return { right: Math.max(brief, words) + GAP, words, hasIntervals: false, isStacked: true };
}

/** `+1.5 [+1.2, +1.8]` without its interval. */
function briefOf(figures: string): string {
  return figures.replace(/ \[.*$/, '');
}

/** Where nothing differs at all, the line of no difference stands in the middle. */
function axisOf({ rows, scale, neutral, domain, ticks }: ForestOptions): Pick<ForestOptions, 'domain' | 'ticks'> {
  const isNothing = rows.every(({ mean, low, high }) => [mean, low ?? mean, high ?? mean].every((value) => value === neutral));
  return isNothing && scale === 'linear' ? { domain: [neutral - 1, neutral + 1], ticks: [neutral - 1, neutral, neutral + 1] } : { domain, ticks }; // prettier-ignore
}

/** What an interval lets one say of a figure of which more is better. */
export function verdictOf(low: number | null, high: number | null, neutral: number): Verdict {
  if (low === null || high === null) return 'none';
  return low > neutral ? 'better' : high < neutral ? 'worse' : 'none';
}
