import type { SourcedComparison } from '../../experiments/page/page-inputs.ts';
import type { PageCompared, PageInterval, PageOneComparison } from '../../experiments/page/schemas.ts';
import { axisOver, withTicks } from '../axis.ts';
import { counted, formatNs, formatNumber, formatPlusMinus, formatPValue, formatShare, plainText } from '../format.ts';
import { causeName } from './causes.ts';
import type { PageContext } from './context.ts';
import { figure } from './figure.ts';
import { forest, type ForestRow, type Verdict, VERDICT_WORDS } from './forest.ts';
import { type Html, markup } from './html.ts';
import { signed } from './findings-section.ts';

const TOLD_CAUSES = 3;
const LEAST_CHANGE = 0.001;

/** Policies against the first: a forest in percent for each case and unit. */
export function comparisonSection(comparisons: readonly SourcedComparison[], context: PageContext): Html {
  const cases = comparisons.flatMap((comparison) => [comparison, ...(comparison.others ?? [])].map((one) => ({ comparison, one })));
  return markup`<div class="figures">${cases.map(({ comparison, one }) => comparisonFigure(comparison, one, context))}</div>`;
}

function comparisonFigure(comparison: SourcedComparison, one: PageOneComparison, context: PageContext): Html {
  const { metric, level, seeds, policies } = one;
  const [baseline, ...others] = policies;
  const base = Math.abs(baseline!.mean.mean);
  const title = `${caseText(comparison)}: ${metric.name}`;
  const id = context.idOf('comparison', title);
  const rows = others.map((policy) => rowOf(policy, base));
  const ends = rows.flatMap(({ mean, low, high }) => [mean, low ?? mean, high ?? mean]);
  const { axis, ticks } = withTicks(axisOver(ends.length > 0 ? ends : [0], 'linear', true), 5);
  const direction = metric.isHigherBetter ? 'difference, %; to the right is better' : 'difference, %; to the left is better';
  return figure({
    id,
    title,
    picture: forest(
      { rows, scale: 'linear', neutral: 0, axisLabel: direction, rowsLabel: `against ${plainText(baseline!.policy)}`, domain: [axis.low, axis.high], ticks, formatTick: (value) => String(value).replace('-', '−') }, // prettier-ignore
      { label: `${title}: difference to ${baseline!.policy}`, describedBy: `${id}-caption` },
    ),
    caption: markup`${captionOf(one)} ${counted(seeds.length, 'seed')} on ${comparison.machine}; intervals of ${formatShare(level, 2)}${others.length > 1 ? '; the verdicts hold together by Holm’s procedure, each interval is as wide as the level its policy is tested at' : ''}.${warmUpText(one)}`,
    table: {
      columns: ['policy', right(`mean, ${metric.unit}`), right('difference, %'), right('interval, %'), right('p (Holm)'), 'verdict', 'why'],
      rows: policies.map((policy) => [nameOf(policy), meanText(policy), ...cellsOf(policy, base), whyOf(policy)]),
    },
  });
}

/** `stream, guests = 7 (of c1.json)`: what is compared, and where that is from if there are several places. */
export function caseText({ workload, over, source }: SourcedComparison): string {
  return plainText(`${workload}${over === undefined ? '' : `, ${over}`}${source === undefined ? '' : ` (of ${source})`}`);
}

function warmUpText({ warmUp }: PageOneComparison): string {
  return warmUp && warmUp.cutNs > 0 ? ` The first ${formatNs(warmUp.cutNs)} of what was measured are cut as warm-up (${warmUp.rule}).` : '';
}

/** What the intervals say, in one sentence for each verdict. */
export function captionOf({ policies }: PageOneComparison): string {
  const [baseline, ...others] = policies;
  const told = (['better', 'worse', 'small', 'none'] as const).flatMap((verdict) => {
    const names = others.filter((policy) => kindOf(policy) === verdict).map(nameOf);
    if (names.length === 0) return [];
    if (verdict === 'none') return [`No difference is shown at this precision for ${listed(names)}.`];
    if (verdict === 'small') return [`The difference of ${listed(names)} is too small to matter (below 0.01 %).`];
    return [`${listed(names)} ${names.length === 1 ? 'is' : 'are'} ${verdict} than ${plainText(baseline!.policy)}.`];
  });
  return told.join(' ');
}

function rowOf(policy: PageCompared, base: number): ForestRow {
  const { difference } = policy;
  const share = difference?.relative ?? sharesOf(difference, base);
  const inPercent = (value: number | null): number | null => (value === null ? null : value * 100);
  const [mean, low, high] = [share.mean * 100, inPercent(share.low), inPercent(share.high)];
  const interval = low === null || high === null ? '' : ` [${signed(low, 3)}, ${signed(high, 3)}]`;
  return { name: nameOf(policy), mean, low, high, verdict: kindOf(policy), figures: `${signed(mean, 3)}${interval}` };
}

/** Of files without the relative difference: as if the first policy's mean were known. */
function sharesOf(difference: PageCompared['difference'], base: number): PageInterval {
  if (difference === null || base === 0) return { mean: 0, low: null, high: null };
  const share = (value: number | null): number | null => (value === null ? null : value / base);
  return { mean: difference.mean / base, low: share(difference.low), high: share(difference.high) };
}

function kindOf({ verdict, isTooSmall }: PageCompared): Verdict {
  if (isTooSmall) return 'small';
  return verdict === 'better' || verdict === 'worse' ? verdict : 'none';
}

function nameOf({ policy, oracle }: PageCompared): string {
  return `${plainText(policy)}${oracle ? ' (oracle)' : ''}`;
}

function meanText({ mean }: PageCompared): string {
  return mean.high === null ? formatNumber(mean.mean) : formatPlusMinus(mean.mean, mean.high - mean.mean);
}

function cellsOf(policy: PageCompared, base: number): string[] {
  if (policy.difference === null) return ['-', '-', '-', 'baseline'];
  const { mean, low, high } = rowOf(policy, base);
  const { pValue, isPValueMost } = policy.difference;
  const p = pValue === undefined ? '-' : formatPValue(pValue, isPValueMost);
  return [
    signed(mean, 3),
    low === null || high === null ? '-' : `${signed(low, 3)} to ${signed(high, 3)}`,
    p,
    VERDICT_WORDS[kindOf(policy)],
  ];
}

function whyOf({ causes }: PageCompared): string {
  const told = causes.filter(({ change }) => Math.abs(change) >= LEAST_CHANGE).slice(0, TOLD_CAUSES);
  return told.map(({ cause, change }) => `${causeName(cause)} ${signed(change * 100)} %`).join(', ');
}

function right(title: string): { title: string; align: 'right' } {
  return { title, align: 'right' };
}

export function listed(names: readonly string[]): string {
  return names.length <= 1 ? (names[0] ?? '') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)!}`;
}
