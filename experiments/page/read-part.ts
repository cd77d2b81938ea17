import type { z } from 'zod';
import { InputError, show } from '../input-error.ts';
import { comparisonSchema, deckSchema, type PageComparison, type PageDeck, type PageRun, runSchema } from './schemas.ts';

/** A file as it was given. */
export interface PageSource {
  readonly name: string;
  readonly text: string;
}

export type Part =
  | { readonly kind: 'deck'; readonly deck: PageDeck }
  | { readonly kind: 'comparisons'; readonly comparisons: readonly PageComparison[] }
  | { readonly kind: 'run'; readonly run: PageRun };

const KINDS = 'the JSON of `numalab deck`, `experiment run`, `compare` or `run`, or the folder of a sweep';
const MOST_NODES = 1024;

/**
 * What a file holds, checked as far as a page needs it.
 * @throws InputError with path, value and what was wanted
 */
export function readPart({ name, text }: PageSource): Part {
  const value = parsed(name, text);
  const [first] = Array.isArray(value) ? (value as unknown[]) : [value];
  const record = (typeof first === 'object' && first !== null ? first : {}) as Record<string, unknown>;
  if ('charts' in record && !Array.isArray(value)) return { kind: 'deck', deck: deckOf(name, value) };
  if ('policies' in record && 'metric' in record) {
    const list = Array.isArray(value) ? (value as unknown[]) : [value];
    return { kind: 'comparisons', comparisons: list.map((one, i) => comparisonOf(name, one, Array.isArray(value) ? `[${i}]` : '')) };
  }
  const run = 'result' in record && 'sha256' in record ? record.result : value; // of a sweep's folder
  if (typeof run === 'object' && run !== null && 'linesByPair' in run) return { kind: 'run', run: runOf(name, run, '') };
  throw new InputError(`${show(name)}: holds ${show(value)} of another kind, want ${KINDS}`);
}

function parsed(name: string, text: string): unknown {
  if (text.trim() === '') throw new InputError(`${show(name)}: is empty, want ${KINDS}`);
  try {
    return JSON.parse(text.replace(/^\uFEFF/, '')) as unknown;
  } catch (error) {
    throw new InputError(`${show(name)}: is no JSON (${show((error as Error).message)}), want ${KINDS}`);
  }
}

function deckOf(name: string, value: unknown): PageDeck {
  const deck = checked(deckSchema, name, value, '');
  deck.examples?.forEach((run, i) => checkRun(run, name, `examples[${i}].`));
  return deck;
}

function comparisonOf(name: string, value: unknown, at: string): PageComparison {
  const comparison = checked(comparisonSchema, name, value, at);
  comparison.examples?.forEach((run, i) => checkRun(run, name, `${at}.examples[${i}].`.replace(/^\./, '')));
  return comparison;
}

function runOf(name: string, value: unknown, at: string): PageRun {
  const run = checked(runSchema, name, value, at);
  checkRun(run, name, at);
  return run;
}

/** Lists that must be as long as the machine has nodes. */
function checkRun(run: PageRun, name: string, at: string): void {
  const nodes = Math.sqrt(run.linesByPair.length);
  if (!Number.isInteger(nodes) || nodes < 1 || nodes > MOST_NODES) {
    throw new InputError(`${show(name)}: ${at}linesByPair = a list of ${run.linesByPair.length}, want a square of the number of nodes`);
  }
  const want = (path: string, list: readonly unknown[], length: number): void => {
    if (list.length !== length) throw new InputError(`${show(name)}: ${at}${path} = a list of ${list.length}, want ${length}`);
  };
  run.guests.forEach(({ blocksByNode }, i) => want(`guests[${i}].blocksByNode`, blocksByNode, nodes));
  const { timeline } = run;
  if (!timeline) return;
  const points = timeline.timesNs.length;
  want('timeline.guests', timeline.guests, run.guests.length);
  want('timeline.resourceBytes', timeline.resourceBytes, points);
  const resources = Object.keys(run.bytesByResource).length;
  timeline.resourceBytes.forEach((row, t) => want(`timeline.resourceBytes[${t}]`, row, resources));
  timeline.guests.forEach((guest, g) => {
    for (const key of ['nodeRunNs', 'nodeBlocks'] as const) {
      want(`timeline.guests[${g}].${key}`, guest[key], points);
      guest[key].forEach((row, t) => want(`timeline.guests[${g}].${key}[${t}]`, row, nodes));
    }
  });
}

function checked<Schema extends z.ZodType>(schema: Schema, name: string, value: unknown, at: string): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const { path, message } = result.error.issues[0]!;
  const found = path.reduce<unknown>((inner, key) => (inner as Record<PropertyKey, unknown> | undefined)?.[key], value);
  const where = at + path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('');
  throw new InputError(`${show(name)}: ${show(where.replace(/^\./, ''))} = ${show(found)}, ${wanted(message)}`);
}

/** zod says "Invalid input: expected number, received string". */
function wanted(message: string): string {
  const [, expected] = /expected (.*?)(?:, received.*)?$/.exec(message) ?? [];
  return `want ${show(expected ?? message)}`;
}
