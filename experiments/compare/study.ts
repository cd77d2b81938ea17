import type { Scenario } from '../../sim/scenario.ts';
import type { RunPool } from '../runs/run-pool.ts';
import { comparePolicies, type Comparison } from './comparison.ts';
import { TIMELINE_POINTS } from './course.ts';
import type { Metric } from './metric.ts';
import { excessWidth, FIRST_SEEDS, MORE_SEEDS, type WantedPrecision } from './precision.ts';
import { appended, type Contender, type Failure, type Replicated, replicate, type Replicating, seedsFrom } from './replicate.ts';
import { figuresAsked, SEEDS, type Sensitivity, sensitivityOf } from './sensitivity.ts';
import type { WarmUpRule } from './warm-up.ts';

/** Policies that are to be compared, with the scenario of each. */
export interface Study {
  readonly contenders: readonly Contender[];
  readonly scenarios: readonly Scenario[];
}

/** How they are to be compared. */
export interface StudyPlan {
  /** How many seeds, or how many at most with `until`. */
  readonly seeds: number;
  readonly until: WantedPrecision | null;
  readonly warmUp: WarmUpRule;
  readonly hasSensitivity: boolean;
  /** Whether the first run of each policy is kept with its timeline. */
  readonly hasExamples: boolean;
}

/** What came of a study. */
export interface StudyResult {
  readonly runs: readonly Replicated[];
  readonly reached: Reached | null;
  /** For each metric. */
  readonly sensitivity: readonly Sensitivity[] | null;
}

/** How `until` ended. */
export interface Reached {
  readonly wanted: string;
  readonly isReached: boolean;
  readonly seeds: number;
  readonly mostSeeds: number;
}

/** Told how the runs go on. */
export interface Watcher {
  /** @param isMost whether the total is only the most there may be */
  begin(what: string, total: number, isMost: boolean): void;
  step(): void;
  note(text: string): void;
  end(): void;
}

/** Runs policies over seeds until there are enough of them, then once more with each assumed figure changed, if that is asked for. */
export async function runStudy(study: Study, plan: StudyPlan, pool: RunPool, lanes: number, watcher: Watcher): Promise<StudyResult> {
  const replicating: Replicating = { pool, lanes, warmUp: plan.warmUp, done: () => watcher.step() };
  const { runs, reached } = await runSeeds(study, plan, replicating, watcher);
  const { well, canCompare } = wellEnded(runs);
  if (!plan.hasSensitivity || !canCompare) return { runs, reached, sensitivity: null };
  const isWell = ({ policy }: Contender): boolean => well.some((one) => one.policy === policy);
  const question = {
    contenders: study.contenders.filter(isWell),
    scenarios: study.scenarios.filter((_, at) => isWell(study.contenders[at]!)),
    runs: well,
    metrics: metricsOfRuns(well),
  };
  watcher.begin('sensitivity, run', 2 * figuresAsked(question).length * well.length * Math.min(SEEDS, well[0]!.outcomes.length), false);
  const sensitivity = await sensitivityOf(question, replicating);
  watcher.end();
  return { runs, reached, sensitivity };
}

async function runSeeds(
  { contenders, scenarios }: Study,
  { seeds, until, hasExamples }: StudyPlan,
  replicating: Replicating,
  watcher: Watcher,
): Promise<Pick<StudyResult, 'runs' | 'reached'>> {
  const all = seedsFrom(scenarios[0]!.seed, seeds);
  watcher.begin('run', contenders.length * seeds, until !== null);
  let count = until ? Math.min(FIRST_SEEDS, seeds) : seeds;
  let runs = await replicate(contenders, all.slice(0, count), { ...replicating, examplePoints: hasExamples ? TIMELINE_POINTS : 0 });
  let isReached = false;
  while (until) {
    const { well, canCompare } = wellEnded(runs);
    if (!canCompare) break;
    const excess = excessWidth(well, metricsOfRuns(well), replicating.warmUp, until);
    watcher.note(`intervals ${excess.toPrecision(2)} times as wide as wanted`);
    isReached = excess <= 1;
    if (isReached || count === seeds) break;
    const next = Math.min(seeds, count + MORE_SEEDS);
    const still = contenders.filter(({ policy }) => well.some((one) => one.policy === policy));
    runs = appended(runs, await replicate(still, all.slice(count, next), replicating));
    count = next;
  }
  watcher.end();
  return { runs, reached: until && { wanted: until.text, isReached, seeds: count, mostSeeds: seeds } };
}

/** The policies of which every run ended well, and whether the first is one of two or more. */
export function wellEnded(runs: readonly Replicated[]): {
  readonly well: readonly Replicated[];
  readonly failures: readonly Failure[];
  readonly canCompare: boolean;
} {
  const well = runs.filter(({ failures }) => failures.length === 0);
  return { well, failures: runs.flatMap(({ failures }) => failures), canCompare: well.length > 1 && well[0] === runs[0] };
}

/** One for each metric; all runs have ended well. */
export function comparisonsOf(well: readonly Replicated[], warmUp: WarmUpRule): Comparison[] {
  return metricsOfRuns(well).map((metric) => comparePolicies(well, metric, warmUp));
}

/** Points of time at which runs have to be looked at so that a warm-up can be cut. */
export function timelinePointsFor({ durationNs }: Scenario, warmUp: WarmUpRule): number {
  return durationNs !== null && warmUp !== 'none' ? TIMELINE_POINTS : 0;
}

function metricsOfRuns(runs: readonly Replicated[]): Metric[] {
  return runs[0]!.outcomes[0]!.parts.map(({ metric }) => metric);
}
