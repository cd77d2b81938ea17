/** Options of a workload or policy, as users write them: `kernbench:jobs=200,j=2`, `apart:margin=0.2`. */

export type OptionKind = 'count' | 'bytes' | 'time' | 'share' | 'rate' | 'choice';

export interface OptionSpec {
  readonly name: string;
  readonly summary: string;
  /** count: whole number; bytes: size such as 64KiB; time: such as 20ms; share: 0..1; rate: MB/s; choice: one of `choices`. */
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

export function defaultOptions(specs: readonly OptionSpec[]): OptionValues {
  return Object.fromEntries(specs.map((spec) => [spec.name, spec.default]));
}
