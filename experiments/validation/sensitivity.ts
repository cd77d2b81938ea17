import { buildMachine } from '../../sim/machine.ts';
import { type Figure, figuresOf, isAssumed, type LinkSpec, type MachineSpec } from '../../sim/machine-spec.ts';
import type { Costs, Scenario } from '../../sim/scenario.ts';
import { meanInterval } from '../statistics/interval.ts';
import { isInside, parseBands } from './band.ts';
import { publishedOf, type ValidationItem } from './item.ts';
import { scenariosOf, simulate, type Simulator, type Variation } from './validate.ts';

/** What an assumed figure, made larger and smaller by a fifth, does to an item. */
export interface Sensitivity {
  readonly figure: string;
  /** [less, more][value] simulated. */
  readonly simulated: readonly [readonly number[], readonly number[]];
  /** Whether some value leaves or enters its band. */
  readonly turns: boolean;
}

const SHARE = 0.2;
/** Assumed, but no quantity that 20 % of could be added to. */
const NO_QUANTITY = new Set(['nextHop', 'memoryGiB', 'memoryHoleGiB', 'slit']);
const COSTS: readonly (keyof Costs)[] = ['contextSwitchNs', 'exitNs', 'ipiNs', 'guestFaultNs', 'hostFaultNs', 'guestSliceNs'];

/**
 * Reruns an item with each assumed figure of its machines, each assumed cost, the boot, dom0 and the host's background load at plus and
 * minus 20 %, one at a time. What a workload assumes of itself is not among them: those are its options.
 */
export function sensitivityOf(item: ValidationItem, simulator: Simulator, done: () => void = () => {}): Sensitivity[] {
  if (!item.scenario) return [];
  const bands = parseBands(item.accept, publishedOf(item));
  const means = (variation: Variation): number[] =>
    simulate(item, simulator, { done, variation }).map((values) => meanInterval(values).mean);
  const inside = (values: readonly number[]): string => values.map((value, i) => isInside(bands[i]!, value)).join();
  const before = inside(means((scenario) => scenario));
  return variationsOf(item, simulator).map(({ figure, vary }) => {
    const simulated = [means(vary(1 - SHARE)), means(vary(1 + SHARE))] as const;
    return { figure, simulated, turns: simulated.some((values) => inside(values) !== before) };
  });
}

/** How many runs that takes, as a multiple of the item's own. */
export function variationCount(item: ValidationItem, simulator: Simulator): number {
  return item.scenario ? 1 + 2 * variationsOf(item, simulator).length : 0;
}

function variationsOf(item: ValidationItem, simulator: Simulator): { figure: string; vary: (factor: number) => Variation }[] {
  const scenarios = [...scenariosOf(item, simulator).values()].flat();
  const assumed = new Set(scenarios.flatMap(({ machine }) => figuresOf(machine.spec).filter(({ name, figure }) => isAssumed(figure) && !NO_QUANTITY.has(name)).map(({ name }) => name))); // prettier-ignore
  const isUsed = (usesIt: (scenario: Scenario) => boolean): boolean => scenarios.some(usesIt);
  return [
    ...[...assumed].map((name) => ({ figure: `machine ${name}`, vary: varyMachine(name) })),
    ...COSTS.filter((cost) => isUsed(({ costs }) => (costs[cost] as number) > 0)).map((cost) => ({
      figure: `cost ${cost}`,
      vary: (factor: number): Variation => (scenario) => ({ ...scenario, costs: { ...scenario.costs, [cost]: Math.max(1, Math.round(scenario.costs[cost] as number * factor)) } }), // prettier-ignore
    })),
    ...(isUsed(({ guests }) => guests.some(({ bootShare }) => bootShare > 0))
      ? [{ figure: 'boot', vary: (factor: number): Variation => (scenario) => ({ ...scenario, guests: scenario.guests.map((guest) => ({ ...guest, bootShare: Math.min(1, guest.bootShare * factor) })) }) }] // prettier-ignore
      : []),
    ...(isUsed(({ dom0 }) => dom0 > 0)
      ? [{ figure: 'dom0', vary: (factor: number): Variation => (scenario) => ({ ...scenario, dom0: scenario.dom0 * factor }) }] // prettier-ignore
      : []),
    ...(isUsed(({ hostNoise }) => hostNoise > 0)
      ? [{ figure: 'host-noise', vary: (factor: number): Variation => (scenario) => ({ ...scenario, hostNoise: scenario.hostNoise * factor }) }] // prettier-ignore
      : []),
  ];
}

/** The machine with one figure scaled, where that is assumed; others stay. */
function varyMachine(name: string): (factor: number) => Variation {
  const scaled = new Map<string, Scenario['machine']>();
  return (factor) => (scenario) => {
    const { spec } = scenario.machine;
    const figure = spec[name as keyof MachineSpec] as Figure<unknown> | undefined;
    if (!figure || !isAssumed(figure)) return scenario;
    const key = `${spec.name}/${factor}`;
    if (!scaled.has(key)) scaled.set(key, buildMachine({ ...spec, [name]: { ...figure, value: scale(name, figure.value, factor) } }));
    return { ...scenario, machine: scaled.get(key)! };
  };
}

function scale(name: string, value: unknown, factor: number): unknown {
  if (name === 'links') return (value as readonly LinkSpec[]).map((link) => ({ ...link, capacityGBps: link.capacityGBps * factor }));
  if (name === 'clusters') return { ...(value as { capacityGBps: number }), capacityGBps: (value as { capacityGBps: number }).capacityGBps * factor }; // prettier-ignore
  if (name === 'linesInFlight') return Math.max(1, (value as number) * factor);
  if (typeof value === 'number') return value * factor;
  if (Array.isArray(value)) return value.map((part) => scale('', part, factor));
  if (typeof value === 'object' && value !== null) return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, scale('', part, factor)])); // prettier-ignore
  return value;
}
