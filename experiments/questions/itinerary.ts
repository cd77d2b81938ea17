import type { OptionSpec, OptionValues } from '../../sim/options.ts';
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
  /** Guests whose memory the policy may move; left out, all. */
  readonly moves?: (guest: number) => boolean;
}

/** How exactly times are kept: what a daemon's period is. */
const PERIOD_NS = ms(1);

/**
 * A policy whose guests are sent about by a script, as an administrator with taskset would: each starts held on its home node (the first
 * that the policy prefers for it, else one node in turn), so that its memory is there, and goes where its itinerary says.
 */
export function travelling({ name, summary, base, options, itinerary, moves = () => true }: Travel): PolicyEntry {
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
        placement: atHome(policy.placement, homes),
        memory: restricted(policy.memory, moves),
        daemons: [...(policy.daemons ?? []), guide(homes, (guest) => itinerary(guest, values))],
      };
    },
  };
}

/** What the policy's placement says, but held on the first of the nodes it prefers. */
function atHome(base: PlacementPolicy | undefined, homes: NodeId[]): PlacementPolicy {
  let turn = 0;
  return {
    name: 'at home',
    place(k, guest): Placement {
      const placement = base?.place(k, guest) ?? FLOATING;
      const home = placement.softNodes?.[0] ?? placement.hardNodes?.[0] ?? (((turn++ * STEP) % k.nodeCount) as NodeId);
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
