import type { PageDeck, PageFinding } from '../../experiments/page/schemas.ts';
import { axisOver, withTicks } from '../axis.ts';
import { counted, formatBytes, formatNumber } from '../format.ts';
import { causeName } from './causes.ts';
import type { PageContext } from './context.ts';
import { figure, tableBox } from './figure.ts';
import { forest, type ForestRow, type Verdict, VERDICT_WORDS, verdictOf } from './forest.ts';
import { type Html, markup, NOTHING } from './html.ts';

/** Findings that compare the same two things, at several x. */
export interface FindingGroup {
  readonly title: string;
  readonly xLabel: string;
  readonly findings: readonly PageFinding[];
}

const WAYS = 'Bars are 95 % intervals, paired by seed, on a logarithmic axis.';

export function groupsOf({ findings, charts }: PageDeck): FindingGroup[] {
  const chartOf = (finding: PageFinding): PageDeck['charts'][number] | undefined => charts.find(({ name }) => name === finding.charts[0]);
  const titleOf = (finding: PageFinding): string => {
    const { baseline, candidate, charts: names, x } = finding;
    if (baseline === candidate) return `${names.toReversed().join(' against ')}, ${formatBytes(x)}`;
    return `${candidate} against ${baseline}${names.length === 1 ? `, ${names[0]}` : `, ${commonStart(names)}`}`;
  };
  return [...new Set(findings.map(titleOf))].map((title) => {
    const own = findings.filter((finding) => titleOf(finding) === title);
    const isSame = own[0]!.baseline === own[0]!.candidate;
    return { title, xLabel: isSame ? '' : (chartOf(own[0]!)?.xLabel ?? 'x'), findings: own };
  });
}

/** What the charts say against each other: a forest for each pair, on one axis, and the table. */
export function findingsSection(deck: PageDeck, context: PageContext): Html {
  const groups = groupsOf(deck);
  if (groups.length === 0) return NOTHING;
  const figures = groups.map((group) => {
    const id = context.idOf('finding', group.title);
    const rows = group.findings.map((finding) => rowOf(finding));
    const ends = group.findings.flatMap(({ gain }) => [gain.mean, gain.low ?? gain.mean, gain.high ?? gain.mean]);
    const { axis, ticks } = withTicks(axisOver([1, ...ends], 'linear', false), 5);
    const low = Math.max(axis.low, Math.min(1, ...ends) / 2); // a factor is more than 0
    return figure({
      id,
      title: group.title,
      picture: forest(
        {
          rows,
          scale: 'log',
          neutral: 1,
          axisLabel: 'times as good',
          rowsLabel: group.xLabel,
          domain: [low, axis.high],
          ticks: ticks.filter((tick) => tick >= low),
          formatTick: String,
        },
        { label: group.title, describedBy: `${id}-caption` },
      ),
      caption: markup`${sentenceOf(group)} ${WAYS}`,
      table: { columns: COLUMNS, rows: group.findings.map(cellsOf) },
    });
  });
  return markup`<div class="figures">${figures}</div>
<h3>All findings, and why</h3>
${tableBox('Findings', { columns: COLUMNS, groups: groups.map(({ title, findings }) => ({ title, rows: findings.map(cellsOf) })) })}`;
}

const COLUMNS = [
  { title: 'at', align: 'right' as const },
  { title: 'times as good', align: 'right' as const },
  { title: '95 % interval', align: 'right' as const },
  'verdict',
  'why: change of task time for the same work',
];

function cellsOf({ x, baseline, candidate, gain, causes }: PageFinding): string[] {
  return [
    baseline === candidate ? baseline : formatNumber(x, 4).replace(/\.0+$/, ''),
    formatNumber(gain.mean),
    gain.low === null || gain.high === null ? '-' : `${formatNumber(gain.low)} to ${formatNumber(gain.high)}`,
    VERDICT_WORDS[verdictOf(gain.low, gain.high, 1)],
    causes.map(({ cause, change }) => `${causeName(cause)} ${signed(change * 100)} %`).join(', '),
  ];
}

function rowOf(finding: PageFinding): ForestRow {
  const { gain, x, baseline, candidate } = finding;
  const interval = gain.low === null || gain.high === null ? '' : ` [${formatNumber(gain.low)}, ${formatNumber(gain.high)}]`;
  return {
    name: baseline === candidate ? baseline : formatNumber(x, 4).replace(/\.0+$/, ''),
    mean: gain.mean,
    low: gain.low,
    high: gain.high,
    verdict: verdictOf(gain.low, gain.high, 1),
    figures: `${formatNumber(gain.mean)}${interval}`,
  };
}

/** `1.01 to 1.51 times as good: better at 4 of 5 points, no difference shown at 1.` */
export function sentenceOf({ findings }: FindingGroup): string {
  const means = findings.map(({ gain }) => gain.mean);
  const [least, most] = [formatNumber(Math.min(...means)), formatNumber(Math.max(...means))];
  const count = (verdict: Verdict): number => findings.filter(({ gain }) => verdictOf(gain.low, gain.high, 1) === verdict).length;
  const told = (
    [
      ['better', 'better'],
      ['worse', 'worse'],
      ['none', 'no difference shown'],
    ] as const
  ).flatMap(([verdict, word]) => (count(verdict) > 0 ? [`${word} at ${count(verdict) === findings.length ? `all ${counted(findings.length, 'point')}`.replace('all 1 point', 'the one point') : `${count(verdict)} of ${findings.length}`}`] : [])); // prettier-ignore
  return `${least === most ? least : `${least} to ${most}`} times as good: ${told.join(', ')}.`;
}

export function signed(value: number, digits = 2): string {
  const text = formatNumber(value, digits);
  return value > 0 ? `+${text}` : text.replace('-', '−');
}

function commonStart(names: readonly string[]): string {
  const parts = names.map((name) => name.split('-'));
  const same = parts[0]!.filter((part, i) => parts.every((other) => other[i] === part));
  return same.length > 0 ? same.slice(0, 2).join('-') : names.join(' and ');
}
