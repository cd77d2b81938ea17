import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { comparisonsOf, wellEnded } from '../compare/study.ts';
import { sweepCases } from '../compare/sweep-cases.ts';
import { InputError } from '../input-error.ts';
import { DamagedResult } from '../sweep/result-file.ts';
import { SweepFolder } from '../sweep/sweep-folder.ts';
import type { PageChart, PageComparison } from './schemas.ts';
import { sweepCharts } from './sweep-charts.ts';
import type { Row } from './sweep-rows.ts';
import type { PageScatters } from './sweep-scatters.ts';

/** A sweep as a page shows it: its main figure over the words that were varied. */
export interface SweepPart {
  readonly name: string;
  /** The manifest, by which the page says what it was made of. */
  readonly text: string;
  readonly version: string;
  readonly code: string;
  readonly plan: string;
  readonly machine: string;
  /** Runs whose result is there and as it was written, ended well or not. */
  readonly done: number;
  readonly damaged: number;
  readonly total: number;
  readonly failed: readonly string[];
  readonly charts: readonly PageChart[];
  /** In place of charts whose lines nobody could follow. */
  readonly scatters: readonly PageScatters[];
  /** Of its policies, a case for each combination of the other words; none unless it is finished and varies policy and seed. */
  readonly comparisons: readonly PageComparison[];
}

/** Reads the folder of a sweep: the results that are there. */
export function readSweep(path: string): SweepPart {
  const folder = SweepFolder.open(path);
  const { manifest } = folder;
  const rows: Row[] = [];
  const failed: string[] = [];
  const damaged: string[] = [];
  manifest.runs.forEach((run, i) => {
    try {
      const result = folder.result(i);
      const words = Object.fromEntries(Object.entries(run.words).map(([name, value]) => [name, textOf(value)]));
      if (!result) return;
      if (result.status === 'ok') rows.push({ words, result });
      else failed.push(`run ${i} (${wordsText(words)}): ${result.status}${result.message === null ? '' : `, ${result.message}`}`);
    } catch (error) {
      if (!(error instanceof DamagedResult)) throw error;
      damaged.push(`run ${i}: its result is damaged`);
    }
  });
  return {
    name: path,
    text: readFileSync(join(path, 'manifest.json'), 'utf8'),
    version: manifest.version,
    code: manifest.code,
    plan: manifest.plan.name,
    machine: rows[0]?.result.machine ?? '',
    done: rows.length + failed.length,
    damaged: damaged.length,
    total: manifest.runs.length,
    failed: [...failed, ...damaged],
    ...sweepCharts(manifest.plan.name, manifest.varied, rows),
    comparisons: comparisonsIn(folder),
  };
}

function comparisonsIn(folder: SweepFolder): PageComparison[] {
  let cases: ReturnType<typeof sweepCases>;
  try {
    cases = sweepCases(folder, 'mser');
  } catch (error) {
    if (error instanceof InputError) return []; // no policies to compare, or not all of their runs
    throw error;
  }
  const { version, code } = folder.manifest;
  return cases.flatMap(({ label, runs, first: { machine, workload } }) => {
    const { well, failures, canCompare } = wellEnded(runs);
    if (!canCompare) return [];
    const [first, ...others] = comparisonsOf(well, 'mser');
    const over = label === '' ? {} : { over: label };
    const whole = { ...first, ...over, schemaVersion: 1, version, code, machine, workload, others, failures };
    return [JSON.parse(JSON.stringify(whole)) as PageComparison]; // as a file has it: ends that are infinite are null
  });
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function wordsText(words: Readonly<Record<string, string>>): string {
  return Object.entries(words)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
}
