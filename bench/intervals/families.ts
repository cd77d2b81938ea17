import { comparePolicies, type PolicyRuns } from '../../experiments/compare/comparison.ts';
import type { Metric } from '../../experiments/compare/metric.ts';
import { excessWidth, FIRST_SEEDS, MORE_SEEDS, parsePrecision } from '../../experiments/compare/precision.ts';
import { CAUSES } from '../../sim/recording.ts';
import { namedStream } from '../../sim/random.ts';
import { LAWS, normal } from './coverage.ts';

const metric: Metric = { name: 'throughput', unit: 'jobs/s', isHigherBetter: true };
const causes = Object.fromEntries(CAUSES.map((cause) => [cause, 0])) as Record<(typeof CAUSES)[number], number>;

/** In how many of so many tries some of ten equal policies is shown to be better or worse. What a seed does to all of them is large. */
export function falseDifferences(law: string, n: number, tries: number): number {
  const random = namedStream('11', law, n, 'equal policies');
  let found = 0;
  for (let trial = 0; trial < tries; trial++) {
    const shared = Array.from({ length: n }, () => 5 * LAWS[law]!.draw(random));
    const runs = Array.from({ length: 10 }, (_, i) => policyRuns(`p${i}`, shared.map((value) => value + LAWS[law]!.draw(random)))); // prettier-ignore
    if (comparePolicies(runs, metric, 'none').policies.some(({ verdict }) => verdict === 'better' || verdict === 'worse')) found++;
  }
  return found;
}

export interface Sequential {
  /** Share of repeats whose interval holds the true difference. */
  readonly held: number;
  readonly meanSeeds: number;
}

/** Stopping when the interval is 5 % of the mean at most, of differences with a deviation of 20 %. */
export function sequential(repeats: number): Sequential {
  const wanted = parsePrecision('half-width=5%');
  let held = 0;
  let seeds = 0;
  for (let repeat = 0; repeat < repeats; repeat++) {
    const random = namedStream('13', 'sequential', repeat, 'work');
    const other: number[] = [];
    const more = (count: number): void => void other.push(...Array.from({ length: count }, () => 107 + 20 * normal(random)));
    const runs = (): PolicyRuns[] => [policyRuns('base', other.map(() => 100)), policyRuns('other', other)]; // prettier-ignore
    more(FIRST_SEEDS);
    while (excessWidth(runs(), [metric], 'none', wanted) > 1) more(MORE_SEEDS);
    const { low, high } = comparePolicies(runs(), metric, 'none').policies[1]!.difference!;
    if (low <= 7 && 7 <= high) held++;
    seeds += other.length;
  }
  return { held: held / repeats, meanSeeds: seeds / repeats };
}

function policyRuns(policy: string, values: readonly number[]): PolicyRuns {
  const outcomes = values.map((value, i) => ({
    seed: `${i}`,
    movesMemory: false,
    parts: [{ metric, value, work: 1, causes, ending: 'none' as const, course: null }],
  }));
  return { policy, oracle: false, outcomes };
}
