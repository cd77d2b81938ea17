import { CONTROLLER, type Machine } from '../../sim/machine.ts';

/** A flow as a person would write it down: shares of its lines by node pair (CPU's node * N + memory's node). */
export interface FlowSpec {
  readonly baseNs: number;
  readonly lines: number;
  readonly inFlight: number;
  readonly uses: readonly { readonly pair: number; readonly share: number; readonly writeShare: number }[];
}

/** Delays and times per unit that fit the flows. */
export interface Equilibrium {
  readonly delayNs: number[];
  readonly unitNs: number[];
}

const BISECTIONS = 60;
const SWEEPS = 50_000;
const STILL = 1e-13;

/**
 * The obvious way to the equilibrium: all delays from zero, then again and again each delay in turn is bisected until its traffic
 * fits, the others held, until none moves. Slow and without memory: the twin of Contention.
 */
export function slowEquilibrium(machine: Machine, flows: readonly FlowSpec[]): Equilibrium {
  const loads = flows.map((flow) => loadOf(machine, flow));
  const delayNs = new Array<number>(machine.resourceCount).fill(0);
  const unitOf = (flow: number): number => {
    let waitNs = 0;
    for (const [resource, amount] of loads[flow]!) waitNs += amount * delayNs[resource]!;
    return flows[flow]!.baseNs + (flows[flow]!.lines / flows[flow]!.inFlight) * waitNs;
  };
  const members = delayNs.map((_, resource) => flows.map((__, flow) => flow).filter((flow) => loads[flow]!.has(resource)));
  const traffic = (resource: number): number =>
    members[resource]!.reduce((sum, flow) => sum + (flows[flow]!.lines * loads[flow]!.get(resource)!) / unitOf(flow), 0);
  const isTooBusy = (resource: number, delay: number): boolean => {
    delayNs[resource] = delay;
    return traffic(resource) > allowedTraffic(machine, resource, delay);
  };

  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    let moved = 0;
    for (let resource = 0; resource < delayNs.length; resource++) {
      if (members[resource]!.length === 0) continue;
      const before = delayNs[resource]!;
      let low = 0;
      let high = 0;
      if (isTooBusy(resource, 0)) {
        high = Math.max(1, before);
        while (isTooBusy(resource, high)) high *= 2;
        for (let step = 0; step < BISECTIONS; step++) {
          const middle = (low + high) / 2;
          if (isTooBusy(resource, middle)) low = middle;
          else high = middle;
        }
      }
      delayNs[resource] = high;
      moved = Math.max(moved, Math.abs(high - before) / Math.max(1, high));
    }
    if (moved < STILL) return { delayNs, unitNs: flows.map((_, flow) => unitOf(flow)) };
  }
  throw new Error('the slow equilibrium does not settle');
}

/** What may flow through a resource whose delay is this: all of its capacity, or of a controller the use u at which rise * u / (1 - curve * u) is this. */
export function allowedTraffic(machine: Machine, resource: number, delayNs: number): number {
  const capacity = machine.capacity[resource]!;
  if (machine.resourceKind[resource] !== CONTROLLER || machine.riseNs[resource] === 0) return capacity;
  return capacity * Math.min(1, delayNs / (machine.riseNs[resource]! + machine.curve * delayNs));
}

/** Use of each resource by one line of the flow. */
export function loadOf(machine: Machine, flow: FlowSpec): Map<number, number> {
  const load = new Map<number, number>();
  for (const { pair, share, writeShare } of flow.uses) {
    for (let use = machine.useStart[pair]!; use < machine.useStart[pair + 1]!; use++) {
      const amount = share * ((1 - writeShare) * machine.useRead[use]! + writeShare * machine.useWrite[use]!);
      if (amount > 0) load.set(machine.useResource[use]!, (load.get(machine.useResource[use]!) ?? 0) + amount);
    }
  }
  return load;
}
