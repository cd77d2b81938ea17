import { InputError, show } from '../input-error.ts';

/** Where a simulated value must lie to be accepted, both ends included. */
export interface Band {
  readonly low: number;
  readonly high: number;
}

const NUMBER = '(\\d+(?:\\.\\d+)?)';
const RULES: readonly (readonly [RegExp, (published: number, a: number, b: number) => Partial<Band>])[] = [
  [new RegExp(`^±\\s*${NUMBER}\\s*%$`), (value, percent) => around(value, (Math.abs(value) * percent) / 100)],
  [new RegExp(`^±\\s*${NUMBER}$`), (value, width) => around(value, width)],
  [new RegExp(`^<\\s*${NUMBER}\\s*%$`), (_, percent) => ({ low: 1, high: 1 + percent / 100 })], // of a ratio: no further from 1
  [new RegExp(`^>\\s*${NUMBER}$`), (_, low) => ({ low })],
  [new RegExp(`^<\\s*${NUMBER}$`), (_, high) => ({ high })],
  [new RegExp(`^${NUMBER}\\s*-\\s*${NUMBER}$`), (_, low, high) => ({ low, high })],
];
/** Words that say nothing which the figures do not. */
const NOISE = /\b(within|each|spread|abs\.?)(?=\s|$)|\bof \d+\b/g;

/**
 * The bands that a text of acceptance gives the published values, one each: `±5 %`, `±0.08 abs.`, `> 2`, `1.0-1.15`, joined by
 * `and`; parts between semicolons are for one value each, a single part is for all.
 * @throws InputError for a text that is not understood, or with another number of parts than values
 */
export function parseBands(accept: string, published: readonly number[]): Band[] {
  const parts = accept.split(';');
  if (parts.length !== 1 && parts.length !== published.length) {
    throw new InputError(`accept = ${show(accept)}: ${parts.length} parts for ${published.length} values, want one part, or one a value`);
  }
  return published.map((value, i) => {
    const conditions = (parts[i] ?? parts[0]!).split(/\band\b/).map((condition) => parseCondition(condition, value, accept));
    const low = Math.max(...conditions.map((condition) => condition.low ?? -Infinity));
    const high = Math.min(...conditions.map((condition) => condition.high ?? Infinity));
    if (low > high) throw new InputError(`accept = ${show(accept)}: nothing is from ${low} to ${high}, want the smaller number first`);
    return { low, high };
  });
}

export function isInside({ low, high }: Band, value: number): boolean {
  return value >= low && value <= high;
}

function parseCondition(text: string, published: number, accept: string): Partial<Band> {
  const bare = text.replace(NOISE, '').trim();
  for (const [pattern, band] of RULES) {
    const match = pattern.exec(bare);
    if (match) return band(published, Number(match[1]), Number(match[2]));
  }
  throw new InputError(`accept = ${show(accept)}: want bands such as ±5 %, ±0.08 abs., > 2, 1.0-1.15, joined by "and"`);
}

function around(value: number, width: number): Band {
  return { low: value - width, high: value + width };
}
