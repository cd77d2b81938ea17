import type { Recording } from '../../sim/recording.ts';
import type { Scenario } from '../../sim/scenario.ts';
import { InputError } from '../input-error.ts';
import { readScenario } from '../scenario-input.ts';
import type { Registries } from '../scenario-words.ts';
import { meanInterval } from '../statistics/interval.ts';
import { type Band, isInside, parseBands } from './band.ts';
import { type Expression, parseExpression } from './expression.ts';
import { figureOf } from './figures.ts';
import { publishedOf, type RunWords, type ValidationItem } from './item.ts';

export interface Simulator extends Registries {
  run(scenario: Scenario): Recording;
}

/** A change of what is simulated, for asking what a figure does to the outcome. */
export type Variation = (scenario: Scenario) => Scenario;

export interface ValidatedValue {
  readonly published: number;
  readonly simulated: number;
  /** 95 % interval over the seeds; null where nothing is left to chance, or of a single seed. */
  readonly interval: { readonly low: number; readonly high: number } | null;
  /** Least and most of a seed; null where nothing is left to chance. */
  readonly range: { readonly low: number; readonly high: number } | null;
  /** (simulated - published) / published. */
  readonly error: number;
  readonly band: Band;
  readonly isInside: boolean;
  readonly isFitted: boolean;
  /** The simulated value with a replaced word, by the name of the replacement. */
  readonly beside: Readonly<Record<string, number>>;
}

export interface ValidationResult {
  readonly item: ValidationItem;
  readonly status: 'pass' | 'fail' | 'skipped';
  readonly values: readonly ValidatedValue[];
}

const DEFAULT_SEEDS = 5;
/** An interval narrower than this share of its mean is what rounding leaves of seeds that agree. */
const ROUNDING = 1e-9;
const plain: Variation = (scenario) => scenario;

/** How many runs an item takes. */
export function runCount({ scenario }: ValidationItem): number {
  if (!scenario) return 0;
  const kinds = Object.values(scenario.runs).reduce((sum: number, run) => sum + (Array.isArray(run) ? run.length : 1), 0);
  return kinds * (scenario.seeds ?? DEFAULT_SEEDS) * (1 + Object.keys(scenario.beside ?? {}).length);
}

/**
 * Simulates an item and holds the outcome against what was published.
 * @param done called after each run
 * @throws InputError for an item whose words or figures are not understood, or a run that does not end well
 */
export function validateItem(item: ValidationItem, simulator: Simulator, done: () => void = () => {}): ValidationResult {
  if (!item.scenario) return { item, status: 'skipped', values: [] };
  const published = publishedOf(item);
  const bands = parseBands(item.accept, published);
  const samples = simulate(item, simulator, { done });
  const beside = Object.entries(item.scenario.beside ?? {}).map(([name, replacement]) => ({
    name,
    means: simulate(item, simulator, { done, replacement }).map((values) => meanInterval(values).mean),
  }));
  const values = published.map((value, i): ValidatedValue => {
    const { mean, low, high } = meanInterval(samples[i]!);
    const isCertain = high - low <= ROUNDING * Math.abs(mean) || samples[i]!.length === 1;
    return {
      published: value,
      simulated: mean,
      interval: isCertain ? null : { low, high },
      range: isCertain ? null : { low: Math.min(...samples[i]!), high: Math.max(...samples[i]!) },
      error: (mean - value) / value,
      band: bands[i]!,
      isInside: isInside(bands[i]!, mean),
      isFitted: item.fittedValues?.includes(i) ?? false,
      beside: Object.fromEntries(beside.map(({ name, means }) => [name, means[i]!])),
    };
  });
  return { item, status: values.every((value) => value.isInside) ? 'pass' : 'fail', values };
}

interface Ran {
  readonly recording: Recording;
  readonly blockBytes: number;
}

interface Simulation {
  readonly done?: () => void;
  readonly replacement?: { readonly replace: string; readonly with: string };
  readonly variation?: Variation;
}

/** [value][seed]: each value of the item for each seed. */
export function simulate(item: ValidationItem, simulator: Simulator, { done, replacement, variation = plain }: Simulation): number[][] {
  const { runs, values, seeds = DEFAULT_SEEDS } = item.scenario!;
  const expressions = (typeof values === 'string' ? [values] : values).map(parseExpression);
  const scenarios = scenariosOf(item, simulator, replacement);
  const samples: number[][] = expressions.map(() => []);
  for (let seed = 1; seed <= seeds; seed++) {
    const recordings = new Map<string, Ran[]>();
    for (const name of Object.keys(runs)) {
      recordings.set(
        name,
        scenarios.get(name)!.map((scenario) => {
          const recording = simulator.run(variation({ ...scenario, seed: String(seed) }));
          if (recording.status !== 'ok') throw new InputError(`${item.id}: run ${name}: ${recording.status}, ${recording.message}`);
          done?.();
          return { recording, blockBytes: scenario.blockBytes };
        }),
      );
    }
    expressions.forEach((expression: Expression, i) => {
      const value = expression.evaluate((run, figure) => meanOf(recordings.get(run)!, figure));
      if (!Number.isFinite(value)) throw new InputError(`${item.id}: value ${i} = ${value} for seed ${seed}, want a finite number`);
      samples[i]!.push(value);
    });
  }
  return samples;
}

/** The scenarios of each run, read before any is run. */
export function scenariosOf(
  item: ValidationItem,
  registries: Registries,
  replacement?: { readonly replace: string; readonly with: string },
): Map<string, Scenario[]> {
  const { runs, words = {} } = item.scenario!;
  return new Map(
    Object.entries(runs).map(([name, run]) => {
      const list = (Array.isArray(run) ? run : [run]) as readonly RunWords[];
      return [name, list.map((own) => scenarioOf(item, name, { ...words, ...own }, registries, replacement))];
    }),
  );
}

function scenarioOf(
  { id, read }: ValidationItem,
  run: string,
  words: RunWords,
  registries: Registries,
  replacement?: { readonly replace: string; readonly with: string },
): Scenario {
  const json = JSON.stringify(words);
  const text = replacement ? json.replaceAll(replacement.replace, replacement.with) : json;
  const name = `${id}, run ${run}`;
  try {
    return readScenario({ flags: {}, file: { name, text }, read }, registries);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new InputError(error.message.replace(/:\d+:\d+: /, ': ')); // places in the text made of the words say nothing
  }
}

function meanOf(ran: readonly Ran[], figure: string): number {
  return ran.reduce((sum, { recording, blockBytes }) => sum + figureOf(recording, figure, blockBytes), 0) / ran.length;
}
