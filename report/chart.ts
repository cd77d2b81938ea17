import type { ChartPoint, ChartResult } from '../experiments/chart.ts';
import type { Finding } from '../experiments/findings.ts';
import { formatBytes, formatNumber, formatPlusMinus, formatShare } from './format.ts';
import { plot } from './plot.ts';
import { table } from './table.ts';

/** A chart as text: the question, the plot, and the table behind it, with where the time went. */
export function chartText(result: ChartResult, width = 90): string {
  const { chart, seeds, points } = result;
  const xFormat = chart.xIsBytes ? (x: number): string => formatBytes(x) : String;
  const names = [...new Set(points.map(({ series }) => series))];
  const picture = plot(
    names.map((name) => ({
      name,
      points: points.filter(({ series }) => series === name).map(({ x, mean, low, high }) => ({ x, y: mean.mean, low, high })),
    })),
    {
      title: `${chart.title} (${chart.name})`,
      xLabel: chart.xLabel,
      yLabel: `${chart.yLabel}: mean, bar from least to most of the guests; ${seeds.length} seed${seeds.length === 1 ? '' : 's'}`,
      width: Math.min(100, Math.max(60, width)),
      xScale: 'even',
      xFormat,
      ...(chart.isLog ? { yScale: 'log' as const } : {}),
    },
  );
  const columns = [
    'series',
    { title: chart.xIsBytes ? 'size' : 'x', align: 'right' as const },
    { title: `mean ${chart.unit}`, align: 'right' as const },
    ...['least', 'most', 'remote', 'distance', 'queueing', 'waiting'].map((title) => ({ title, align: 'right' as const })),
  ];
  const rows = points.map((point) => [
    point.series,
    xFormat(point.x),
    formatPlusMinus(point.mean.mean, (point.mean.high - point.mean.low) / 2),
    formatNumber(point.low),
    formatNumber(point.high),
    formatShare(point.remoteRatio),
    formatShare(point.causes.distance),
    formatShare(queueing(point)),
    formatShare(point.causes.waitHost + point.causes.waitGuest),
  ]);
  const failed = points.filter(({ failures }) => failures.length > 0);
  const warning = failed
    .map(({ series, x, failures }) => `${series} at ${xFormat(x)}: not ended well with seed ${failures.join(', ')}\n`)
    .join('');
  return `${picture}\n\n${chart.question}\n\n${table(columns, rows)}\n${warning}`;
}

function queueing({ causes }: ChartPoint): number {
  return causes.queueController + causes.queueLink + causes.queuePair;
}

/** What the charts say against each other: by how much, how sure, and why. */
export function findingsText(findings: readonly Finding[]): string {
  const headOf = ({ charts, baseline, candidate, x }: Finding): string =>
    baseline === candidate
      ? `${charts.toReversed().join(' against ')}, ${formatBytes(x)}`
      : `${candidate} against ${baseline} (${charts.join(', ')})`;
  const heads = [...new Set(findings.map(headOf))];
  return heads.map((head) => `${head}\n${groupText(findings.filter((finding) => headOf(finding) === head))}\n`).join('\n');
}

function groupText(findings: readonly Finding[]): string {
  const rows = findings.map(({ x, baseline, candidate, gain, causes }) => [
    baseline === candidate ? baseline : x,
    formatNumber(gain.mean),
    Number.isFinite(gain.high) ? `${formatNumber(gain.low)} .. ${formatNumber(gain.high)}` : '?', // of one seed nobody knows it
    gain.low > 1 ? 'better' : gain.high < 1 ? 'worse' : 'no difference shown',
    causes.map(({ cause, change }) => `${cause} ${change > 0 ? '+' : ''}${formatNumber(change * 100, 2)}`).join(', '),
  ]);
  const columns = [
    { title: 'x', align: 'right' as const },
    { title: 'times as good', align: 'right' as const },
    '95 % interval',
    'verdict',
    'why: change of task time for the same work, %',
  ];
  return table(columns, rows);
}
