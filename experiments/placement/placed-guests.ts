import type { CpuChoice, GuestCell, GuestDescription, MemoryBinding } from '../../formats/guest-description.ts';
import { DEFAULT_WEIGHT } from '../../sim/policy-api.ts';
import type { GuestPlaces, Places, Recording, VcpuPlaces } from '../../sim/recording.ts';
import type { GuestSpec, Scenario } from '../../sim/scenario.ts';
import { layoutOf, PLAIN_VNUMA } from '../../sim/vnuma.ts';
import { type HostIds, hostIdsOf, idsOfCpus, idsOfNodes } from './host-ids.ts';
import { nodesText, type Note, type RuleInWords, ruleInWords, unsaid } from './memory-rule.ts';

/** The moment whose masks are told: when a guest came, or when the run ended. */
export type Moment = 'start' | 'end';

/** A guest where a policy put it, by the ids of the operating system. */
export interface PlacedGuest {
  readonly name: string;
  /** `bare` is a group of processes, which numactl alone can hold. */
  readonly isBare: boolean;
  readonly placedNs: number | null;
  readonly description: GuestDescription;
  readonly rule: RuleInWords;
  readonly vcpus: readonly PlacedVcpu[];
  /** Of its memory at the end, by node, where there is some. */
  readonly bytesAtEnd: readonly { readonly node: number; readonly bytes: number }[];
  /** What tools cannot be told. */
  readonly notes: readonly Note[];
}

/** CPUs by rising id, null for all or for no preference. */
export interface PlacedVcpu {
  readonly held: readonly number[] | null;
  readonly rather: readonly number[] | null;
  readonly heldAtEnd: readonly number[] | null;
  readonly ratherAtEnd: readonly number[] | null;
  readonly ran: readonly { readonly cpu: number; readonly ns: number }[];
}

/** All guests of a run, which must have been asked for its places. */
export function placedGuests(scenario: Scenario, recording: Recording, moment: Moment): PlacedGuest[] {
  const { places } = recording;
  if (!places) throw new RangeError('places = nothing, want a recording of a scenario with tellsPlaces');
  const host = hostIdsOf(scenario.machine);
  return scenario.guests.map((spec, i) =>
    placedGuest(scenario, spec, places, places.guests[i]!, recording.guests[i]!.blocksByNode, host, moment),
  );
}

function placedGuest(
  { blockBytes }: Scenario,
  spec: GuestSpec,
  { memory }: Places,
  told: GuestPlaces,
  blocksByNode: readonly number[],
  host: HostIds,
  moment: Moment,
): PlacedGuest {
  const rule = ruleOf(spec, memory, told, host);
  const vcpus = told.vcpus.map((vcpu) => vcpuOf(vcpu, host));
  const description: GuestDescription = {
    name: spec.name,
    kind: spec.kind === 'bare' ? 'kvm' : spec.kind,
    vcpus: spec.vcpus,
    memoryBytes: spec.memoryBytes,
    pins: vcpus.map((vcpu) => choiceOf(moment === 'start' ? vcpu.held : vcpu.heldAtEnd)),
    softPins: vcpus.map((vcpu) =>
      choiceOf(moment === 'start' ? preferred(vcpu.held, vcpu.rather) : preferred(vcpu.heldAtEnd, vcpu.ratherAtEnd)),
    ),
    cells: cellsOf(spec, blockBytes, told, memory, host),
    distances: (spec.vnuma ?? PLAIN_VNUMA).distances,
    topology: topologyOf(spec),
    memory: rule.binding,
    isPreallocated: spec.vnodes === 1 && spec.configured?.preallocated[0] === true,
    weight: spec.weight === DEFAULT_WEIGHT ? null : spec.weight,
    capPercent: spec.capPercent === 0 ? null : spec.capPercent,
    unsimulated: [],
    ignored: [],
  };
  return {
    name: spec.name,
    isBare: spec.kind === 'bare',
    placedNs: told.placedNs,
    description,
    rule,
    vcpus,
    bytesAtEnd: blocksByNode.flatMap((blocks, node) => (blocks > 0 ? [{ node: host.nodeIds[node]!, bytes: blocks * blockBytes }] : [])),
    notes: [...rule.notes, ...changeNotes(vcpus, moment), ...vnumaNotes(spec)],
  };
}

/** A guest's own configuration, where the policy heeds it; else what the policy does with all. */
function ruleOf({ configured }: GuestSpec, memory: Places['memory'], told: GuestPlaces, host: HostIds): RuleInWords {
  const nodes = idsOfNodes(told.memoryNodes, host);
  if (memory.name !== 'configured' || memory.backs !== 'first-touch') return ruleInWords(memory, nodes, host.nodeIds);
  const rule = configured?.memory ?? null;
  const binding = rule && { mode: rule.mode, nodes: idsOfNodes(rule.nodes, host) };
  const text = binding === null ? 'first touch' : `${binding.mode}${binding.nodes.length > 0 ? ` on ${nodesText(binding.nodes)}` : ''}`;
  return { text: `as configured: ${text}`, binding, numactl: null, notes: [] };
}

function vcpuOf({ hardCpus, softCpus, hardCpusAtEnd, softCpusAtEnd, ranNs }: VcpuPlaces, host: HostIds): PlacedVcpu {
  return {
    held: idsOfCpus(hardCpus, host),
    rather: idsOfCpus(softCpus, host),
    heldAtEnd: idsOfCpus(hardCpusAtEnd, host),
    ratherAtEnd: idsOfCpus(softCpusAtEnd, host),
    ran: ranNs.map(({ cpu, ns }) => ({ cpu: host.cpuIds[cpu]!, ns })),
  };
}

/** A preference for all that a vCPU may use, or more, is none. */
function preferred(held: readonly number[] | null, rather: readonly number[] | null): readonly number[] | null {
  return held !== null && rather !== null && held.every((cpu) => rather.includes(cpu)) ? null : rather;
}

function choiceOf(cpus: readonly number[] | null): CpuChoice | null {
  return cpus && { cpus };
}

/** Virtual nodes, each with its memory where the host keeps it. */
function cellsOf(spec: GuestSpec, blockBytes: number, { vnodeNodes }: GuestPlaces, memory: Places['memory'], host: HostIds): GuestCell[] {
  if (spec.vnodes === 1) return [];
  const layout = layoutOf(spec, spec.memoryBytes / blockBytes);
  const bindingOf = (cell: number): MemoryBinding | null => {
    const kept = vnodeNodes?.[cell];
    if (kept !== undefined) return { mode: memory.fallback === 'within' ? 'strict' : 'preferred', nodes: idsOfNodes([kept], host) };
    const rule = heedsGuests(memory) ? (spec.configured?.vnodeMemory[cell] ?? null) : null;
    return rule && { mode: rule.mode, nodes: idsOfNodes(rule.nodes, host) };
  };
  return Array.from({ length: layout.count }, (_, cell) => ({
    vcpus: Array.from(layout.vcpuVnode.keys()).filter((vcpu) => layout.vcpuVnode[vcpu] === cell),
    memoryBytes: (layout.firstBlock[cell + 1]! - layout.firstBlock[cell]!) * blockBytes,
    memory: bindingOf(cell),
    isPreallocated: spec.configured?.preallocated[cell] === true,
  }));
}

/** Whether a guest's own words on its virtual nodes are what happens. */
function heedsGuests({ name, backs }: Places['memory']): boolean {
  return name === (backs === 'at-build' ? 'configured-at-build' : 'configured');
}

function topologyOf({ vnuma = PLAIN_VNUMA }: GuestSpec): GuestDescription['topology'] {
  return vnuma.topology && { ...vnuma.topology, dies: 1 };
}

/** Masks that something changed while the guest ran; what is exported is one of the two. */
function changeNotes(vcpus: readonly PlacedVcpu[], moment: Moment): Note[] {
  const changed = vcpus.flatMap(({ held, heldAtEnd, rather, ratherAtEnd }, vcpu) =>
    String(held) === String(heldAtEnd) && String(rather) === String(ratherAtEnd) ? [] : [vcpu],
  );
  if (changed.length === 0) return [];
  const told = moment === 'start' ? 'when the guest came (--at end for the others)' : 'when the run ended';
  return [unsaid(`the policy changed the CPUs of ${changed.length} of ${vcpus.length} vCPUs while the guest ran; told are those ${told}`)];
}

function vnumaNotes({ vnuma = PLAIN_VNUMA }: GuestSpec): Note[] {
  if (vnuma.uncoveredBytes === 0) return [];
  return [unsaid('memory that no virtual node mentions is counted with the last one: no tool here leaves any unmentioned')];
}
