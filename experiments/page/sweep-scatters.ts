import type { PageChart, PagePoint } from './schemas.ts';
import { pointOf } from './sweep-point.ts';
import { type Kind, metricOf, quantityOf, type Row } from './sweep-rows.ts';

/** Runs of one unit, each against every varied word that is a quantity. */
export interface PageScatters {
  readonly name: string;
  readonly unit: string;
  readonly yLabel: string;
  readonly isHigherBetter: boolean;
  readonly words: readonly { readonly word: string; readonly kind: Kind }[];
  readonly runs: readonly ScatteredRun[];
  /** All runs of a policy as one, for where their time went. */
  readonly byPolicy: readonly PagePoint[];
}

export interface ScatteredRun {
  readonly policy: string;
  /** One for each of `words`. */
  readonly at: readonly number[];
  readonly value: number;
  /** All of its varied words. */
  readonly label: string;
}

export function scattersOf(
  varied: readonly string[],
  rows: readonly Row[],
  { name, unit, yLabel, isHigherBetter }: PageChart,
  numeric: readonly { readonly word: string; readonly values: readonly string[] }[],
): PageScatters {
  const inOrder = varied.flatMap((word) => numeric.filter((one) => one.word === word));
  const hasOptions = varied.some((word) => word.startsWith('policy.'));
  const policyOf = ({ words, result }: Row): string => words.policy ?? (hasOptions ? withoutOptions(result.policy) : result.policy);
  const policies = [...new Set(rows.map(policyOf))];
  return {
    name,
    unit,
    yLabel: yLabel ?? unit,
    isHigherBetter,
    words: inOrder.map(({ word, values }) => ({ word, kind: values.map((value) => quantityOf(value)!.kind).find((kind) => kind !== 'number') ?? 'number' })), // prettier-ignore
    runs: rows.map((row) => ({
      policy: policyOf(row),
      at: inOrder.map(({ word }) => quantityOf(row.words[word]!)!.value),
      value: metricOf(row.result).value,
      label: varied.map((word) => `${word} ${row.words[word] ?? '-'}`).join(', '),
    })),
    byPolicy: policies.map((policy) => pointOf(policy, 0, rows.filter((row) => policyOf(row) === policy))), // prettier-ignore
  };
}

/** Options that were drawn make no policy of their own: `apart:margin=0.05` is apart. A file is named by its path, which may hold a colon. */
function withoutOptions(policy: string): string {
  return policy.replace(/:[^:/\\]*=[^/\\]*$/, '');
}
