import type { OptionSpec, OptionValues } from '../sim/options.ts';
import { defaultOptions, formatList, parseList } from '../sim/options.ts';
import { InputError, show } from './input-error.ts';
import { didYouMean } from './nearest-name.ts';
import { formatQuantity, parseQuantity, wantQuantity } from './quantities.ts';

interface Named {
  readonly name: string;
  readonly options: readonly OptionSpec[];
}

/**
 * Reads `apart:margin=0.2,steal=2`: the entry of that name and its options, each checked, the rest at their defaults.
 * @throws InputError saying what was wanted instead
 */
export function parseNamed<Entry extends Named>(text: string, entries: readonly Entry[]): { entry: Entry; options: OptionValues } {
  const colon = text.indexOf(':');
  const name = (colon < 0 ? text : text.slice(0, colon)).trim();
  const entry = entries.find((candidate) => candidate.name === name);
  if (!entry) throw new InputError(wantOneOf(name, entries.map((candidate) => candidate.name))); // prettier-ignore
  const options: Record<string, number | string> = { ...defaultOptions(entry.options) };
  const given = new Set<string>();
  for (const part of colon < 0 ? [] : text.slice(colon + 1).split(',')) {
    const equals = part.indexOf('=');
    if (equals < 0) throw new InputError(`want options written name=value, such as ${exampleOf(entry)}`);
    const option = part.slice(0, equals).trim();
    const spec = entry.options.find((candidate) => candidate.name === option);
    if (!spec) throw new InputError(unknownOption(entry, option));
    if (given.has(option)) throw new InputError(`want option ${option} once`);
    given.add(option);
    options[option] = parseOption(spec, part.slice(equals + 1).trim());
  }
  return { entry, options };
}

/** The shortest text that `parseNamed` reads back to the same: options at their defaults are left out. */
export function formatNamed(entry: Named, values: OptionValues): string {
  const changed = entry.options.filter((spec) => values[spec.name] !== spec.default);
  return changed.length === 0 ? entry.name : `${entry.name}:${changed.map((spec) => formatOption(spec, values[spec.name]!)).join(',')}`;
}

export function wantOneOf(written: string, names: readonly string[]): string {
  return `want one of ${names.join(', ')}${didYouMean(written, names)}`;
}

/** What to say of a word that is no machine of the list and no file of one. */
export function wantMachine(word: string, names: readonly string[]): string {
  const isOfAnotherTool = /\.(?:xml|txt|tar|t?gz|bz2)$/i.test(word);
  const advice = isOfAnotherTool ? " (numalab machine import makes one of another tool's file)" : '';
  return `want one of ${names.join(', ')}, or a file such as ./host.yaml${advice}${didYouMean(word, names)}`;
}

function parseOption(spec: OptionSpec, text: string): number | string {
  if (spec.kind === 'choice') {
    const choices = spec.choices ?? [];
    if (!choices.includes(text)) throw new InputError(`want for ${spec.name} ${wantOneOf(text, choices).slice('want '.length)}`);
    return text;
  }
  if (spec.kind === 'list') return parseListOption(spec, text);
  const { min = 0, max = Infinity } = spec;
  const value = parseQuantity(spec.kind, text);
  if (value === null || value < min || value > max) throw new InputError(`want for ${spec.name} ${wantQuantity(spec.kind, min, max)}`);
  return value;
}

/** A list in its shortest writing, so that equal lists have equal texts. */
function parseListOption({ name, choices = [], min = 0, max = Infinity }: OptionSpec, text: string): string {
  if (choices.includes(text)) return text;
  const numbers = parseList(text);
  if (numbers?.every((number) => number >= min && number <= max)) return formatList(numbers);
  const bounds = max < Infinity ? ` from ${min} to ${max}` : min > 0 ? ` from ${min} on` : '';
  const words = choices.length > 0 ? `, or ${choices.join(' or ')}` : '';
  throw new InputError(`want for ${name} whole numbers${bounds} and ranges of them such as 0-2+5${words}`);
}

function formatOption(spec: OptionSpec, value: number | string): string {
  return `${spec.name}=${spec.kind === 'choice' || spec.kind === 'list' ? value : formatQuantity(spec.kind, value as number)}`;
}

function unknownOption(entry: Named, option: string): string {
  const names = entry.options.map((spec) => spec.name);
  if (names.length === 0) return `want ${entry.name} alone, it has no options`;
  return `want options of ${entry.name} (${names.join(', ')}), not ${show(option)}${didYouMean(option, names)}`;
}

function exampleOf(entry: Named): string {
  const [first] = entry.options;
  return first ? `${entry.name}:${formatOption(first, first.default)}` : `${entry.name} alone: it has no options`;
}
