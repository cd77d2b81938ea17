import { MiB } from '../sim/units.ts';
import { didYouMean } from './nearest-name.ts';
import { formatQuantity, parseQuantity, type QuantityKind, wantQuantity } from './quantities.ts';

/** Options of a workload from a file, `PREFIX:FILE,name=value,...`: texts by name. */
export type FileOptions = ReadonlyMap<string, string>;

/**
 * Parts what stands after the prefix into the file and its options. The first `,name=` ends the file's name.
 * @throws RangeError for an option that there is none of, or twice
 */
export function splitFileOptions(text: string, names: readonly string[]): { file: string; options: FileOptions } {
  const first = names.length === 0 ? -1 : text.search(/,[a-z][a-z-]*=/);
  const options = new Map<string, string>();
  if (first < 0) return { file: text, options };
  for (const part of text.slice(first + 1).split(',')) {
    const equals = part.indexOf('=');
    const name = equals < 0 ? part : part.slice(0, equals);
    if (equals < 0 || !names.includes(name)) {
      throw new RangeError(
        `option ${JSON.stringify(name)}, want ${names.map((known) => `${known}=`).join(', ')}${didYouMean(name, names)}`,
      );
    }
    if (options.has(name)) throw new RangeError(`option ${name} twice, want it once`);
    options.set(name, part.slice(equals + 1));
  }
  return { file: text.slice(0, first), options };
}

/** @throws RangeError saying what was wanted */
export function quantityOf(options: FileOptions, name: string, kind: QuantityKind, min: number, max: number): number | undefined {
  const text = options.get(name);
  if (text === undefined) return undefined;
  const value = parseQuantity(kind, text);
  if (value === null || value < min || value > max)
    throw new RangeError(`${name} = ${JSON.stringify(text)}, want ${wantQuantity(kind, min, max)}`);
  return value;
}

/** `1+2+7`. @throws RangeError */
export function numbersOf(options: FileOptions, name: string): number[] | undefined {
  return textsOf(options, name)?.map((part) => {
    if (!/^\d{1,10}$/.test(part))
      throw new RangeError(`${name} = ${JSON.stringify(options.get(name))}, want whole numbers such as 28434+28435`);
    return Number(part);
  });
}

/** Texts with a + between them. */
export function textsOf(options: FileOptions, name: string): string[] | undefined {
  return options.get(name)?.split('+');
}

/** @throws RangeError */
export function choiceOf<Choice extends string>(options: FileOptions, name: string, choices: readonly Choice[]): Choice | undefined {
  const text = options.get(name);
  if (text === undefined || choices.includes(text as Choice)) return text as Choice | undefined;
  throw new RangeError(`${name} = ${JSON.stringify(text)}, want ${choices.join(' or ')}`);
}

const LEAST_BLOCKS = 16;

/** Memory of a guest, as words have it: at least so much, in whole blocks as the user's words say and whole huge pages. */
export function memoryWord(bytes: number, { block }: Readonly<Record<string, unknown>>): string {
  const asked = typeof block === 'string' ? (parseQuantity('bytes', block) ?? 0) : 0; // what is no size is refused later
  const unit = Math.max(MiB(2), asked);
  return formatQuantity('bytes', Math.max(LEAST_BLOCKS * asked, Math.ceil(Math.max(LEAST_BYTES, bytes) / unit) * unit));
}

const LEAST_BYTES = MiB(64);
