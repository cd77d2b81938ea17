import { buildMachine } from '../sim/machine.ts';
import { type Figure, figuresOf, isAssumed, type LinkSpec, type MachineSpec } from '../sim/machine-spec.ts';
import { type Costs, DEFAULT_COSTS, type Scenario } from '../sim/scenario.ts';

/** One assumed figure, made larger or smaller. */
export interface Variation {
  /** As assumedFigures names it: `machine llcBytes`, `cost exitNs`, `boot`, `dom0`, `host-noise`. */
  readonly figure: string;
  readonly factor: number;
}

type CostName = Exclude<keyof Costs, 'coldCache' | 'copyShare'>;

/** Assumed, but no quantity that 20 % of could be added to. */
const NO_QUANTITY = new Set(['nextHop', 'memoryGiB', 'memoryHoleGiB', 'slit']);
const COSTS = Object.keys(DEFAULT_COSTS).filter((cost): cost is CostName => cost !== 'coldCache' && cost !== 'copyShare');
/** Paid only by who moves memory, or looks at accesses in order to. */
const MEMORY_COSTS: ReadonlySet<string> = new Set<CostName>(['hintFaultNs', 'sampleNs', 'markNs', 'splitNs', 'remapNs', 'shootdownNs']);

/**
 * Each assumed figure that the scenarios use: of their machines, their costs, the boot, dom0 and the host's background load. What a
 * workload assumes of itself is not among them: those are its options.
 * @param movesMemory false if no run of them moves memory, so that what moving costs cannot matter
 */
export function assumedFigures(scenarios: readonly Scenario[], movesMemory = true): string[] {
  const isUsed = (usesIt: (scenario: Scenario) => boolean): boolean => scenarios.some(usesIt);
  const specs = [...new Set(scenarios.map(({ machine }) => machine.spec))];
  const machine = specs.flatMap((spec) => figuresOf(spec).filter(({ name, figure }) => isAssumed(figure) && !NO_QUANTITY.has(name)));
  const costs = COSTS.filter((cost) => (movesMemory || !MEMORY_COSTS.has(cost)) && isUsed((scenario) => scenario.costs[cost] > 0));
  return [
    ...new Set(machine.map(({ name }) => `machine ${name}`)),
    ...costs.map((cost) => `cost ${cost}`),
    ...(isUsed(({ guests }) => guests.some(({ bootShare }) => bootShare > 0)) ? ['boot'] : []),
    ...(isUsed(({ dom0 }) => dom0 > 0) ? ['dom0'] : []),
    ...(isUsed(({ hostNoise }) => hostNoise > 0) ? ['host-noise'] : []),
  ];
}

/** The scenario with one figure scaled; a figure of the machine only where that is assumed. */
export function varied(scenario: Scenario, { figure, factor }: Variation): Scenario {
  const [kind, name] = figure.split(' ') as [string, string | undefined];
  switch (kind) {
    case 'machine':
      return { ...scenario, machine: scaledMachine(scenario.machine, name!, factor) };
    case 'cost':
      return { ...scenario, costs: { ...scenario.costs, [name!]: Math.max(1, Math.round(scenario.costs[name as CostName] * factor)) } };
    case 'boot':
      return { ...scenario, guests: scenario.guests.map((guest) => ({ ...guest, bootShare: Math.min(1, guest.bootShare * factor) })) };
    case 'dom0':
      return { ...scenario, dom0: scenario.dom0 * factor };
    case 'host-noise':
      return { ...scenario, hostNoise: scenario.hostNoise * factor };
    default:
      throw new RangeError(`variation: figure = ${figure}, want one of assumedFigures`);
  }
}

const scaledMachines = new WeakMap<MachineSpec, Map<string, Scenario['machine']>>();

function scaledMachine(machine: Scenario['machine'], name: string, factor: number): Scenario['machine'] {
  const { spec } = machine;
  const figure = spec[name as keyof MachineSpec] as Figure<unknown> | undefined;
  if (!figure || !isAssumed(figure)) return machine;
  const known = scaledMachines.get(spec) ?? new Map<string, Scenario['machine']>();
  scaledMachines.set(spec, known);
  const key = `${name}/${factor}`;
  const scaled = known.get(key) ?? buildMachine({ ...spec, [name]: { ...figure, value: scale(name, figure.value, factor) } });
  known.set(key, scaled);
  return scaled;
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
