import type { ComparedPolicy, Comparison } from '../experiments/compare/comparison.ts';
import type { Reached } from '../experiments/compare/study.ts';
import type { WarmUp } from '../experiments/compare/warm-up.ts';
import { countForT, LEAST_FOR_BOOTSTRAP } from '../experiments/statistics/paired.ts';
import { counted, formatInterval, formatNs, formatNumber, formatPlusMinus, formatPValue, formatShare } from '../report/format.ts';
import { table } from '../report/table.ts';

/** What was run, in words. */
export interface Setting {
  readonly workload: string;
  readonly machine: string;
  readonly guests: number;
}

const TOLD_CAUSES = 4;
/** Smaller changes explain nothing. */
const LEAST_CHANGE = 0.001;

/** Which policy is better, by how much, how sure, and why. */
export function comparisonText(comparison: Comparison, setting: Setting, reached: Reached | null, cases: number): string {
  const { metric, level, seeds, policies, family, warmUp } = comparison;
  const [baseline, ...others] = policies;
  const better = metric.isHigherBetter ? 'higher' : 'lower';
  const columns = ['policy', `${metric.name}, ${metric.unit}`, `difference to ${baseline!.policy}`, 'in percent', 'p (Holm)', 'verdict'];
  const rows = policies.map((policy) => [
    nameOf(policy),
    formatPlusMinus(policy.mean.mean, policy.mean.high - policy.mean.mean),
    ...differenceCells(policy),
    policy.isTooSmall ? 'too small to matter (< 0.01 %)' : policy.verdict,
  ]);
  const lines = [
    `${setting.workload} on ${setting.machine}, ${counted(setting.guests, 'guest')}, ${counted(seeds.length, 'seed')} from ${seeds[0]}`,
    `${metric.name}: ${better} is better; means with ${formatShare(level)} intervals; differences paired by seed${family.size > 1 ? `; the ${family.size} verdicts hold together (Holm), each interval is as wide as the level its policy is tested at` : ''}`,
    ...(cases > 1
      ? [`each of the ${cases} cases is a family of its own: over all of them more than ${formatShare(1 - level)} may go wrong`]
      : []),
    ...warmUpLines(warmUp),
    ...reachedLines(reached),
  ];
  return `${lines.join('\n')}\n\n${table(columns, rows)}\n${[...precisionLines(others), ...others.flatMap(doubtLines)].join('')}${others.map((policy) => why(policy, baseline!, warmUp)).join('')}`;
}

/** Quantiles over the seeds and effect sizes. */
export function quantilesText({ metric, policies }: Comparison): string {
  const titles = policies[0]!.quantiles.map(({ p }) => (p === 0.5 ? 'median' : `p${100 * p}`));
  const rows = policies.map(({ quantiles, effect, ...policy }) => [
    nameOf(policy),
    ...quantiles.map(({ value, low, high }) => `${formatNumber(value)} (${low === null ? '?' : formatNumber(low)} to ${high === null ? '?' : formatNumber(high)})`),
    ...(effect === null ? ['-', '-', '-'] : [effect.superiority, effect.cliffsDelta, effect.hedgesG].map((size) => (size === null ? '-' : formatNumber(size, 2)))),
  ]); // prettier-ignore
  return `\nover the seeds, ${metric.name} in ${metric.unit} with intervals of order statistics (? where there are too few seeds for one)\n\n${table(['policy', ...titles, 'share more', "Cliff's delta", "Hedges' g"], rows)}\n`;
}

function nameOf({ policy, oracle }: Pick<ComparedPolicy, 'policy' | 'oracle'>): string {
  return `${policy}${oracle ? ' (oracle)' : ''}`;
}

function differenceCells({ difference }: ComparedPolicy): string[] {
  if (difference === null) return ['-', '-', '-'];
  const { mean, low, high, relative } = difference;
  const inPercent = relative === null ? '-' : formatInterval(100 * relative.mean, 100 * relative.low, 100 * relative.high);
  return [formatInterval(mean, low, high), inPercent, formatPValue(difference.pValue, difference.isPValueMost)];
}

function warmUpLines({ rule, cutNs, settles, policies, askedNs, keepsEnding, why: reason }: WarmUp): string[] {
  const kept = keepsEnding && cutNs > 0 ? ['guests whose work ends by itself keep their whole run'] : [];
  if (rule === 'stated') return [`warm-up: ${formatNs(cutNs)} cut off every run, as asked`, ...kept];
  if (reason === 'work ends by itself') return ['warm-up: not cut, as this work ends by itself: all that was measured of it counts'];
  if (reason === 'runs end by themselves' && askedNs !== null && askedNs > 0)
    return [`warm-up: ${formatNs(askedNs)} not cut as asked, as the runs end by themselves: all of them counts`];
  if (reason === 'no timeline') return ['warm-up: not cut, as the runs were not looked at while they went on'];
  if (reason === 'runs too short') return ['warm-up: not cut, as too little was measured to tell it'];
  if (rule === 'none') return [];
  const unsettled = policies.filter((policy) => !policy.settles).map(({ policy }) => policy);
  return [
    cutNs === 0 ? 'warm-up: nothing to cut (MSER-5)' : `warm-up: ${formatNs(cutNs)} cut off every run (MSER-5)`,
    ...kept,
    ...(settles === false ? [`still settling after half of the run: ${unsettled.join(', ')}; a longer --duration is needed`] : []),
  ];
}

function reachedLines(reached: Reached | null): string[] {
  if (reached === null) return [];
  const { wanted, isReached, seeds, mostSeeds } = reached;
  return [
    isReached
      ? `${wanted} reached with ${counted(seeds, 'seed')}`
      : `${wanted} not reached with ${counted(mostSeeds, 'seed')}, the most allowed (--seeds)`,
  ];
}

function precisionLines(others: readonly ComparedPolicy[]): string[] {
  const equal = others.filter(
    ({ verdict, isTooSmall, precision }) => verdict === 'no difference shown' && !isTooSmall && precision !== null,
  );
  if (equal.length === 0) return [];
  const each = equal.map(({ policy, precision }) => `${policy} (± ${formatShare(precision!, 2)})`);
  return [`\nno difference shown at this precision: ${each.join(', ')}\n`];
}

/** Skewness beyond which even the bootstrap covers less than it says (docs/statistics.md). */
const STRONG_SKEWNESS = 2;

function doubtLines({ policy, difference }: ComparedPolicy): string[] {
  const { method, skewness, count } = difference!;
  if (skewness === null) return [];
  const isSkewed = Math.abs(skewness) > 2 * skewnessError(count);
  const wanted = `${countForT(skewness)} seeds would do`;
  if (method === 't' && count < LEAST_FOR_BOOTSTRAP && isSkewed)
    return [
      `\n${policy}: its differences look skewed, and fewer than ${LEAST_FOR_BOOTSTRAP} seeds leave only t, which then covers less than it says\n`,
    ];
  if (method === 't' && count >= LEAST_FOR_BOOTSTRAP && count < countForT(skewness))
    return [`\n${policy}: nearly all of its differences are alike, so that t is doubtful and the bootstrap cannot tell; ${wanted}\n`];
  if (method === 'bootstrap-t' && Math.abs(skewness) > STRONG_SKEWNESS)
    return [
      `\n${policy}: its differences are strongly skewed, so that its interval may cover some 90 % instead of ${formatShare(difference!.level)}; ${wanted}\n`,
    ];
  return [];
}

/** Standard error of G1 of a normal sample. */
function skewnessError(n: number): number {
  return n < 3 ? Infinity : Math.sqrt((6 * n * (n - 1)) / ((n - 2) * (n + 1) * (n + 3)));
}

function why({ policy, mean, causes }: ComparedPolicy, baseline: ComparedPolicy, { cutNs }: WarmUp): string {
  const idle = [baseline.mean.mean === 0 ? baseline.policy : '', mean.mean === 0 ? policy : ''].filter((name) => name !== '');
  if (idle.length > 0 && cutNs > 0)
    return `\n${idle.join(' and ')} got nothing done in what the cut of ${formatNs(cutNs)} left, so no work can be compared; --warm-up none or a longer duration may show more.\n`;
  const told = causes.filter(({ change }) => Math.abs(change) >= LEAST_CHANGE).slice(0, TOLD_CAUSES);
  if (baseline.mean.mean === 0)
    return `\n${baseline.policy} got nothing done, so no work can be compared; a longer duration may show more.\n`;
  if (told.length === 0) return `\n${policy} spends its time as ${baseline.policy} does.\n`;
  const lines = told.map(({ cause, change }) => `  ${cause.padEnd(16)} ${change > 0 ? '+' : ''}${formatShare(change)}\n`);
  return `\n${policy} for the same work, in shares of all task time of ${baseline.policy}:\n${lines.join('')}`;
}
