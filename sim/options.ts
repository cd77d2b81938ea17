/** Options of a workload or policy, as users write them: `kernbench:jobs=200,j=2`, `apart:margin=0.2`. */

export type OptionKind = 'count' | 'bytes' | 'time' | 'share' | 'rate' | 'choice' | 'list';

export interface OptionSpec {
  readonly name: string;
  readonly summary: string;
  /**
   * count: whole number; bytes: size such as 64KiB; time: such as 20ms; share: 0..1; rate: MB/s; choice: one of `choices`; list: whole
   * numbers and ranges of them such as 0-2+5 (a comma parts options), or one of `choices`.
   */
  readonly kind: OptionKind;
  readonly default: number | string;
  /** Smallest and largest legal value, in the kind's base unit (bytes, ns, MB/s). */
  readonly min?: number;
  readonly max?: number;
  readonly choices?: readonly string[];
}

/** Checked values by option name, in base units; every option of the spec is present. */
export type OptionValues = Readonly<Record<string, number | string>>;

export function numberOption(values: OptionValues, name: string): number {
  const value = values[name];
  if (typeof value !== 'number') throw new RangeError(`option ${name} = ${String(value)}, want a number`);
  return value;
}

export function choiceOption(values: OptionValues, name: string): string {
  const value = values[name];
  if (typeof value !== 'string') throw new RangeError(`option ${name} = ${String(value)}, want a choice`);
  return value;
}

/** The numbers of a list in the order written, or the word that was written in their place. */
export function listOption(values: OptionValues, name: string): readonly number[] | string {
  const value = values[name];
  if (typeof value !== 'string') throw new RangeError(`option ${name} = ${String(value)}, want a list`);
  return parseList(value) ?? value;
}

/** More than any machine has CPUs. */
const LONGEST_LIST = 65_536;

/** Reads `0-2+5` as 0, 1, 2, 5; null if it is no list. */
export function parseList(text: string): number[] | null {
  const numbers: number[] = [];
  for (const part of text.split('+')) {
    const match = /^(0|[1-9]\d{0,5})(?:-(0|[1-9]\d{0,5}))?$/.exec(part.trim());
    if (!match) return null;
    const first = Number(match[1]);
    const last = match[2] === undefined ? first : Number(match[2]);
    if (last < first || numbers.length + last - first >= LONGEST_LIST) return null;
    for (let number = first; number <= last; number++) numbers.push(number);
  }
  return numbers;
}

/** The shortest text that `parseList` reads back to the same. */
export function formatList(numbers: readonly number[]): string {
  const parts: string[] = [];
  for (let i = 0; i < numbers.length; i++) {
    const first = numbers[i]!;
    while (numbers[i + 1] === numbers[i]! + 1) i++;
    parts.push(numbers[i] === first ? String(first) : `${first}-${numbers[i]}`);
  }
  return parts.join('+');
}

export function defaultOptions(specs: readonly OptionSpec[]): OptionValues {
  return Object.fromEntries(specs.map((spec) => [spec.name, spec.default]));
}
