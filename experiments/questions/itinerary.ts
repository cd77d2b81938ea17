import { policyNamed } from '../../policies/index.ts';
import { numberOption, type OptionSpec, type OptionValues } from '../../sim/options.ts';
import {
  type Actuators,
  type Daemon,
  FLOATING,
  type Kernel,
  type MemoryPolicy,
  type Placement,
  type PlacementPolicy,
  type Policy,
  type PolicyEntry,
} from '../../sim/policy-api.ts';
import { type CpuId, type GuestId, ms, type NodeId, type VcpuId } from '../../sim/units.ts';

/** From a time on a guest's vCPUs may run on its home node only, on the node farthest from that, or anywhere. */
export interface Leg {
  readonly atNs: number;
  readonly where: 'home' | 'away' | 'anywhere';
}

/** Who is where when, by the number of the guest. */
export type Itinerary = (guest: number, options: OptionValues) => readonly Leg[];

export interface Travel {
  readonly name: string;
  readonly summary: string;
  /** The policy to which this happens. */
  readonly base: PolicyEntry;
  readonly options: readonly OptionSpec[];
  readonly itinerary: Itinerary;
  /** The guest whose home a guest shares; left out, each has its own. */
  readonly lodgesWith?: (guest: number, options: OptionValues) => number;
  /** Guests whose memory the policy may move; left out, all. */
  readonly moves?: (guest: number) => boolean;
}

/** How exactly times are kept: what a daemon's period is. */
const PERIOD_NS = ms(1);

/**
 * A policy whose guests are sent about by a script, as an administrator with taskset would: each starts held on its home node (the first
 * that the policy prefers for it, else one node in turn), so that its memory is there, and goes where its itinerary says.
 */
export function travelling({ name, summary, base, options, itinerary, lodgesWith, moves = () => true }: Travel): PolicyEntry {
  return {
    ...base,
    name,
    summary,
    source: `${base.source}; a script of the experiment`,
    options: [...options, ...base.options],
    make(values): Policy {
      const policy = base.make(values);
      const homes: NodeId[] = [];
      return {
        ...policy,
        name,
        placement: atHome(policy.placement, homes, (guest) => lodgesWith?.(guest, values) ?? guest),
        memory: restricted(policy.memory, moves),
        daemons: [...(policy.daemons ?? []), guide(homes, (guest) => itinerary(guest, values))],
      };
    },
  };
}

/** What the policy's placement says, but held on the first of the nodes it prefers. */
function atHome(base: PlacementPolicy | undefined, homes: NodeId[], hostOf: (guest: number) => number): PlacementPolicy {
  let turn = 0;
  return {
    name: 'at home',
    place(k, guest): Placement {
      const placement = base?.place(k, guest) ?? FLOATING;
      const own = placement.softNodes?.[0] ?? placement.hardNodes?.[0] ?? (((turn++ * STEP) % k.nodeCount) as NodeId);
      const home = homes[hostOf(guest)] ?? own;
      homes[guest] = home;
      return { ...placement, hardNodes: [home] };
    },
  };
}

/** Odd, so that with a power of two of nodes each gets its turn, and guests that follow one another are not neighbours. */
const STEP = 3;

function guide(homes: readonly NodeId[], legsOf: (guest: number) => readonly Leg[]): Daemon {
  const done: number[] = []; // [guest] legs begun
  return {
    name: 'guide',
    periodNs: PERIOD_NS,
    step(k, act) {
      homes.forEach((home, guest) => {
        const legs = legsOf(guest);
        for (let next = (done[guest] ??= 0); next < legs.length && legs[next]!.atNs <= k.nowNs; next = ++done[guest]!) {
          send(k, act, guest as GuestId, home, legs[next]!.where);
        }
      });
    },
  };
}

function send(k: Kernel, act: Actuators, guest: GuestId, home: NodeId, where: Leg['where']): void {
  const node = where === 'away' ? k.nthNearest(home, k.nodeCount - 1) : home;
  const cpus = Array.from({ length: k.nodeCpuCount(node) }, (_, i) => (k.nodeFirstCpu(node) + i) as CpuId);
  const first = k.guestFirstVcpu(guest);
  for (let i = 0; i < k.guestVcpuCount(guest); i++) act.setAffinity((first + i) as VcpuId, where === 'anywhere' ? null : cpus);
}

/** Tells the policy nothing of what the others do with their memory, so it leaves it where it is. */
function restricted(memory: MemoryPolicy, moves: (guest: number) => boolean): MemoryPolicy {
  const { onSample, onHintFault } = memory;
  return {
    ...memory,
    ...(onSample && { onSample: (k, sample) => void (moves(sample.guest) && onSample.call(memory, k, sample)) }),
    ...(onHintFault && { onHintFault: (k, fault) => void (moves(fault.guest) && onHintFault.call(memory, k, fault)) }),
  };
}

/** The policy of this name. @throws RangeError for none */
export function baseNamed(name: string): PolicyEntry {
  const base = policyNamed(name);
  if (!base) throw new RangeError(`policy ${name}: unknown`);
  return base;
}

const at: OptionSpec = { name: 'at', summary: 'when guests are sent away', kind: 'time', default: ms(300), min: ms(1) };

/** The policy by the name `away-...`: all guests are sent away from their memory, `at` a time, and held there. */
export function sentAway(name: string): PolicyEntry {
  return travelling({
    name: `away-${name}`,
    summary: `As ${name}, but guests are held far from where they took their memory.`,
    base: baseNamed(name),
    options: [at],
    itinerary: (_guest, options) => [{ atNs: numberOption(options, 'at'), where: 'away' }],
  });
}

/** How long those who go astray are held there. */
const ASTRAY_NS = ms(10);

/** The policy by the name `astray-...`: the first `of` guests are sent away from their memory, `at` a time, and are free from then on; others stay. */
export function sentAstray(name: string, base: PolicyEntry = baseNamed(name)): PolicyEntry {
  return travelling({
    name: `astray-${name}`,
    summary: `As ${name}, but guests find themselves far from where they took their memory.`,
    base,
    options: [at, { name: 'of', summary: 'how many guests; the others share the home of the first', kind: 'count', default: 1024, min: 1 }],
    lodgesWith: (guest, options) => (guest < numberOption(options, 'of') ? guest : 0),
    itinerary: (guest, options) => {
      if (guest >= numberOption(options, 'of')) return [];
      const atNs = numberOption(options, 'at');
      return [
        { atNs, where: 'away' },
        { atNs: atNs + ASTRAY_NS, where: 'anywhere' },
      ];
    },
  });
}
