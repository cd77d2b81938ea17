import type { Recording } from '../../sim/recording.ts';
import type { Scenario } from '../../sim/scenario.ts';
import { metricsOf, valueOf } from '../compare/metric.ts';

/** How good a run is by what `compare` would judge it by, higher is better; guests that count in several units by all of these in proportion. */
export function score(scenario: Scenario, recording: Recording): number {
  if (recording.status !== 'ok') return -Infinity;
  const metrics = metricsOf(scenario, recording);
  const values = metrics.map((metric) => (metric.isHigherBetter ? 1 : -1) * valueOf(recording, metric));
  return values.length === 1 ? values[0]! : values.reduce((sum, value) => sum + Math.log(Math.max(value, Number.MIN_VALUE)), 0);
}

const SHORTEST_NS = 20_000_000;
const PART = 8;
/** Of work that ends by itself this much is looked at. */
const PART_OF_ENDING_NS = 200_000_000;

/** The same scenario, cut short: enough to tell good from bad. */
export function shortened(scenario: Scenario): Scenario {
  const wantedNs = scenario.durationNs === null ? PART_OF_ENDING_NS : Math.max(SHORTEST_NS, Math.ceil(scenario.durationNs / PART));
  return { ...scenario, durationNs: Math.min(wantedNs, scenario.durationNs ?? Infinity) };
}

/**
 * What was done in a run cut short. Work that ends by itself may have no count yet, so it goes by the time its instructions and its
 * memory accesses would have taken on an idle machine, which is in proportion to both, for the time it took.
 */
export function progress(scenario: Scenario, recording: Recording): number {
  if (recording.status !== 'ok') return -Infinity;
  if (scenario.durationNs !== null) return score(scenario, recording);
  const { causes, elapsedNs } = recording.total;
  return (causes.compute + causes.memoryLocal) / Math.max(1, elapsedNs);
}
