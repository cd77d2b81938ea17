import { parseQuantity } from '../quantities.ts';
import type { RunResult } from '../run-result.ts';

/** A run of a sweep that ended well: the words that were varied, as text, and what came of it. */
export interface Row {
  readonly words: Readonly<Record<string, string>>;
  readonly result: RunResult;
}

/** What runs are judged by, and how much of it one has. */
export interface Metric {
  readonly name: string;
  readonly unit: string;
  readonly isHigherBetter: boolean;
  readonly value: number;
}

/** Work that has an end is judged by the time it takes, all else by what it gets done. */
export function metricOf({ setting, total }: RunResult): Metric {
  if (setting.durationNs === null) return { name: 'elapsed', unit: 's', isHigherBetter: false, value: total.elapsedNs / 1e9 };
  return { name: 'throughput', unit: total.throughput.unit, isHigherBetter: true, value: total.throughput.value ?? 0 };
}

/** What words hold that can be put in order. */
export type Kind = 'number' | 'time' | 'bytes';

export function quantityOf(text: string): { readonly kind: Kind; readonly value: number } | null {
  const plain = Number(text);
  if (text !== '' && Number.isFinite(plain)) return { kind: 'number', value: plain };
  const time = parseQuantity('time', text);
  if (time !== undefined && time !== null) return { kind: 'time', value: time };
  const bytes = parseQuantity('bytes', text);
  return bytes === undefined || bytes === null ? null : { kind: 'bytes', value: bytes };
}

/** The varied words that hold several values, all of them quantities; policy and seed are others' business. */
export function numericWords(varied: readonly string[], rows: readonly Row[]): { word: string; values: string[] }[] {
  return varied
    .filter((word) => word !== 'policy' && word !== 'seed')
    .map((word) => ({ word, values: [...new Set(rows.map(({ words }) => words[word] ?? ''))] }))
    .filter(({ values }) => values.length > 1 && values.every((value) => quantityOf(value) !== null));
}
