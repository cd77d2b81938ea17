import type { PageInputs } from '../../experiments/page/page-inputs.ts';
import type { PageChart, PageRun } from '../../experiments/page/schemas.ts';
import { plainText } from '../format.ts';
import { formatterOf } from './chart-view.ts';
import { type CauseBar, causesFigure, causesLegend } from './causes-section.ts';
import type { PageContext } from './context.ts';
import { type Html, markup } from './html.ts';
import { groupRuns } from './run-view.ts';

/** Where the time went: for each chart's points, and for each run by policy. None if nothing tells. */
export function causesSections(
  { decks, sweeps, runs, machines }: PageInputs,
  context: PageContext,
): { id: string; title: string; intro: string; body: Html }[] {
  const charts = [...decks.flatMap((deck) => deck.charts), ...sweeps.flatMap((sweep) => sweep.charts)];
  const figures = [
    ...charts.map((chart) => causesFigure(chart.title, barsOf(chart), `Rows: ${chart.xLabel ?? 'x'}.`, context)),
    ...sweeps.flatMap(
      ({ plan, scatters }) =>
      scatters.map(({ unit, byPolicy }) => causesFigure(`Sweep ${plainText(plan)}, ${unit}`, byPolicy.map(barOfPolicy), 'Rows: policies, all their runs together.', context)), // prettier-ignore
    ),
    ...groupRuns(runs, machines).map(({ title, runs: own }) =>
      causesFigure(`Examples: ${title}`, own.map(barOf), 'Rows: policies.', context),
    ),
  ];
  if (figures.length === 0) return [];
  const intro = 'All time of the guests’ tasks by what it went to; the shares add up to the whole.';
  return [
    {
      id: 'causes',
      title: 'Where the time went',
      intro,
      body: markup`${causesLegend()}<div class="figures">${figures}</div>`,
    },
  ];
}

function barsOf(chart: PageChart): CauseBar[] {
  const formatX = formatterOf(chart);
  return chart.points.map(({ series, x, causes }) => ({
    series,
    name: formatX(x) || 'all runs',
    label: formatX(x) === '' ? series : `${series} at ${formatX(x)}`,
    causes,
  }));
}

function barOfPolicy({ series, causes }: PageChart['points'][number]): CauseBar {
  return { series: 'all', name: series, label: series, causes };
}

function barOf({ policy, workload, total }: PageRun): CauseBar {
  const shares = Object.entries(total.causes).map(([cause, ns]) => [cause, total.lifetimeNs > 0 ? ns / total.lifetimeNs : 0]);
  return { series: workload, name: policy, label: policy, causes: Object.fromEntries(shares) as Record<string, number> };
}
