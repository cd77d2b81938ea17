import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseQuantity } from '../quantities.ts';
import type { RunResult } from '../run-result.ts';
import { comparisonsOf, wellEnded } from '../compare/study.ts';
import { sweepCases } from '../compare/sweep-cases.ts';
import { InputError } from '../input-error.ts';
import { meanInterval } from '../statistics/interval.ts';
import { DamagedResult } from '../sweep/result-file.ts';
import { SweepFolder } from '../sweep/sweep-folder.ts';
import type { PageChart, PageComparison, PagePoint } from './schemas.ts';

/** A sweep as a page shows it: its main figure over one of the words that were varied. */
export interface SweepPart {
  readonly name: string;
  /** The manifest, by which the page says what it was made of. */
  readonly text: string;
  readonly version: string;
  readonly code: string;
  readonly plan: string;
  readonly machine: string;
  readonly done: number;
  readonly total: number;
  readonly failed: readonly string[];
  readonly charts: readonly PageChart[];
  /** Of its policies, a case for each combination of the other words; none unless it is finished and varies policy and seed. */
  readonly comparisons: readonly PageComparison[];
}

interface Row {
  readonly words: Readonly<Record<string, string>>;
  readonly result: RunResult;
}

/** Reads the folder of a sweep: the results that are there. */
export function readSweep(path: string): SweepPart {
  const folder = SweepFolder.open(path);
  const { manifest } = folder;
  const rows: Row[] = [];
  const failed: string[] = [];
  manifest.runs.forEach((run, i) => {
    try {
      const result = folder.result(i);
      const words = Object.fromEntries(Object.entries(run.words).map(([name, value]) => [name, textOf(value)]));
      if (!result) return;
      if (result.status === 'ok') rows.push({ words, result });
      else failed.push(`run ${i} (${wordsText(words)}): ${result.status}${result.message === null ? '' : `, ${result.message}`}`);
    } catch (error) {
      if (!(error instanceof DamagedResult)) throw error;
      failed.push(`run ${i}: its result is damaged`);
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
    total: manifest.runs.length,
    failed,
    charts: sweepCharts(manifest.plan.name, manifest.varied, rows),
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

/** One chart for each unit that runs count in: over the varied word with the most numbers, a series for each of the other words' values. */
function sweepCharts(plan: string, varied: readonly string[], rows: readonly Row[]): PageChart[] {
  const across = axisOf(varied, rows);
  return [...new Set(rows.map(({ result }) => metricOf(result).unit))].map((unit) => {
    const of = rows.filter(({ result }) => metricOf(result).unit === unit);
    const { name, isHigherBetter } = metricOf(of[0]!.result);
    const names = across === null ? [''] : ordered(of.map(({ words }) => words[across]!));
    const others = varied.filter((word) => word !== across && word !== 'seed');
    const seriesOf = ({ words }: Row): string =>
      others.map((word) => (word === 'policy' ? words[word]! : `${word} ${words[word]!}`)).join(', ');
    const series = [...new Set(of.map(seriesOf))];
    const points = series.flatMap((one) =>
      names.flatMap((at, x) => {
        const cell = of.filter((row) => seriesOf(row) === one && (across === null || row.words[across] === at));
        return cell.length === 0 ? [] : [pointOf(one === '' ? plan : one, x, cell)];
      }),
    );
    return {
      name: `sweep-${name}-${unit}`,
      title: `${name} in ${unit}${across === null ? '' : ` over ${across}`}`,
      question: `Of each run, ${name === 'elapsed' ? 'the time until all guests ended' : 'the sum over its guests'}.`,
      xLabel: across ?? 'all runs',
      yLabel: `${unit}${name === 'elapsed' ? '' : ', all guests'}`,
      unit,
      isHigherBetter,
      xNames: Object.fromEntries(names.map((text, x) => [String(x), text])),
      size: 'sweep',
      seeds: [...new Set(of.map(({ result }) => result.seed))],
      points,
    };
  });
}

function pointOf(series: string, x: number, rows: readonly Row[]): PagePoint {
  const samples = rows.map(({ result }) => metricOf(result).value);
  const { mean, low, high } = meanInterval(samples);
  const lifetimeNs = rows.reduce((sum, { result }) => sum + result.total.lifetimeNs, 0);
  const causes = Object.keys(rows[0]!.result.total.causes) as (keyof RunResult['total']['causes'])[];
  const share = (cause: keyof RunResult['total']['causes']): number =>
    rows.reduce((sum, { result }) => sum + result.total.causes[cause], 0);
  const end = (value: number): number | null => (Number.isFinite(value) ? value : null);
  return {
    series,
    x,
    words: { policy: rows[0]!.result.policy },
    mean: { mean, low: end(low), high: end(high) },
    low: Math.min(...samples),
    high: Math.max(...samples),
    remoteRatio: rows.reduce((sum, { result }) => sum + result.total.remoteRatio, 0) / rows.length,
    causes: Object.fromEntries(causes.map((cause) => [cause, lifetimeNs > 0 ? share(cause) / lifetimeNs : 0])),
    failures: [],
  };
}

/** Work that has an end is judged by the time it takes, all else by what it gets done. */
function metricOf({ setting, total }: RunResult): { name: string; unit: string; isHigherBetter: boolean; value: number } {
  if (setting.durationNs === null) return { name: 'elapsed', unit: 's', isHigherBetter: false, value: total.elapsedNs / 1e9 };
  return { name: 'throughput', unit: total.throughput.unit, isHigherBetter: true, value: total.throughput.value ?? 0 };
}

function axisOf(varied: readonly string[], rows: readonly Row[]): string | null {
  const counts = varied
    .filter((word) => word !== 'policy' && word !== 'seed')
    .map((word) => ({ word, values: [...new Set(rows.map(({ words }) => words[word] ?? ''))] }))
    .filter(({ values }) => values.length > 1 && values.every((value) => numberOf(value) !== null));
  return counts.sort((a, b) => b.values.length - a.values.length)[0]?.word ?? null;
}

function ordered(values: readonly string[]): string[] {
  return [...new Set(values)].sort((a, b) => numberOf(a)! - numberOf(b)!);
}

/** What words hold that can be put in order: numbers, times, sizes. */
function numberOf(text: string): number | null {
  const plain = Number(text);
  if (text !== '' && Number.isFinite(plain)) return plain;
  return parseQuantity('time', text) ?? parseQuantity('bytes', text) ?? null;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function wordsText(words: Readonly<Record<string, string>>): string {
  return Object.entries(words)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
}
