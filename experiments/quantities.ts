import type { OptionKind } from '../sim/options.ts';

export type QuantityKind = Exclude<OptionKind, 'choice' | 'list'>;

/** Base units are bytes, ns and MB/s. Sizes are powers of 1024 only: what GB means is a matter of taste. */
const UNITS: Readonly<Record<QuantityKind, ReadonlyMap<string, number>>> = {
  count: new Map([['', 1]]),
  share: new Map([['', 1]]),
  bytes: new Map([['TiB', 1024 ** 4], ['GiB', 1024 ** 3], ['MiB', 1024 ** 2], ['KiB', 1024], ['B', 1]]), // prettier-ignore
  time: new Map([['min', 60_000_000_000], ['s', 1_000_000_000], ['ms', 1_000_000], ['us', 1_000], ['ns', 1]]), // prettier-ignore
  rate: new Map([['GB/s', 1_000], ['MB/s', 1]]), // prettier-ignore
};

const NAMES = { count: 'a whole number', bytes: 'a size', time: 'a time', share: 'a number', rate: 'a rate' };
const EXAMPLES = { count: '', bytes: ' such as 1GiB', time: ' such as 20ms', share: '', rate: ' such as 200MB/s' };

/**
 * Reads a number and its unit, such as `20ms`, `1.5GiB`, `200MB/s`, into the base unit; only 0 may lack the unit. Null if it is not one,
 * if it is not exact where only whole units exist (counts, bytes, ns), or if it has leading zeros, which some read as octal.
 */
export function parseQuantity(kind: QuantityKind, text: string): number | null {
  const match = /^(0|[1-9]\d{0,15})(?:\.(\d{1,12}))? ?([A-Za-z/]*)$/.exec(text.trim());
  if (!match) return null;
  const [, whole = '', fraction = '', unit = ''] = match;
  const written = Number(`${whole}.${fraction || '0'}`);
  const factor = UNITS[kind].get(unit) ?? (written === 0 && unit === '' ? 1 : undefined);
  if (factor === undefined) return null;
  if (kind === 'share' || kind === 'rate') return written * factor;
  const scale = 10n ** BigInt(fraction.length);
  const scaled = BigInt(whole + fraction) * BigInt(factor);
  const value = Number(scaled / scale);
  return scaled % scale === 0n && Number.isSafeInteger(value) ? value : null;
}

/** The value in the largest unit that divides it: `20ms`, `1GiB`, `0.5`. `parseQuantity` reads it back. */
export function formatQuantity(kind: QuantityKind, value: number): string {
  if (value === 0) return '0';
  for (const [unit, factor] of UNITS[kind]) {
    if (value % factor === 0 || factor === 1) return `${value / factor}${unit}`;
  }
  return String(value);
}

/** What was wanted, in words: `a size of at least 64MiB such as 1GiB`. */
export function wantQuantity(kind: QuantityKind, min: number, max: number): string {
  const low = formatQuantity(kind, min);
  const bounds = max < Infinity ? ` from ${low} to ${formatQuantity(kind, max)}` : min > 0 ? ` of at least ${low}` : '';
  return `${NAMES[kind]}${bounds}${EXAMPLES[kind]}`;
}
