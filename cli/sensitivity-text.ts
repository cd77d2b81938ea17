import { type Sensitivity, type Side, swingOf } from '../experiments/compare/sensitivity.ts';
import { counted, formatNumber, formatShare } from '../report/format.ts';
import { table } from '../report/table.ts';

/** Figures that move a difference by less are only counted. */
const LEAST_SWING = 0.001;

/** Which assumed figures, a fifth less or more, move the differences, and which turn a verdict. */
export function sensitivityText({ seeds, share, base, figures }: Sensitivity, baseline: string): string {
  const told = figures.filter((one) => swingOf(base, one) >= LEAST_SWING || one.turns.length > 0);
  const columns = [
    'assumed figure',
    ...base.flatMap(({ policy }) => [`${policy}, -${formatShare(share, 2)}`, `+${formatShare(share, 2)}`]),
  ];
  const rows = [
    ['as it is', ...base.flatMap((side) => [cell(side), cell(side)])],
    ...told.map(({ figure, less, more }) => [figure, ...base.flatMap((_, at) => [cell(less?.[at]), cell(more?.[at])])]),
  ];
  const rest = figures.length - told.length;
  const turned = figures.flatMap(({ figure, turns }) =>
    turns.map(({ policy, at, verdict, isMoved }) => {
      const before = base.find((side) => side.policy === policy)!.verdict;
      return `  ${figure} ${at === 'less' ? '-' : '+'}${formatShare(share, 2)}: ${policy} is ${wordsOf(verdict)} instead of ${wordsOf(before)}${isMoved ? '' : ', though its difference is not shown to move: chance may have done it'}\n`;
    }),
  );
  const failed = figures.filter(({ less, more }) => less === null || more === null).map(({ figure }) => figure);
  return (
    `\ndifference to ${baseline} in percent with each assumed figure at minus and plus ${formatShare(share, 2)}, ${counted(seeds.length, 'seed')}\n\n${table(columns, rows)}\n` +
    (rest > 0 ? `\n${counted(rest, 'other figure')} move${rest === 1 ? 's' : ''} it by less than ${formatShare(LEAST_SWING, 1)}\n` : '') +
    (failed.length > 0 ? `\nruns that did not end well: ${failed.join(', ')}\n` : '') +
    (turned.length > 0
      ? `\nverdicts that hang on a figure:\n${turned.join('')}`
      : `\nno verdict turns with any of ${counted(figures.length, 'figure')}\n`)
  );
}

function cell(side: Side | undefined): string {
  if (!side) return 'failed';
  return side.difference === null ? '-' : formatNumber(100 * side.difference, 3);
}

function wordsOf(verdict: Side['verdict']): string {
  return verdict === 'no difference shown' ? 'not shown to differ' : `shown ${verdict}`;
}
