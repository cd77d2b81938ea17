import { formatBytes, formatNumber } from '../../report/format.ts';
import type { Interval } from '../statistics/interval.ts';
import type { Contest } from './contests.ts';
import { contestsOf } from './contests.ts';
import type { Outcome } from './question.ts';

/** Who is to win, and against whom. */
export interface Claim {
  readonly favourite: string;
  readonly rivals: readonly string[];
}

/**
 * The paragraph that answers a question by one favourite and its rivals: a headline, each rival's verdict with its interval, why, where
 * the favourite loses, and what it all rests on. Which sentences stand there is decided by the results.
 */
export function answerBy(claim: Claim): (outcome: Outcome) => string {
  return (outcome) => {
    const contests = contestsOf(
      outcome,
      claim.rivals.map((rival) => ({ favourite: claim.favourite, rival })),
    );
    const own = contests.filter(({ isSibling }) => !isSibling);
    return [
      `${headline(own)}: ${verdicts(claim, own)}.`,
      ...reason(own),
      defeat(claim.favourite, contests),
      basis(outcome, contests.length),
    ].join(' ');
  };
}

function headline(contests: readonly Contest[]): string {
  const has = (verdict: Contest['verdict']): boolean => contests.some((contest) => contest.verdict === verdict);
  if (has('better') && has('worse')) return 'It depends';
  if (has('better')) return 'Yes, wherever a difference is shown';
  if (has('worse')) return 'No, wherever a difference is shown';
  return 'No difference shown';
}

function verdicts({ favourite, rivals }: Claim, contests: readonly Contest[]): string {
  const met = rivals.map((rival) => contests.filter((contest) => contest.rival === rival)).filter(({ length }) => length > 0);
  return `${favourite} is ${met.map(againstOne).join('; ')}`;
}

/** `better than R at 3 of 5 points, most at 12 guests (1.4 times as good, 95 % interval 1.3 to 1.5), and worse at 1, most at ...` */
function againstOne(contests: readonly Contest[]): string {
  const { rival } = contests[0]!;
  const better = contests.filter(({ verdict }) => verdict === 'better').sort((a, b) => b.gain.mean - a.gain.mean);
  const worse = contests.filter(({ verdict }) => verdict === 'worse').sort((a, b) => a.gain.mean - b.gain.mean);
  if (better.length + worse.length === 0) {
    const widest = [...contests].sort((a, b) => width(b.gain) - width(a.gain))[0]!;
    const where = contests.length === 1 ? place(widest) : `at any of ${contests.length} points, least surely ${place(widest)}`;
    return `not shown to differ from ${rival} ${where}: ${ratio(widest.gain)}`;
  }
  const parts = [
    ...(better.length > 0 ? [`better than ${rival} ${countOf(better, contests)}`] : []),
    ...(worse.length > 0 ? [`worse${better.length > 0 ? '' : ` than ${rival}`} ${countOf(worse, contests)}`] : []),
  ];
  return parts.join(' and ');
}

function countOf(some: readonly Contest[], all: readonly Contest[]): string {
  const most = some[0]!;
  const many = some.length === all.length ? (all.length === 1 ? '' : `at all ${all.length} points, most `) : `at ${some.length} of ${all.length} points, most `; // prettier-ignore
  return `${many}${place(most)}: ${ratio(most.gain)}`;
}

/** Of the largest gain. */
function reason(contests: readonly Contest[]): string[] {
  const most = contests.filter(({ verdict }) => verdict === 'better').sort((a, b) => b.gain.mean - a.gain.mean)[0];
  const cause = most?.causes.find(({ change }) => change < 0);
  if (!most || !cause) return [];
  return [
    `What it saves there against ${most.rival} is mostly ${cause.cause}: ${share(cause.change)} of that one's task time for the same work.`,
  ]; // prettier-ignore // prettier-ignore
}

function defeat(favourite: string, contests: readonly Contest[]): string {
  const worst = contests.filter(({ verdict }) => verdict === 'worse').sort((a, b) => a.gain.mean - b.gain.mean)[0];
  if (!worst) {
    const tried = [...new Set(contests.filter(({ isSibling }) => isSibling).map(({ result }) => result.chart.name))];
    return `Nowhere in these runs is ${favourite} shown to lose${tried.length > 0 ? `, not even in ${tried.join(' and ')}, where it was expected to` : ''}.`;
  }
  const cause = worst.causes.find(({ change }) => change > 0);
  const where = worst.isSibling ? `in ${worst.result.chart.name}, ` : '';
  const why = cause ? `, for ${cause.cause}: ${share(cause.change)} of the rival's task time more` : '';
  return `It loses most to ${worst.rival} ${where}${place(worst)}: ${ratio(worst.gain)}${why}.`;
}

/** Size, seeds, what the intervals are, and which figures nobody measured. */
export function basis({ size, seeds, lengthsS: [least, most], machines, assumed }: Outcome, contests: number): string {
  const intervals = seeds.length < 2 ? 'one seed, which tells no interval' : `${seeds.length} seeds with 95 % intervals, paired by seed${contests > 1 ? ` and widened by Holm's procedure over ${contests} comparisons` : ''}`; // prettier-ignore
  const figures = assumed.length > 0 ? `the assumed ${listOf(assumed)} of the machine and ` : '';
  return `All this is the ${size} size on ${listOf(machines)}, runs of ${formatNumber(least, 2)}${most > least ? ` to ${formatNumber(most, 2)}` : ''} s, ${intervals}; it rests on ${figures}the assumed costs of docs/model.md.`;
}

/** `at 1.25 vCPUs for each CPU`, with the chart's name where a question has several. */
export function place({ result: { chart }, x }: Pick<Contest, 'result' | 'x'>): string {
  const label = x === 1 ? chart.xLabel.replace(/^guests /, 'guest ') : chart.xLabel;
  return `at ${chart.xIsBytes ? formatBytes(x) : String(x)} ${label}`;
}

/** `1.31 times as good (1.02 to 1.68)`. */
export function ratio({ mean, low, high, count }: Interval): string {
  return `${formatNumber(mean)} times as good${count < 2 ? '' : ` (${formatNumber(low)} to ${formatNumber(high)})`}`;
}

export function listOf(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)!}`;
}

function share(change: number): string {
  return `${formatNumber(Math.abs(change) * 100, 2)} %`;
}

function width({ low, high }: Interval): number {
  return Math.log(high) - Math.log(low);
}
