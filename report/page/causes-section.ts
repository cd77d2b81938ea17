import * as Plot from '@observablehq/plot';
import { formatShare, plainText } from '../format.ts';
import { CAUSE_GROUPS, causeName, groupShares } from './causes.ts';
import type { PageContext } from './context.ts';
import { figure } from './figure.ts';
import { type Html, markup } from './html.ts';
import { plotSvg } from './plot-svg.ts';

/** A bar: where the task time of a point went, as shares. */
export interface CauseBar {
  /** Bars of a series stand together under its name. */
  readonly series: string;
  readonly name: string;
  /** Names the bar where it stands alone. */
  readonly label: string;
  readonly causes: Readonly<Record<string, number | null>>;
}

const WIDTH = 460;
const ROW = 21;
const LEAST_FOR_LETTER = 0.035;

/** Task time by cause, stacked, one bar for each point. */
export function causesFigure(title: string, bars: readonly CauseBar[], what: string, context: PageContext): Html {
  const id = context.idOf('causes', title);
  const series = [...new Set(bars.map((bar) => bar.series))];
  const lines = series.flatMap((name) => [
    ...(series.length > 1 ? [{ head: name, bar: null }] : []),
    ...bars.filter((bar) => bar.series === name).map((bar) => ({ head: null, bar })),
  ]);
  const parts = lines.flatMap(({ bar }, y) => {
    let from = 0;
    return bar === null
      ? []
      : groupShares(bar.causes).flatMap((share, g) => {
          const part = { y, g, from, to: from + share, share, bar };
          from += share;
          return share > 0 ? [part] : [];
        });
  });
  const left = Math.min(190, 16 + 7.4 * Math.max(...bars.map(({ name }) => name.length)));
  const picture = plotSvg(
    {
      width: WIDTH,
      height: 44 + ROW * lines.length,
      marginLeft: left,
      marginRight: 22,
      marginTop: 6,
      marginBottom: 38,
      x: { domain: [0, 1], label: null, ticks: [] },
      y: { domain: lines.map((_, y) => y), label: null, ticks: [], padding: 0.16 },
      marks: [
        Plot.axisX([0, 0.25, 0.5, 0.75, 1], { tickSize: 4, tickFormat: (value: number) => `${value * 100} %`, label: null, fill: 'var(--soft)', stroke: 'var(--rule)' }), // prettier-ignore
        ...lines.map(({ bar, head }, y) =>
          bar === null
            ? Plot.text([head], { x: 0, y, text: (name: string) => plainText(name), textAnchor: 'start', dy: 2, fontWeight: 600, fill: 'var(--ink)' }) // prettier-ignore
            : Plot.text([bar.name], { x: 0, y, text: (name: string) => plainText(name), textAnchor: 'end', dx: -7, fill: 'var(--ink)' }),
        ),
        Plot.barX(parts, { x1: 'from', x2: 'to', y: 'y', fill: (part: { g: number }) => `var(--k${part.g})`, stroke: 'var(--paper)', strokeWidth: 1, title: (part: (typeof parts)[number]) => `${plainText(part.bar.label)}: ${CAUSE_GROUPS[part.g]!.name} ${formatShare(part.share)}` }), // prettier-ignore
        Plot.text(parts.filter(({ share }) => share >= LEAST_FOR_LETTER), { x: (part: { from: number; to: number }) => (part.from + part.to) / 2, y: 'y', text: (part: { g: number }) => CAUSE_GROUPS[part.g]!.letter, fill: 'var(--letter)', fontWeight: 600 }), // prettier-ignore
      ],
      color: { type: 'identity' },
    },
    { label: `${title}: where the time went`, describedBy: `${id}-caption` },
  );
  const causes = [...new Set(bars.flatMap((bar) => Object.keys(bar.causes)))].filter((cause) =>
    bars.some((bar) => (bar.causes[cause] ?? 0) > 0),
  );
  return figure({
    id,
    title,
    picture,
    caption: markup`${what} ${largestOf(bars)}`,
    table: {
      columns: [
        'series',
        { title: 'at', align: 'right' },
        ...causes.map((cause) => ({ title: causeName(cause), align: 'right' as const })),
      ],
      rows: bars.map((bar) => [bar.series, bar.name, ...causes.map((cause) => formatShare(bar.causes[cause] ?? 0))]),
    },
  });
}

/** Letters and colours of the groups. */
export function causesLegend(): Html {
  return markup`<ul class="legend causes">${CAUSE_GROUPS.map(
    ({ name, letter }, g) =>
      markup`<li><svg class="key" viewBox="0 0 22 18" width="22" height="18" aria-hidden="true"><rect width="22" height="18" rx="2" fill="var(--k${g})"></rect><text x="11" y="13.5" text-anchor="middle" fill="var(--letter)" font-weight="600">${letter}</text></svg>${name}</li>`,
  )}</ul>`;
}

/** Where distance or queueing is worst: what this laboratory is about. */
function largestOf(bars: readonly CauseBar[]): string {
  const lost = bars.map((bar) => ({ bar, share: groupShares(bar.causes)[2]! + groupShares(bar.causes)[3]! }));
  const worst = lost.toSorted((a, b) => b.share - a.share)[0]!;
  if (!(worst.share > 0.0005)) return 'Neither distance nor queueing costs anything here.';
  const [, , distance = 0, queueing = 0] = groupShares(worst.bar.causes);
  return `Most is lost to distance and queueing by ${plainText(worst.bar.label)}: ${formatShare(distance)} and ${formatShare(queueing)} of the time.`;
}
