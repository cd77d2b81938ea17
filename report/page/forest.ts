import * as Plot from '@observablehq/plot';
import type { Html } from './html.ts';
import { type ChartLabel, plotSvg } from './plot-svg.ts';

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
const FIGURES = 146;
const WORDS = 86;

/** Estimates one under the other, their intervals against the line of no difference. */
export function forest(options: ForestOptions, label: ChartLabel): Html {
  const { rows, scale, neutral, axisLabel, rowsLabel, domain, ticks, formatTick } = options;
  const left = 14 + 7.5 * Math.max(...rows.map(({ name }) => name.length));
  const inside = (value: number): number => Math.min(domain[1], Math.max(domain[0], value));
  return plotSvg(
    {
      width: WIDTH,
      height: 84 + ROW * rows.length,
      marginLeft: Math.min(200, left),
      marginRight: FIGURES + WORDS,
      marginTop: 28,
      marginBottom: 56,
      x: { domain: [...domain], type: scale, label: null, ticks: [] },
      y: { domain: rows.map((_, i) => i), label: null, ticks: [], padding: 0.5, type: 'point' },
      marks: [
        Plot.gridX(ticks, { stroke: 'var(--grid)', strokeOpacity: 1 }),
        Plot.ruleX([neutral], { stroke: 'var(--ink)', strokeWidth: 1.2 }),
        Plot.text([...ticks], { x: (tick: number) => tick, frameAnchor: 'bottom', dy: 19, text: formatTick, fill: 'var(--soft)' }),
        Plot.axisY(rows.map((_, i) => i), { tickSize: 0, label: null, tickFormat: (i: number) => rows[i]!.name, fill: 'var(--ink)' }), // prettier-ignore
        Plot.text([rowsLabel], { frameAnchor: 'top-left', dx: -Math.min(200, left) + 4, dy: -20, text: (d: string) => d, textAnchor: 'start', fill: 'var(--soft)' }), // prettier-ignore
        Plot.text([axisLabel], { frameAnchor: 'bottom', dy: 44, text: (d: string) => d, fill: 'var(--soft)' }),
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
          Plot.text([row], { y: i, frameAnchor: 'right', dx: 10, text: () => row.figures, textAnchor: 'start', fill: 'var(--ink)' }), // prettier-ignore
        ),
        ...rows.map(
          (row, i) =>
          Plot.text([row], { y: i, frameAnchor: 'right', dx: FIGURES + WORDS - 4, text: () => SHORT[row.verdict], textAnchor: 'end', fill: COLOURS[row.verdict], fontWeight: 600 }), // prettier-ignore
        ),
      ],
    },
    label,
  );
}

/** What an interval lets one say of a figure of which more is better. */
export function verdictOf(low: number | null, high: number | null, neutral: number): Verdict {
  if (low === null || high === null) return 'none';
  return low > neutral ? 'better' : high < neutral ? 'worse' : 'none';
}
