import type { Recording } from '../../sim/recording.ts';
import type { RunResult } from '../run-result.ts';
import type { RunOrder } from '../runs/run-order.ts';
import type { RunPool } from '../runs/run-pool.ts';
import type { PolicyRuns } from './comparison.ts';
import { type Outcome, outcomeOf } from './outcome.ts';
import type { WarmUpRule } from './warm-up.ts';

/** A policy with the order of its run, whatever seed its words name. */
export interface Contender {
  readonly policy: string;
  readonly oracle: boolean;
  readonly order: RunOrder;
  /** [guest] whether its work ends by itself; left out where that of none does. */
  readonly ending?: readonly boolean[];
}

/** What came of a contender's runs, in the order of the seeds. */
export interface Replicated extends PolicyRuns {
  /** Runs that did not end well; of a policy at fault the first only. */
  readonly failures: readonly Failure[];
  /** What runs that ended well told all the same, such as that a guest had not got beyond its setting up. */
  readonly notes: readonly RunNote[];
  /** Its first run, whole. */
  readonly example: RunResult | null;
}

export interface Failure extends Pick<Recording, 'status' | 'message' | 'exit'> {
  readonly policy: string;
  readonly seed: string;
}

export interface RunNote {
  readonly policy: string;
  readonly seed: string;
  readonly message: string;
}

export interface Replicating {
  readonly pool: RunPool;
  /** Runs that may be under way at a time. */
  readonly lanes: number;
  readonly warmUp: WarmUpRule;
  /** Points at which the first run of each contender is looked at, if more than its order says. */
  readonly examplePoints?: number;
  /** Called after each run. */
  done?(): void;
}

/**
 * Runs every contender with every seed. Whatever ends first, and however many run at a time, the outcome is the same: what a policy made
 * of seeds after the one at which it was at fault is dropped, as one run after the other would not have come so far.
 */
export async function replicate(
  contenders: readonly Contender[],
  seeds: readonly string[],
  { pool, lanes, warmUp, examplePoints = 0, done }: Replicating,
): Promise<Replicated[]> {
  const results: (Ended | undefined)[][] = contenders.map(() => []);
  const faultAt = contenders.map(() => Infinity);
  const jobs = seeds.flatMap((_, seed) => contenders.map((_, policy) => ({ policy, seed })));
  let next = 0;
  const broken: { readonly at: number; readonly error: unknown }[] = [];
  async function lane(): Promise<void> {
    while (next < jobs.length && broken.length === 0) {
      const at = next++;
      const { policy, seed } = jobs[at]!;
      try {
        if (seed <= faultAt[policy]!) {
          const ended = kept(
            await pool.run(orderFor(contenders[policy]!, seeds[seed]!, seed === 0 ? examplePoints : 0)),
            warmUp,
            contenders[policy]!.ending,
            seed === 0,
          );
          results[policy]![seed] = ended;
          if (ended.exit) faultAt[policy] = Math.min(faultAt[policy]!, seed);
        }
        done?.();
      } catch (error) {
        broken.push({ at, error });
      }
    }
  }
  await Promise.all(Array.from({ length: Math.max(1, lanes) }, lane));
  const [first] = broken.sort((a, b) => a.at - b.at); // not the first to end: that may be another one every time
  if (first) throw first.error;
  return contenders.map(({ policy, oracle }, at) => {
    const ended = results[at]!.slice(0, faultAt[at]! + 1).map((one) => one!);
    return {
      policy,
      oracle,
      outcomes: ended.flatMap(({ outcome }) => outcome ?? []),
      failures: ended.flatMap(({ status, message, exit, seed }) => (status === 'ok' ? [] : [{ policy, seed, status, message, exit }])),
      notes: ended.flatMap(({ status, message, seed }) => (status === 'ok' && message !== null ? [{ policy, seed, message }] : [])),
      example: ended[0]?.example ?? null,
    };
  });
}

/** The runs of more seeds behind those of the first. */
export function appended(first: readonly Replicated[], more: readonly Replicated[]): Replicated[] {
  return first.map((one) => {
    const other = more.find(({ policy }) => policy === one.policy);
    if (!other) return one;
    return {
      ...one,
      outcomes: [...one.outcomes, ...other.outcomes],
      failures: [...one.failures, ...other.failures],
      notes: [...one.notes, ...other.notes],
    };
  });
}

/** Seeds counted up from the first. */
export function seedsFrom(first: string, count: number): string[] {
  return Array.from({ length: count }, (_, i) => String(BigInt(first) + BigInt(i)));
}

interface Ended extends Pick<RunResult, 'status' | 'message' | 'exit' | 'seed'> {
  /** null for a run that did not end well. */
  readonly outcome: Outcome | null;
  readonly example: RunResult | null;
}

function kept(result: RunResult, warmUp: WarmUpRule, ending: Contender['ending'], isExample: boolean): Ended {
  const { status, message, exit, seed } = result;
  const outcome = status === 'ok' ? outcomeOf(result.setting, seed, result, warmUp, ending) : null;
  return { status, message, exit, seed, outcome, example: isExample ? result : null };
}

function orderFor({ order }: Contender, seed: string, leastPoints: number): RunOrder {
  return { ...order, words: { ...order.words, seed }, timelinePoints: Math.max(order.timelinePoints, leastPoints) };
}
