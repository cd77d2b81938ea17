import type { PageComparison, PageOneComparison, PageSensitivity } from '../../experiments/page/schemas.ts';
import { counted, formatShare, plainText } from '../format.ts';
import { signed } from './findings-section.ts';
import { tableBox } from './figure.ts';
import { type Html, markup } from './html.ts';

type Side = PageSensitivity['base'][number];

/** Differences with each assumed figure a fifth less and a fifth more, and the verdicts that turn. None if nobody asked. */
export function sensitivitySections(comparisons: readonly PageComparison[]): { id: string; title: string; intro: string; body: Html }[] {
  const asked = comparisons.flatMap((comparison) =>
    [comparison, ...(comparison.others ?? [])].flatMap((one) =>
      one.sensitivity ? [{ comparison, one, sensitivity: one.sensitivity }] : [],
    ),
  );
  if (asked.length === 0) return [];
  const intro = 'Nobody measured the assumed figures. Each was made smaller and larger, one at a time, and all policies were run again.';
  return [{ id: 'sensitivity', title: 'Does a verdict hang on an assumed figure?', intro, body: markup`${asked.map(tableOf)}` }];
}

function tableOf({ comparison, one, sensitivity }: Asked): Html {
  const { base, figures, seeds, share } = sensitivity;
  const title = `${plainText(comparison.workload)}${comparison.over === undefined ? '' : `, ${plainText(comparison.over)}`}: ${one.metric.name}`;
  const right = (text: string): { title: string; align: 'right' } => ({ title: text, align: 'right' });
  const columns = [
    'assumed figure',
    ...base.flatMap(({ policy }) => [right(`${policy}, −${formatShare(share, 2)}`), right(`+${formatShare(share, 2)}`)]),
    'verdict',
  ];
  const cells = (less: readonly Side[] | null, more: readonly Side[] | null): string[] =>
    base.flatMap((_, at) => [differenceText(less?.[at]), differenceText(more?.[at])]);
  const rows = [
    ['as it is', ...cells(base, base), base.map(({ policy, verdict }) => `${policy}: ${verdict}`).join('; ')],
    ...figures.map(({ figure, less, more, turns }) => [figure, ...cells(less, more), turns.length === 0 ? 'holds' : turns.map((turn) => turnText(turn, share)).join('; ')]), // prettier-ignore
  ];
  const turning = figures.filter(({ turns }) => turns.length > 0).map(({ figure }) => figure);
  const says =
    turning.length === 0
      ? `No verdict turns with any of ${counted(figures.length, 'figure')}.`
      : `Verdicts turn with ${turning.join(', ')}.`;
  return markup`<h3>${title}</h3>
<p>${says} Differences to ${one.policies[0]!.policy} in percent, ${counted(seeds.length, 'seed')}.</p>
${tableBox(`Sensitivity of ${title}`, { columns, rows })}`;
}

interface Asked {
  readonly comparison: PageComparison;
  readonly one: PageOneComparison;
  readonly sensitivity: PageSensitivity;
}

function differenceText(side: Side | undefined): string {
  if (!side) return 'failed';
  return side.difference === null ? '-' : signed(side.difference * 100, 3);
}

function turnText({ policy, at, verdict }: PageSensitivity['figures'][number]['turns'][number], share: number): string {
  return `turns: ${policy} ${verdict} at ${at === 'less' ? '−' : '+'}${formatShare(share, 2)}`;
}
