import type { Scenario } from '../../sim/scenario.ts';
import { assumedFigures } from '../variations.ts';
import { type Interval, meanInterval, verdict as verdictOf } from '../statistics/interval.ts';
import { pairedDifference, type Replication } from '../statistics/paired.ts';
import { type ComparedPolicy, comparePolicies, samplesOf } from './comparison.ts';
import type { Metric } from './metric.ts';
import { type Contender, type Replicated, replicate, type Replicating } from './replicate.ts';

/** What comes of a comparison when an assumed figure is a fifth less and a fifth more. */
export interface Sensitivity {
  /** Fewer than the comparison's own where that had more: the first of them. */
  readonly seeds: readonly string[];
  readonly share: number;
  /** With all figures as they are, on these seeds. */
  readonly base: readonly Side[];
  /** In the order of how far they move the differences, farthest first. */
  readonly figures: readonly FigureSensitivity[];
}

export interface FigureSensitivity {
  readonly figure: string;
  /** [policy], each but the first; null where a run did not end well. */
  readonly less: readonly Side[] | null;
  readonly more: readonly Side[] | null;
  /** Policies whose verdict is another with it. */
  readonly turns: readonly Turn[];
}

export interface Turn {
  readonly policy: string;
  readonly at: 'less' | 'more';
  readonly verdict: Side['verdict'];
  /** Whether the difference is shown to move at all: else chance may have turned the verdict, as any change lets a run take another course. */
  readonly isMoved: boolean;
}

export interface Side {
  readonly policy: string;
  /** From the first policy, as a share of its mean; null where that is 0. */
  readonly difference: number | null;
  readonly verdict: ComparedPolicy['verdict'];
  /** How far that is from the difference with all figures as they are, paired by seed; null for that itself. */
  readonly moved: Interval | null;
}

export const SHARE = 0.2;
export const SEEDS = 5;

export interface SensitivityQuestion {
  readonly contenders: readonly Contender[];
  readonly scenarios: readonly Scenario[];
  /** With all figures as they are; none of them has failed. */
  readonly runs: readonly Replicated[];
  readonly metrics: readonly Metric[];
}

/** The figures that are asked about. */
export function figuresAsked({ scenarios, runs }: Pick<SensitivityQuestion, 'scenarios' | 'runs'>): string[] {
  return assumedFigures(scenarios, runs.some(({ outcomes }) => outcomes.some(({ movesMemory }) => movesMemory))); // prettier-ignore
}

/** Reruns all policies with each assumed figure at plus and minus 20 %, one at a time, on the same seeds; one answer for each metric. */
export async function sensitivityOf(question: SensitivityQuestion, replicating: Replicating): Promise<Sensitivity[]> {
  const { contenders, metrics, runs } = question;
  const few = runs.map((one) => ({ ...one, outcomes: one.outcomes.slice(0, SEEDS) }));
  const seeds = few[0]!.outcomes.map(({ seed }) => seed);
  const sides = (of: readonly Replicated[]): (readonly Side[] | null)[] =>
    metrics.map((metric) => (of.some(({ failures }) => failures.length > 0) ? null : sidesOf(of, few, metric, replicating)));
  const base = sides(few);
  const found: { figure: string; less: (readonly Side[] | null)[]; more: (readonly Side[] | null)[] }[] = [];
  for (const figure of figuresAsked(question)) {
    const at = async (factor: number): Promise<(readonly Side[] | null)[]> => {
      const changed = contenders.map((one) => ({ ...one, order: { ...one.order, variation: { figure, factor } } }));
      return sides(await replicate(changed, seeds, replicating));
    };
    found.push({ figure, less: await at(1 - SHARE), more: await at(1 + SHARE) });
  }
  return metrics.map((_, m) => ({
    seeds,
    share: SHARE,
    base: base[m]!,
    figures: found
      .map(({ figure, less, more }) => ({ figure, less: less[m]!, more: more[m]!, turns: turnsOf(base[m]!, less[m]!, more[m]!) }))
      .sort((a, b) => swingOf(base[m]!, b) - swingOf(base[m]!, a)),
  }));
}

/** How far at most a figure moves a difference; a run that fails moves it farthest. */
export function swingOf(base: readonly Side[], { less, more }: Pick<FigureSensitivity, 'less' | 'more'>): number {
  const moves = [less, more].flatMap((sides) =>
    sides === null ? [Infinity] : sides.map(({ difference }, at) => Math.abs((difference ?? 0) - (base[at]!.difference ?? 0))),
  );
  return Math.max(...moves);
}

function sidesOf(runs: readonly Replicated[], plain: readonly Replicated[], metric: Metric, { warmUp }: Replicating): Side[] {
  const shares = relative(runs, metric, warmUp);
  const before = runs === plain ? null : relative(plain, metric, warmUp);
  return comparePolicies(runs, metric, warmUp)
    .policies.slice(1)
    .map(({ policy, verdict }, at) => ({
      policy,
      difference: shares && meanInterval(shares[at]!.map(({ value }) => value)).mean,
      verdict,
      moved: shares && before && pairedDifference(shares[at]!, before[at]!),
    }));
}

/** [policy, each but the first]: its difference to the first policy for each seed, as a share of that one's mean; null where that is 0. */
function relative(runs: readonly Replicated[], metric: Metric, warmUp: Replicating['warmUp']): Replication[][] | null {
  const [baseline, ...others] = samplesOf(runs, metric, warmUp).samples;
  const { mean } = meanInterval(baseline!.map(({ value }) => value));
  if (mean === 0) return null;
  return others.map((samples) => samples.map(({ seed, value }, i) => ({ seed, value: (value - baseline![i]!.value) / Math.abs(mean) })));
}

function turnsOf(base: readonly Side[], less: readonly Side[] | null, more: readonly Side[] | null): FigureSensitivity['turns'] {
  const turned = (at: 'less' | 'more', sides: readonly Side[] | null): FigureSensitivity['turns'] =>
    (sides ?? []).flatMap(({ policy, verdict, moved }, i) =>
      verdict === base[i]!.verdict ? [] : [{ policy, at, verdict, isMoved: moved !== null && isAway(moved) }],
    );
  return [...turned('less', less), ...turned('more', more)];
}

function isAway(moved: Interval): boolean {
  return verdictOf(moved) !== 'no difference shown';
}
