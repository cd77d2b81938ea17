import type { Cause } from '../../sim/recording.ts';
import type { Scenario } from '../../sim/scenario.ts';
import { InputError } from '../input-error.ts';
import { formatQuantity } from '../quantities.ts';
import { type Course, courseOf, valueAfter } from './course.ts';
import { causesOf, type Metric, metricsOf, type Ran, valueOf, workOf } from './metric.ts';
import type { WarmUpRule } from './warm-up.ts';

/** What a comparison keeps of a run: hundreds of runs with their timelines would fill the memory. */
export interface Outcome {
  readonly seed: string;
  /** One for each metric. */
  readonly parts: readonly Part[];
  /** Whether memory was moved, or looked at in order to. */
  readonly movesMemory: boolean;
}

export interface Part {
  readonly metric: Metric;
  /** Of all that was measured, or of what a stated warm-up leaves. */
  readonly value: number;
  readonly work: number;
  /** Task time by cause. */
  readonly causes: Readonly<Record<Cause, number>>;
  /** null unless a warm-up is to be found. */
  readonly course: Course | null;
}

/** @throws InputError if a stated warm-up leaves nothing */
export function outcomeOf({ durationNs }: Pick<Scenario, 'durationNs'>, seed: string, run: Ran, warmUp: WarmUpRule): Outcome {
  return {
    seed,
    parts: metricsOf({ durationNs }, run).map((metric) => ({
      metric,
      value: valuedAs(run, seed, metric, warmUp),
      work: workOf(run, metric),
      causes: causesOf(run, metric),
      course: warmUp === 'mser' && durationNs !== null ? courseOf(run, metric, durationNs) : null,
    })),
    movesMemory: run.guests.some(
      (guest) => guest.hintFaults + guest.samples + guest.pageMoves + guest.pageReplicas + guest.failedMoves > 0,
    ),
  };
}

function valuedAs(run: Ran, seed: string, metric: Metric, warmUp: WarmUpRule): number {
  if (typeof warmUp === 'string' || metric.name === 'elapsed' || warmUp.cutNs === 0) return valueOf(run, metric);
  const value = valueAfter(run, metric, warmUp.cutNs);
  if (value === null)
    throw new InputError(
      `--warm-up = ${formatQuantity('time', warmUp.cutNs)}: leaves nothing of seed ${seed}, want less than was measured`,
    );
  return value;
}
