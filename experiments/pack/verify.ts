import { mean as meanOf, sampleStandardDeviation } from 'simple-statistics';
import { canonicalJson } from '../../report/json.ts';
import { below, namedStream } from '../../sim/random.ts';
import type { RunResult } from '../run-result.ts';
import type { Executor } from '../runs/execute.ts';
import type { RunWords } from '../runs/run-order.ts';
import { tQuantile } from '../statistics/student-t.ts';
import { metricsOfRun } from '../sweep/metrics.ts';
import type { Study } from './study.ts';

export type Outcome = 'identical' | 'within the interval' | 'different';

/** A run of a study, made again here. */
export interface Verification {
  readonly index: number;
  readonly id: string;
  /** The words in which it differs from the others. */
  readonly words: RunWords;
  readonly outcome: Outcome;
  /** The figure that is compared, as stored and as it is here; null where a run has none. */
  readonly stored: number | null;
  readonly rerun: number | null;
  /** Where chance alone leaves the figure; null where none is needed, or none can be given. */
  readonly interval: PredictionInterval | null;
  /** Why it is different, else nothing. */
  readonly why: string | null;
}

export interface PredictionInterval {
  readonly low: number;
  readonly high: number;
  /** How many seeds of the study it is from. */
  readonly seeds: number;
  readonly level: number;
}

export interface VerifyOrder {
  readonly runs: number;
  readonly seed: string;
  /** Of the whole run, as in a sweep's tables. */
  readonly metric: string;
}

/** Fewer seeds say too little of chance: two leave an interval 25 times as wide as they are apart. */
const LEAST_SEEDS = 3;
const LEVEL = 0.95;
/** What summing in another order, or another logarithm, may leave. */
const ROUNDING = 1e-9;

/**
 * Reruns a drawn sample of a study with the code that is here. A run is identical if it gives the same result to the last bit (the
 * version it names itself by apart, where the code is another). The same code on the same Node must be identical. Other code may lie
 * within the interval: the figure of the rerun against the prediction interval of Student's t from the study's runs of the same words
 * and any seed, mean +- t s sqrt(1 + 1/n). All runs of the sample that are no different lie within theirs with 95 % at least
 * (Bonferroni), if this code draws from the same law as the study's.
 */
export async function verifyStudy(
  study: Study,
  executor: Executor,
  here: string,
  { runs, seed, metric }: VerifyOrder,
  onRun: (done: number, of: number) => void = () => {},
): Promise<Verification[]> {
  const sample = sampleOf(study.present, runs, seed);
  const isSameCode = study.manifest.code === here;
  const stored = new Map<number, RunResult>();
  await study.results(new Set(sample), (index, result) => stored.set(index, result));
  const found: Verification[] = [];
  for (const index of sample) {
    onRun(found.length, sample.length);
    found.push(await rerunOf(study, executor, index, stored.get(index)!, isSameCode, metric));
  }
  const isOpen = ({ outcome, rerun }: Verification): boolean => outcome === 'different' && !isSameCode && rerun !== null;
  if (!found.some(isOpen)) return found;
  const level = 1 - (1 - LEVEL) / sample.length;
  const values = await replications(study, found.filter(isOpen), metric);
  return found.map((one) => (isOpen(one) ? judged(one, values.get(keyOf(study, one.index))!, level) : one));
}

/** So many of these, drawn without putting back, in ascending order. */
export function sampleOf(indices: readonly number[], count: number, seed: string): number[] {
  const random = namedStream(seed, 'verify', 0, 'sample');
  const left = [...indices];
  const drawn = Array.from({ length: Math.min(count, left.length) }, () => left.splice(below(random, left.length), 1)[0]!);
  return drawn.sort((a, b) => a - b);
}

async function rerunOf(
  study: Study,
  executor: Executor,
  index: number,
  stored: RunResult,
  isSameCode: boolean,
  metric: string,
): Promise<Verification> {
  const { id, words } = study.manifest.runs[index]!;
  const before = figureOf(stored, metric);
  const told = { index, id, words, stored: before, interval: null };
  const order = study.orderOf(index);
  let result: RunResult;
  try {
    result = await executor.execute(order);
  } catch (error) {
    // words this numalab does not know, or a policy that is none: the study's fault, whatever it is
    return { ...told, outcome: 'different', rerun: null, why: `cannot be run here: ${(error as Error).message}` };
  }
  const rerun = figureOf(result, metric);
  if (isSame(stored, result, isSameCode)) return { ...told, outcome: 'identical', rerun, why: null };
  if (isSameCode) return { ...told, outcome: 'different', rerun, why: 'the same code gave another result' };
  if (stored.status !== result.status)
    return { ...told, outcome: 'different', rerun: null, why: `ended with ${result.status}, was ${stored.status}` };
  if (rerun === null) return { ...told, outcome: 'different', rerun, why: `another result, and no ${metric} to compare` };
  return { ...told, outcome: 'different', rerun, why: null };
}

/** As they would be stored: what JSON cannot say is the same on both sides. */
function isSame(stored: RunResult, rerun: RunResult, isSameCode: boolean): boolean {
  const text = JSON.stringify(rerun);
  if (isSameCode) return JSON.stringify(stored) === text;
  const withoutVersion = ({ version: _, ...rest }: RunResult): string => canonicalJson(rest);
  return withoutVersion(stored) === withoutVersion(JSON.parse(text) as RunResult);
}

/** Figures of all runs of the same words but for the seed. */
async function replications(study: Study, open: readonly Verification[], metric: string): Promise<Map<string, number[]>> {
  const values = new Map(open.map(({ index }) => [keyOf(study, index), [] as number[]]));
  const siblings = new Set(study.present.filter((index) => values.has(keyOf(study, index))));
  await study.results(siblings, (index, result) => {
    const value = result.status === 'ok' ? figureOf(result, metric) : null;
    if (value !== null) values.get(keyOf(study, index))!.push(value);
  });
  return values;
}

function judged(one: Verification, values: readonly number[], level: number): Verification {
  if (values.length < LEAST_SEEDS)
    return { ...one, why: `another result, and no interval: the study has ${values.length} seeds of these words, want ${LEAST_SEEDS}` };
  const interval = predictionInterval(values, level);
  const slack = ROUNDING * Math.abs(one.stored ?? 0);
  const isWithin = one.rerun! >= interval.low - slack && one.rerun! <= interval.high + slack;
  return { ...one, interval, outcome: isWithin ? 'within the interval' : 'different', why: isWithin ? null : 'outside the interval' };
}

/** Where one more value of the law these were drawn from lies with probability `level`, if that is normal. */
export function predictionInterval(values: readonly number[], level: number): PredictionInterval {
  const count = values.length;
  const mean = meanOf([...values]);
  const reach = tQuantile((1 + level) / 2, count - 1) * sampleStandardDeviation([...values]) * Math.sqrt(1 + 1 / count);
  return { low: mean - reach, high: mean + reach, seeds: count, level };
}

function keyOf({ manifest }: Study, index: number): string {
  const { seed: _, ...words } = manifest.runs[index]!.words;
  return canonicalJson(words);
}

function figureOf(result: RunResult, metric: string): number | null {
  const value = metricsOfRun(result).find((one) => one.metric.name === metric)?.value;
  return Number.isFinite(value) ? value! : null;
}
