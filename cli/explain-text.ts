import type { CauseGroup } from '../experiments/explain/causes.ts';
import type { ExplainedRun, Explanation } from '../experiments/explain/explanation.ts';
import { counted, formatNs, formatNumber, formatShare, plainText } from '../report/format.ts';
import { table } from '../report/table.ts';
import { type Bar, waterfallText } from '../report/waterfall.ts';
import { wholeParts } from '../sim/whole-parts.ts';
import { partingText } from './parting-text.ts';

/** Steps of the waterfall that are smaller than this share of A's time stand together. */
const LEAST_STEP = 0.0005;
const MOST_STEPS = 8;
const SIGNIFICANT = 5;
const UNITS = [
  [1e9, 's'],
  [1e6, 'ms'],
  [1e3, 'us'],
  [1, 'ns'],
] as const;

/** Why B fares otherwise than A: what came of each, where the time went, the first decision that differs. */
export function explainText(explanation: Explanation, width: number): string {
  const { machine, workload, guests, seed, a, b } = explanation;
  return (
    `${workload} on ${machine}, ${counted(guests, 'guest')}, seed ${seed}\n` +
    `A  ${named(a)}\nB  ${named(b)}\n\n` +
    `${metricsText(explanation)}${groupsText(explanation, width)}` +
    `${partingText(explanation)}`
  );
}

function named({ policy, oracle, simulatedNs, hash }: ExplainedRun): string {
  return `${plainText(policy)}${oracle ? ' (oracle: knows what no kernel could)' : ''}, ${formatNs(simulatedNs)} simulated, decisions ${hash}`;
}

function metricsText({ metrics, a, b }: Explanation): string {
  if (a.status !== 'ok' || b.status !== 'ok') return 'where the time went is not compared: both runs must end well\n';
  const rows = metrics.map(({ name, unit, a: ofA, b: ofB }) => [
    `${name}, ${unit}`,
    formatNumber(ofA, 4),
    formatNumber(ofB, 4),
    ofA === 0 ? '-' : signed(formatShare((ofB - ofA) / ofA), ofB - ofA),
  ]);
  return `${table(['', 'A', 'B', 'B - A'], rows)}\n`;
}

/** Whole units of a size that shows the sum of A to some five digits, so that what is told sums exactly. */
interface Scale {
  readonly ns: number;
  readonly unit: string;
  textOf(value: number): string;
}

function scaleOf(ns: number): Scale {
  const [size, unit] = UNITS.find(([each]) => ns >= each) ?? UNITS[UNITS.length - 1]!;
  const digits = Math.floor(Math.log10(Math.max(1, ns / size))) + 1;
  const decimals = size === 1 ? 0 : Math.max(0, SIGNIFICANT - digits);
  return { ns: size / 10 ** decimals, unit, textOf: (value) => (value / 10 ** decimals).toFixed(decimals) };
}

function groupsText(explanation: Explanation, width: number): string {
  const { groups, a, b } = explanation;
  if (groups.length === 0 && a.status === 'ok' && b.status === 'ok')
    return '\nno guests got anything done under both, so no work can be compared; a longer duration may show more\n';
  return groups.map((group) => groupText(group, explanation, width)).join('');
}

function groupText({ unit, guests, aNs, bNs, causes }: CauseGroup, { groups }: Explanation, width: number): string {
  const scale = scaleOf(Math.max(aNs, bNs));
  const [aTotal, bTotal] = [Math.round(aNs / scale.ns), Math.round(bNs / scale.ns)];
  const ofA = wholeParts(causes.map((cause) => cause.aNs / scale.ns), aTotal); // prettier-ignore
  const ofB = wholeParts(causes.map((cause) => cause.bNs / scale.ns), bTotal); // prettier-ignore
  const told = causes
    .map(({ cause }, i) => ({ label: cause, a: ofA[i]!, b: ofB[i]!, value: ofB[i]! - ofA[i]! }))
    .filter(({ a, b }) => a > 0 || b > 0)
    .sort((x, y) => Math.abs(y.value) - Math.abs(x.value) || y.a - x.a);
  const all = { label: 'all', a: aTotal, b: bTotal, value: bTotal - aTotal };
  const rows = [...told, all].map(({ label, a, b, value }) => [
    label,
    scale.textOf(a),
    scale.textOf(b),
    signed(scale.textOf(value), value),
    aTotal === 0 ? '-' : signed(`${((100 * value) / aTotal).toFixed(2)} %`, value),
  ]);
  const who = groups.length > 1 ? ` (${counted(guests.length, 'guest')}, counted in ${unit})` : '';
  const fall = { start: { label: 'A', value: aTotal }, steps: stepsOf(told, aTotal), end: { label: 'B', value: bTotal } };
  const isAlike = told.every(({ value }) => value === 0);
  return (
    `\nwhere the time of the tasks went${who}; B's is told for as much work as A's\n` +
    `${table(['cause', `A, ${scale.unit}`, `B, ${scale.unit}`, 'B - A', "of A's"], rows)}\n` +
    (isAlike ? '' : `\nfrom A to B, in ${scale.unit}: ${waterfallText(fall, scale.textOf, Math.min(width, 100))}`)
  );
}

/** The largest first; those that are hard to see stand together. */
function stepsOf(told: readonly Bar[], total: number): Bar[] {
  const large = told.filter(({ value }, i) => value !== 0 && i < MOST_STEPS && Math.abs(value) >= LEAST_STEP * total);
  const rest = told.filter((step) => !large.includes(step) && step.value !== 0);
  const other = rest.reduce((sum, { value }) => sum + value, 0);
  return rest.length === 0 ? large : [...large, { label: rest.length === 1 ? rest[0]!.label : `${rest.length} others`, value: other }];
}

function signed(text: string, value: number): string {
  return value > 0 ? `+${text}` : text;
}
