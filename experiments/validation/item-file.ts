import { z } from 'zod';
import { InputError, show } from '../input-error.ts';
import { readerBeside } from '../scenario-file.ts';
import { type Tree, readYaml } from '../yaml-tree.ts';
import { parseBands } from './band.ts';
import { parseExpression } from './expression.ts';
import { publishedOf, type ValidationItem } from './item.ts';

const words = z.record(z.string(), z.unknown());
const oneOrMore = <Part extends z.ZodType>(part: Part): z.ZodUnion<[Part, z.ZodArray<Part>]> => z.union([part, z.array(part).min(1)]);
const text = z.string('want text');
const number = z
  .string('want a number')
  .regex(/^-?\d+(\.\d+)?(e-?\d+)?$/, 'want a number')
  .transform(Number)
  .refine((value) => Number.isFinite(value) && value !== 0, 'want a finite number other than 0, as errors are relative');
const flag = z.enum(['true', 'false']).transform((written) => written === 'true');
const whole = z
  .string()
  .regex(/^\d{1,4}$/, 'want a whole number')
  .transform(Number);

const item = z.strictObject({
  id: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$/, 'want 1 to 32 letters, digits, dots, hyphens'),
  machine: text,
  workload: text,
  metric: text,
  value: oneOrMore(number),
  labels: z.array(z.string()).optional(),
  accept: text,
  class: z.enum(['A', 'B', 'C']),
  source: text,
  note: z.string().optional(),
  raw: z.unknown().optional(),
  fitted: z.string().optional(),
  fittedValues: z.array(whole).optional(),
  readBack: flag.optional(),
  derived: flag.optional(),
  miss: z.string().optional(),
  skipped: z.string().optional(),
  scenario: z
    .strictObject({
      seeds: whole.optional(),
      words: words.optional(),
      runs: z.record(z.string().regex(/^[A-Za-z][A-Za-z0-9_]*$/, 'want names of letters and digits'), oneOrMore(words)),
      values: oneOrMore(z.string()),
      beside: z.record(z.string(), z.strictObject({ replace: z.string().min(1), with: z.string() })).optional(),
    })
    .optional(),
});

/**
 * Reads items of validation from YAML or JSON: a mapping with `items`, each with the published figures and how to simulate them.
 * @throws InputError of one line with its place in the file
 */
export function readItems(fileName: string, text: string): ValidationItem[] {
  const file = readYaml(fileName, text);
  const written = (file.value as { items?: Tree }).items;
  if (!Array.isArray(written) || written.length === 0) throw new InputError(`${file.locate([])}: items: missing, want a list of items`);
  const seen = new Set<string>();
  return written.map((tree, at) => {
    const result = item.safeParse(tree);
    if (!result.success) {
      const issue = result.error.issues[0]!;
      const path = ['items', at, ...(issue.path as (string | number)[])];
      const key = issue.code === 'unrecognized_keys' ? `, unknown: ${issue.keys.map(show).join(', ')}` : '';
      throw new InputError(`${file.locate(path)}: ${path.join('.')}: ${issue.message}${key}`);
    }
    const one: ValidationItem = { ...(result.data as ValidationItem), read: readerBeside(fileName) };
    try {
      checkItem(one);
      if (seen.has(one.id)) throw new InputError('id: given twice, want it once');
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      throw new InputError(`${file.locate(['items', at])}: ${show(one.id)}: ${error.message}`);
    }
    seen.add(one.id);
    return one;
  });
}

/** What must hold of every item, built in or read. @throws InputError */
export function checkItem(one: ValidationItem): void {
  const published = publishedOf(one);
  parseBands(one.accept, published);
  if ((one.scenario === undefined) === (one.skipped === undefined)) throw new InputError('want either a scenario or, in skipped, why not');
  if (one.labels && one.labels.length !== published.length) {
    throw new InputError(`labels: ${one.labels.length} for ${published.length} values, want one each`);
  }
  for (const place of one.fittedValues ?? []) {
    if (place >= published.length) throw new InputError(`fittedValues: ${place}, want places below ${published.length}`);
  }
  if (!one.scenario) return;
  const { runs, values, seeds = 5 } = one.scenario;
  if (seeds < 1 || seeds > 1000) throw new InputError(`scenario.seeds = ${seeds}, want 1 to 1000`);
  const expressions = typeof values === 'string' ? [values] : values;
  if (expressions.length !== published.length) {
    throw new InputError(`scenario.values: ${expressions.length} for ${published.length} published, want one each`);
  }
  for (const [name, { replace }] of Object.entries(one.scenario.beside ?? {})) {
    if (!JSON.stringify([one.scenario.words, runs]).includes(replace)) {
      throw new InputError(`scenario.beside: ${show(name)} replaces ${show(replace)}, want a text that stands in the words of a run`);
    }
  }
  for (const expression of expressions) {
    for (const [run] of parseExpression(expression).figures) {
      if (!Object.hasOwn(runs, run)) throw new InputError(`scenario.values: ${show(run)}, want one of ${Object.keys(runs).join(', ')}`);
    }
  }
}
