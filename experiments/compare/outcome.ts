import type { Cause } from '../../sim/recording.ts';
import type { Scenario } from '../../sim/scenario.ts';
import { InputError } from '../input-error.ts';
import { formatQuantity } from '../quantities.ts';
import { type Course, courseOf, measuredNs, valueAfter } from './course.ts';
import { causesOf, judgedGuests, type Metric, metricsOf, type Ran, valueOf, workOf } from './metric.ts';
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
  /** How many of the judged guests have work that ends by itself, of which nothing is cut. */
  readonly ending: 'none' | 'some' | 'all';
  /** null unless a warm-up is to be found. */
  readonly course: Course | null;
}

/**
 * @param ending [guest] whether its work ends by itself
 * @throws InputError if a stated warm-up leaves nothing
 */
export function outcomeOf(
  { durationNs }: Pick<Scenario, 'durationNs'>,
  seed: string,
  run: Ran,
  warmUp: WarmUpRule,
  ending: readonly boolean[] = [],
): Outcome {
  return {
    seed,
    parts: metricsOf({ durationNs }, run).map((metric) => ({
      metric,
      value: valuedAs(run, seed, metric, warmUp, ending),
      work: workOf(run, metric),
      causes: causesOf(run, metric),
      ending: endingOf(run, metric, ending),
      course: warmUp === 'mser' && durationNs !== null ? courseOf(run, metric, durationNs, ending) : null,
    })),
    movesMemory: run.guests.some(
      (guest) => guest.hintFaults + guest.samples + guest.pageMoves + guest.pageReplicas + guest.failedMoves > 0,
    ),
  };
}

function endingOf(run: Ran, metric: Metric, ending: readonly boolean[]): Part['ending'] {
  const judged = judgedGuests(run, metric);
  const count = judged.filter((at) => ending[at]).length;
  if (metric.name === 'elapsed' || count === judged.length) return 'all';
  return count > 0 ? 'some' : 'none';
}

function valuedAs(run: Ran, seed: string, metric: Metric, warmUp: WarmUpRule, ending: readonly boolean[]): number {
  if (typeof warmUp === 'string' || warmUp.cutNs === 0 || endingOf(run, metric, ending) === 'all') return valueOf(run, metric);
  const value = valueAfter(run, metric, warmUp.cutNs, ending);
  if (value !== null) return value;
  const time = (ns: number): string => formatQuantity('time', ns);
  const measured = measuredNs(run, metric, ending);
  throw new InputError(
    measured === null
      ? `--warm-up = ${time(warmUp.cutNs)}: the runs were not looked at while they went on, want mser or none`
      : `--warm-up = ${time(warmUp.cutNs)}: leaves nothing of seed ${seed}, of which ${time(readable(measured))} were measured; want less, or a longer --duration (the instances' setting up counts in it)`,
  );
}

/** In whole ms or us, rounded down: a cut of as much would leave something. */
function readable(ns: number): number {
  const unitNs = ns >= 1e6 ? 1e6 : ns >= 1e3 ? 1e3 : 1;
  return Math.floor(ns / unitNs) * unitNs;
}
