import { InputError, show } from '../input-error.ts';
import type { GuestResult, RunResult } from '../run-result.ts';
import type { Tree } from '../yaml-tree.ts';
import type { Manifest } from './manifest.ts';

export type Cell = string | number | null;
export type ColumnType = 'text' | 'integer' | 'number';

/** A column of a sweep's results that is the same for all metrics of a guest. */
export interface Column {
  readonly name: string;
  readonly type: ColumnType;
  readonly isNullable: boolean;
  readonly meaning: string;
  /** @param guest null for the whole run */
  of(index: number, run: RunResult, guest: GuestResult | null): Cell;
}

/** Digits of an id that tables show: enough to tell 10,000 runs apart, and to find the file. */
const ID_DIGITS = 12;

/** What stands before metric, unit and value. Types are those of all runs planned, so that a missing result changes none. */
export function columnsOf(manifest: Manifest): Column[] {
  const { runs, varied, words } = manifest;
  const taken = new Set(['run', 'id', 'status', 'seed', 'guest', 'guestWorkload', 'metric', 'unit', 'value']);
  const own = varied
    .filter((name) => name !== 'seed')
    .map((name): Column => {
      if (taken.has(name)) throw new InputError(`varied word ${show(name)}: a column of its own has that name`);
      const cells = runs.map((run) => wordText(run.words[name]));
      const type = typeOf(cells);
      const values = type === 'text' ? cells : cells.map((text) => (text === null ? null : Number(text)));
      return { name, type, isNullable: true, meaning: 'a word that the plan varies, as written', of: (index) => values[index]! };
    });
  const seedType = typeOf(runs.map((run) => wordText(run.words.seed ?? words.seed ?? '1')));
  const fixed = (name: 'machine' | 'policy' | 'workload', meaning: string): Column[] =>
    varied.includes(name) ? [] : [{ name, type: 'text', isNullable: false, meaning, of: (_, run) => run[name] }];
  return [
    { name: 'run', type: 'integer', isNullable: false, meaning: 'index in the manifest, from 0', of: (index) => index },
    {
      name: 'id',
      type: 'text',
      isNullable: false,
      meaning: `first ${ID_DIGITS} digits of its id, with which its file in runs/ begins`,
      of: (index) => runs[index]!.id.slice(0, ID_DIGITS),
    },
    { name: 'status', type: 'text', isNullable: false, meaning: 'ok, or what ended the run early', of: (_, run) => run.status },
    {
      name: 'seed',
      type: seedType,
      isNullable: false,
      meaning: 'that all chance is drawn from',
      of: (_, { seed }) => (seedType === 'text' ? seed : Number(seed)),
    },
    ...own,
    ...fixed('machine', 'that it ran on'),
    ...fixed('policy', 'with its options'),
    ...fixed('workload', 'of all guests, joined by +'),
    { name: 'guest', type: 'text', isNullable: true, meaning: 'nothing for the whole run', of: (_, _run, guest) => guest?.name ?? null },
    {
      name: 'guestWorkload',
      type: 'text',
      isNullable: true,
      meaning: 'what this guest runs; nothing for the whole run',
      of: (_, _run, guest) => guest?.workload ?? null,
    },
  ];
}

/** A mapping or list is one text, as JSON has it. */
function wordText(word: Tree | undefined): string | null {
  if (word === undefined) return null;
  return typeof word === 'string' ? word : JSON.stringify(word);
}

/** Numbers where every text is a plain one that a double holds as it is written: `007` and a seed past 2^53 stay texts. */
function typeOf(texts: readonly (string | null)[]): ColumnType {
  const written = texts.filter((text) => text !== null);
  const isPlain = (text: string): boolean =>
    /^-?(0|[1-9]\d*)(\.\d+)?(e[+-]?\d+)?$/i.test(text) && Math.abs(Number(text)) <= Number.MAX_SAFE_INTEGER;
  if (written.length === 0 || !written.every(isPlain)) return 'text';
  return written.every((text) => Number.isInteger(Number(text)) && Math.abs(Number(text)) < 2 ** 31) ? 'integer' : 'number';
}
