import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { show } from '../input-error.ts';
import type { RunResult } from '../run-result.ts';
import { DamagedResult } from './result-file.ts';
import type { SweepFolder } from './sweep-folder.ts';

/** What is there of a sweep, by its results alone. */
export interface SweepStatus {
  readonly runs: number;
  readonly done: number;
  readonly missing: number;
  readonly damaged: number;
  /** The first of these, by index. */
  readonly firstMissing: readonly number[];
  readonly firstDamaged: readonly number[];
  /** Sound or not: results of other plans, code or policies, which no run of the manifest has. */
  readonly other: number;
  /** Results that gave other bytes than those before them: something is not deterministic. */
  readonly different: number;
  /** How many of those done ended how; `ok` first. */
  readonly endings: Readonly<Record<string, number>>;
  /** By word that varies and value, for words of few values: how many runs, how many done, how many of these not ok. */
  readonly words: Readonly<Record<string, Readonly<Record<string, WordCount>>>>;
}

export interface WordCount {
  readonly runs: number;
  readonly done: number;
  readonly notOk: number;
}

/** What a result ended as: its status, and for a policy that failed what it did, `policy-error: throw`. */
export function endingOf({ status, exit }: Pick<RunResult, 'status' | 'exit'>): string {
  return exit ? `${status}: ${exit.kind}` : status;
}

export type Found = { readonly state: 'done'; readonly ending: string } | { readonly state: 'missing' | 'damaged' };

/** [index] what is there of each run; every result is read and its hash checked. */
export function surveyOf(folder: SweepFolder): Found[] {
  return folder.manifest.runs.map((_, index): Found => {
    try {
      const result = folder.result(index);
      return result ? { state: 'done', ending: endingOf(result) } : { state: 'missing' };
    } catch (error) {
      if (error instanceof DamagedResult) return { state: 'damaged' };
      throw error;
    }
  });
}

export function missingOf(survey: readonly Found[]): number[] {
  return survey.flatMap(({ state }, index) => (state === 'done' ? [] : [index]));
}

const MOST_VALUES = 24;
/** Of a million runs that are missing, the names of all help nobody. */
const MOST_NAMED = 20;

export function statusOf(folder: SweepFolder, survey: readonly Found[] = surveyOf(folder)): SweepStatus {
  const count = (state: Found['state']): number => survey.filter((found) => found.state === state).length;
  const first = (state: Found['state']): number[] =>
    survey.flatMap((found, index) => (found.state === state ? [index] : [])).slice(0, MOST_NAMED);
  const endings: Record<string, number> = {};
  for (const found of survey) if (found.state === 'done') endings[found.ending] = (endings[found.ending] ?? 0) + 1;
  return {
    runs: survey.length,
    done: count('done'),
    missing: count('missing'),
    damaged: count('damaged'),
    firstMissing: first('missing'),
    firstDamaged: first('damaged'),
    ...others(folder),
    endings: Object.fromEntries(Object.entries(endings).sort(([a], [b]) => Number(b === 'ok') - Number(a === 'ok') || (a < b ? -1 : 1))),
    words: Object.fromEntries(folder.manifest.varied.flatMap((word) => wordCounts(folder, survey, word))),
  };
}

function others(folder: SweepFolder): Pick<SweepStatus, 'other' | 'different'> {
  const path = join(folder.path, 'runs');
  const names = existsSync(path) ? readdirSync(path) : [];
  const ids = new Set(folder.manifest.runs.map(({ id }) => id));
  return {
    other: names.filter((name) => /^[0-9a-f]{64}\.json$/.test(name) && !ids.has(name.slice(0, 64))).length,
    different: names.filter((name) => name.endsWith('.different') && ids.has(name.slice(0, 64))).length,
  };
}

function wordCounts({ manifest }: SweepFolder, survey: readonly Found[], word: string): [string, Record<string, WordCount>][] {
  const counts = new Map<string, { runs: number; done: number; notOk: number }>();
  for (const [index, { words }] of manifest.runs.entries()) {
    const value = words[word] === undefined ? 'left out' : show(words[word]);
    const of = counts.get(value) ?? { runs: 0, done: 0, notOk: 0 };
    const found = survey[index]!;
    of.runs++;
    if (found.state === 'done') of.done++;
    if (found.state === 'done' && found.ending !== 'ok') of.notOk++;
    counts.set(value, of);
    if (counts.size > MOST_VALUES) return [];
  }
  return [[word, Object.fromEntries(counts)]];
}
