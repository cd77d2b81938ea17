import { formatNumber } from '../../report/format.ts';
import type { ChartResult } from '../chart.ts';
import { type BreakEven, breakEven } from './break-even.ts';
import { contestsOf } from './contests.ts';
import type { AnswerTable, Outcome } from './question.ts';
import { basis, listOf, ratio } from './sentences.ts';
import { LEAVE, MOVE, RETURN } from './trips.ts';

interface Row {
  readonly result: ChartResult;
  /** Hot set, as the series say it. */
  readonly hot: string;
  readonly move: BreakEven;
  readonly back: BreakEven;
  /** From where on copying back does better than following by the rule. */
  readonly backOverMove: BreakEven;
}

/** For each hot set and load of the link, how long an absence must be for each answer to win. */
export function breakEvenTable(outcome: Outcome): AnswerTable {
  return {
    title: `Time away from which on it is better, interpolated between ${listOf(timesOf(outcome))} ms (95 % interval over the seeds)`,
    columns: ['link', 'hot set', 'moving than leaving', 'copying back than leaving', 'copying back than moving'],
    rows: rowsOf(outcome).map(({ result, hot, move, back, backOverMove }) => [
      wayOf(result),
      hot,
      cell(result, move),
      cell(result, back),
      cell(result, backOverMove),
    ]),
  };
}

/** The map in words, and at the longest absence by how much the better of moving and leaving wins. */
export function breakEvenAnswer(outcome: Outcome): string {
  const rows = rowsOf(outcome);
  const sets = new Set(rows.map(({ hot }) => hot));
  const moved = contestsOf(
    outcome,
    [...sets].map((hot) => ({ favourite: `${MOVE} ${hot}`, rival: `${LEAVE} ${hot}` })),
  );
  const found = rows.filter(({ move }) => move.kind === 'at' || move.kind === 'always');
  const kept = rows.filter(({ move }) => move.kind === 'never');
  const lines = [
    `${head(found.length, kept.length, rows.length)}: ${rows.map(said).join('; ')}.`,
    ...longest(moved),
    ...shortest(moved),
    copyingBack(rows),
    basis(outcome, moved.length),
  ];
  return lines.join(' ');
}

function head(found: number, kept: number, all: number): string {
  if (found === all) return 'Pages should follow a vCPU that stays away long enough (interpolated between the times tried)';
  if (kept === all) return 'Pages should stay, for as long as was tried';
  return `It depends: in ${found} of ${all} cases pages should follow a vCPU that stays away long enough (interpolated between the times tried)`;
}

function said({ result, hot, move }: Row): string {
  const where = `with ${hot} hot (${wayOf(result)})`;
  const [least, most] = ends(result);
  switch (move.kind) {
    case 'at':
      return `${where} moving beats leaving from ${cell(result, move)} on`;
    case 'always':
      return `${where} it does at every time tried, from ${ms(least)}`;
    case 'never':
      return `${where} moving was no better at the longest time tried, ${ms(most)}`;
    case 'unsure':
      return `${where} the seeds do not agree`;
  }
}

type Contests = ReturnType<typeof contestsOf>;

function longest(contests: Contests): string[] {
  const best = contests.filter(({ verdict }) => verdict === 'better').sort((a, b) => b.gain.mean - a.gain.mean)[0];
  if (!best) return ['At no single time is moving shown to be better than leaving.'];
  const cause = best.causes.find(({ change }) => change < 0);
  const why = cause ? `, for ${cause.cause}: ${formatNumber(-cause.change * 100, 2)} % of the task time less` : '';
  return [`Over trip and return moving gains most at ${ms(best.x)} (${best.favourite}, ${wayOf(best.result)}: ${ratio(best.gain)})${why}.`]; // prettier-ignore
}

function shortest(contests: Contests): string[] {
  const worst = contests.filter(({ verdict }) => verdict === 'worse').sort((a, b) => a.gain.mean - b.gain.mean)[0];
  if (!worst) return ['At no single time is it shown to lose.'];
  const cause = worst.causes.find(({ change }) => change > 0);
  const why = cause ? `, for ${cause.cause}: ${formatNumber(cause.change * 100, 2)} % of the task time more` : '';
  return [`It loses most at ${ms(worst.x)} (${worst.favourite}, ${wayOf(worst.result)}: ${ratio(worst.gain)})${why}.`];
}

function copyingBack(rows: readonly Row[]): string {
  const of = (kind: BreakEven['kind']): Row[] => rows.filter(({ backOverMove }) => backOverMove.kind === kind);
  const from = of('at').map(({ result, hot, backOverMove }) => `${hot}, ${wayOf(result)}: ${cell(result, backOverMove)}`);
  const clauses = [
    [of('always').length, 'at every time tried'],
    [from.length, `from some time on (${from.join('; ')})`],
    [of('never').length, 'not even at the longest time'],
    [of('unsure').length, 'not by all seeds'],
  ] as const;
  const said = clauses.filter(([count]) => count > 0).map(([count, words]) => `${words} in ${count}`);
  return `Copying back at the right moment is better than following back by the same rule ${said.join(', ')} of ${rows.length} cases.`;
}

function rowsOf({ results }: Outcome): Row[] {
  return results.flatMap((result) =>
    hotSets(result).map((hot) => ({
      result,
      hot,
      move: breakEven(result, `${LEAVE} ${hot}`, `${MOVE} ${hot}`),
      back: breakEven(result, `${LEAVE} ${hot}`, `${RETURN} ${hot}`),
      backOverMove: breakEven(result, `${MOVE} ${hot}`, `${RETURN} ${hot}`),
    })),
  );
}

/** `idle link` of trip-idle-link. */
function wayOf({ chart }: ChartResult): string {
  return chart.name.replace(/^trip-/, '').replaceAll('-', ' ');
}

function hotSets({ points }: ChartResult): string[] {
  return [...new Set(points.map(({ series }) => series.slice(series.indexOf(' ') + 1)))];
}

/** Times that were tried, in order. */
function timesOf({ results }: Outcome): string[] {
  const times = new Set(results.flatMap(({ points }) => points.map(({ x }) => x)));
  return [...times].sort((a, b) => a - b).map(String);
}

function ends({ points }: ChartResult): [least: number, most: number] {
  const times = points.map(({ x }) => x);
  return [Math.min(...times), Math.max(...times)];
}

function cell(result: ChartResult, at: BreakEven): string {
  const [least, most] = ends(result);
  switch (at.kind) {
    case 'at': {
      const { mean, low, high, count } = at.interval;
      if (count < 2) return ms(mean);
      if (low < least || high > most) return `${ms(mean)} (too few seeds to say how sure)`;
      return `${ms(mean)} (${formatNumber(low)} to ${formatNumber(high)})`;
    }
    case 'always':
      return `${ms(least)} or less`;
    case 'never':
      return `not up to ${ms(most)}`;
    case 'unsure':
      return 'the seeds do not agree';
  }
}

function ms(value: number): string {
  return `${formatNumber(value)} ms`;
}
