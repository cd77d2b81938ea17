import type { ComparedPolicy, Comparison } from '../experiments/comparison.ts';
import { workloadText } from '../experiments/run-result.ts';
import { counted, formatNumber, formatPlusMinus, formatShare } from '../report/format.ts';
import { table } from '../report/table.ts';
import type { Scenario } from '../sim/scenario.ts';

const TOLD_CAUSES = 4;
/** Smaller changes explain nothing. */
const LEAST_CHANGE = 0.001;

/** Which policy is better, by how much, how sure, and why. */
export function comparisonText(comparison: Comparison, scenario: Scenario): string {
  const { metric, level, seeds, policies } = comparison;
  const [baseline, ...others] = policies;
  const better = metric.isHigherBetter ? 'higher' : 'lower';
  const columns = ['policy', `${metric.name}, ${metric.unit}`, `difference to ${baseline!.policy}`, 'in percent', 'p (Holm)', 'verdict'];
  const rows = policies.map((policy) => [
    `${policy.policy}${policy.oracle ? ' (oracle)' : ''}`,
    formatPlusMinus(policy.mean.mean, policy.mean.high - policy.mean.mean),
    ...differenceCells(policy, baseline!),
    policy.verdict,
  ]);
  return (
    `${workloadText(scenario)} on ${scenario.machine.spec.name}, ${counted(scenario.guests.length, 'guest')}, ${counted(seeds.length, 'seed')} from ${seeds[0]}\n` +
    `${metric.name}: ${better} is better; means with ${formatShare(level)} intervals; differences paired by seed, their intervals widened so that all hold together (Holm)\n\n` +
    `${table(columns, rows)}\n${others.map((policy) => why(policy, baseline!)).join('')}`
  );
}

function differenceCells({ difference }: ComparedPolicy, baseline: ComparedPolicy): string[] {
  if (difference === null) return ['-', '-', '-'];
  const halfWidth = difference.high - difference.mean;
  const percent = 100 / Math.abs(baseline.mean.mean);
  const inPercent = baseline.mean.mean === 0 ? '-' : formatPlusMinus(difference.mean * percent, halfWidth * percent);
  return [
    formatPlusMinus(difference.mean, halfWidth),
    inPercent,
    difference.pValue < 0.0001 ? '<0.0001' : formatNumber(difference.pValue, 2),
  ];
}

function why({ policy, causes }: ComparedPolicy, baseline: ComparedPolicy): string {
  const told = causes.filter(({ change }) => Math.abs(change) >= LEAST_CHANGE).slice(0, TOLD_CAUSES);
  if (baseline.mean.mean === 0)
    return `\n${baseline.policy} got nothing done, so no work can be compared; a longer duration may show more.\n`;
  if (told.length === 0) return `\n${policy} spends its time as ${baseline.policy} does.\n`;
  const lines = told.map(({ cause, change }) => `  ${cause.padEnd(16)} ${change > 0 ? '+' : ''}${formatShare(change)}\n`);
  return `\n${policy} for the same work, in shares of all task time of ${baseline.policy}:\n${lines.join('')}`;
}
