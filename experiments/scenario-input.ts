import type { MachineSpec } from '../sim/machine-spec.ts';
import { buildMachine, type Machine } from '../sim/machine.ts';
import { setupOf } from '../sim/build.ts';
import { MAX_GUEST_BLOCKS } from '../sim/block-table.ts';
import { DEFAULT_WEIGHT } from '../sim/policy-api.ts';
import { type Costs, DEFAULT_COSTS, type GuestSpec, type HotplugEvent, type Scenario } from '../sim/scenario.ts';
import { seconds } from '../sim/units.ts';
import { expandFileWorkload, expandMachineFile, type Programs, type ReadFile } from './file-words.ts';
import { InputError, show } from './input-error.ts';
import { formatNamed } from './named-options.ts';
import { didYouMean } from './nearest-name.ts';
import { niceWeight } from './nice-weights.ts';
import { formatQuantity } from './quantities.ts';
import {
  type CostWords,
  defaultWords,
  type GuestGroup,
  type GuestWords,
  MAX_GUESTS,
  readWords,
  type Registries,
  type ScenarioWords,
  WORDS,
} from './scenario-words.ts';
import { CONFIGURED_WORDS, configuredFault, configuredOf } from './configured-words.ts';
import { vnodesClash, vnumaFault, vnumaOf } from './vnuma-words.ts';
import { type Path, readYaml, type Tree, type YamlTree } from './yaml-tree.ts';

/** Where the words of a scenario come from; a flag wins over the file. */
export interface ScenarioSource {
  readonly flags: Readonly<Record<string, string>>;
  readonly file?: { readonly name: string; readonly text: string } | undefined;
  /** Words that were read before, from whatever they stood in; they win over the file. */
  readonly words?: Readonly<Record<string, Tree>> | undefined;
  /** Reads a file that a word names; left out: from the folder one is in. */
  readonly read?: ReadFile | undefined;
  /** Is told what was assumed or left out of a file that a word names, a line each. */
  readonly remark?: ((line: string) => void) | undefined;
}

const MAX_VCPUS = 131_072;
const MAX_BLOCKS = 2 ** 26;
/** Fewer blocks than this leave nothing of a guest's memory to place. */
const LEAST_BLOCKS = 16;
const DEFAULT_DURATION_NS = seconds(2);
const GUEST_WORDS = [
  'vcpus',
  'memory',
  'vnodes',
  'vnuma',
  'vdistances',
  'vtopology',
  'vnuma-guest',
  'vnuma-host',
  'kind',
  'boot',
  'workload',
] as const;

/**
 * The scenario that flags and file describe, checked as a whole.
 * @throws InputError of one line: where, the value, what was wanted and the nearest name
 */
export function readScenario(source: ScenarioSource, known: Registries): Scenario {
  const file = source.file && readYaml(source.file.name, source.file.text);
  const all = { ...fileWords(file), ...source.words, ...source.flags };
  const { words: withMachine, registries } = expandMachineFile(all, known, source.read);
  const { words: written, programs, remarks } = expandFileWorkload(withMachine, source.read, registries.machines);
  const refuse = (path: Path, message: string): never => {
    throw new InputError(`${placeOf(path, source.flags, file)}${message}`);
  };
  const result = readWords({ ...defaultWords(registries), ...written }, registries);
  if (!result.success) {
    const issue = result.error.issues[0]!;
    const path = issue.path as Path;
    if (issue.code === 'unrecognized_keys') throw new InputError(unknownWord(path, issue.keys[0]!, file));
    refuse(path, ` = ${show(valueAt(written, path))}, ${issue.code === 'custom' ? issue.message : `want ${wantedShape(path)}`}`);
  }
  const words = result.data as ScenarioWords;
  if (typeof words.guests !== 'number') checkFlagsMatter(source.flags, words.guests);
  const guests = withPrograms(guestsOf(words, refuse), programs);
  checkTogether(words, guests, written, refuse);
  checkPrograms(guests, words, refuse);
  checkPolicy(words, refuse);
  for (const remark of remarks) source.remark?.(remark);
  const needsEnd = guests.some((guest) => guest.workload.ends === 'never');
  return {
    machine: builtMachine(words.machine),
    policy: words.policy.entry,
    policyOptions: words.policy.options,
    guests,
    seed: words.seed,
    startGapNs: words.start,
    durationNs: words.duration ?? (needsEnd ? Math.min(DEFAULT_DURATION_NS, words.limit) : null),
    limitNs: words.limit,
    ties: words.ties,
    contention: words.contention,
    hostNoise: words['host-noise'],
    dom0: words.dom0,
    blockBytes: words.block,
    mappingBytes: words.mapping ?? words.block,
    hostCacheBytes: words['host-cache'],
    hotplug: hotplugOf(words, refuse),
    costs: costsOf(words.costs),
    watchdogNs: words.watchdog,
    checks: words.checks,
  };
}

const built = new WeakMap<MachineSpec, Machine>();

/** Machines are only read, so that scenarios share them: a sweep has thousands of few. */
function builtMachine(spec: MachineSpec): Machine {
  const known = built.get(spec) ?? buildMachine(spec);
  built.set(spec, known);
  return known;
}

export const COST_WORDS: readonly (keyof CostWords)[] = [
  'context-switch',
  'exit',
  'ipi',
  'guest-fault',
  'host-fault',
  'cold-cache',
  'guest-slice',
  'hook',
  'helper',
  'hint-fault',
  'sample',
  'mark',
  'split',
  'remap',
  'shootdown',
  'copy',
];

type Refuse = (path: Path, message: string) => never;

function fileWords(file: YamlTree | undefined): Record<string, Tree> {
  if (!file) return {};
  const { value } = file;
  if (typeof value === 'string' && value.startsWith('<'))
    throw new InputError(`${file.locate([])}: another tool's description, want the scenario that numalab guest import makes of it`);
  if (typeof value === 'string' || Array.isArray(value)) {
    throw new InputError(`${file.locate([])}: ${show(value)}, want a mapping such as "workload: kernbench"`);
  }
  return value;
}

/** Guests one by one, with names of their own: those without a name are vm1, vm2, ..., those of a group web1, web2, ... */
function guestsOf(words: ScenarioWords, refuse: Refuse): GuestSpec[] {
  const groups = typeof words.guests === 'number' ? [{ count: words.guests }] : words.guests;
  const total = groups.reduce((sum, group: GuestGroup) => sum + (group.count ?? 1), 0);
  if (total > MAX_GUESTS) refuse(['guests'], `: ${total} guests in all, want at most ${MAX_GUESTS}`);
  const taken = new Set<string>();
  let unnamed = 0;
  const clash = vnodesClash(words);
  if (clash) refuse(['vnuma'], clash);
  groups.forEach((group: GuestGroup, at) => {
    const { nice, weight } = group;
    const ownClash = vnodesClash(group);
    if (ownClash) refuse(['guests', at, 'vnuma'], ownClash);
    if (nice !== undefined && weight !== undefined) refuse(['guests', at, 'weight'], ` = ${weight} beside nice, want one of the two`);
  });
  return groups.flatMap((group: GuestGroup, at) =>
    Array.from({ length: group.count ?? 1 }, (_, i) => {
      const own = group.count === undefined ? group.name : `${group.name}${i + 1}`;
      const name = group.name === undefined ? `vm${++unnamed}` : own!;
      if (taken.has(name)) refuse(['guests', at, 'name'], ` = ${name}, want a name that no other guest has`);
      taken.add(name);
      return guestOf(name, group, words);
    }),
  );
}

function guestOf(name: string, group: GuestGroup, words: Required<GuestWords>): GuestSpec {
  const { entry, options } = (group.workload ?? words.workload)!;
  return {
    name,
    kind: (group.kind ?? words.kind)!,
    vcpus: (group.vcpus ?? words.vcpus)!,
    memoryBytes: (group.memory ?? words.memory)!,
    ...vnumaOf(group, words),
    weight: group.nice === undefined ? (group.weight ?? DEFAULT_WEIGHT) : niceWeight(group.nice),
    cpus: group.cpus ?? null,
    ...configuredOf(group, (group.vcpus ?? words.vcpus)!, vnumaOf(group, words).vnodes),
    capPercent: group.cap ?? 0,
    arrivesNs: group.arrives ?? 0,
    departsNs: group.departs ?? null,
    workload: entry,
    options,
    bootShare: (group.boot ?? words.boot)!,
  };
}

function withPrograms(guests: readonly GuestSpec[], programs: Programs): readonly GuestSpec[] {
  return programs === null ? guests : guests.map((guest, i) => ({ ...guest, workload: programs[i]!, options: {} }));
}

/** A flag for all guests that every entry of the file overrules would be ignored in silence. */
function checkFlagsMatter(flags: Readonly<Record<string, string>>, groups: readonly GuestGroup[]): void {
  for (const word of GUEST_WORDS) {
    if (flags[word] !== undefined && groups.every((group) => group[word] !== undefined)) {
      throw new InputError(`--${word} = ${show(flags[word])}, but every guest of the file says its own ${word}; want one of the two`);
    }
  }
}

/** What no word shows alone: sums, and one word against another. */
function checkTogether(
  words: ScenarioWords,
  guests: readonly GuestSpec[],
  written: Readonly<Record<string, unknown>>,
  refuse: Refuse,
): void {
  const { machine, block } = words;
  const blame: Path = typeof words.guests === 'number' && 'memory' in written ? ['memory'] : ['guests'];
  for (const guest of guests) {
    if (guest.memoryBytes < LEAST_BLOCKS * block) {
      refuse(['block'], ` = ${size(block)}, want at most 1/${LEAST_BLOCKS} of the memory of ${guest.name} (${size(guest.memoryBytes)})`);
    }
    if (guest.memoryBytes % block !== 0) {
      refuse(blame, `: ${guest.name} has ${size(guest.memoryBytes)}, want a multiple of the block (${size(block)})`);
    }
    const blocks = guest.memoryBytes / block;
    if (blocks > MAX_GUEST_BLOCKS) {
      refuse(['block'], ` = ${size(block)}, want larger: ${blocks} blocks of ${guest.name}, at most ${MAX_GUEST_BLOCKS} a guest`);
    }
    checkVnuma(guest, words, written, refuse);
    checkMapping(guest, words, refuse);
    checkCpus(guest, machine, refuse);
    const fault = configuredFault(guest, words);
    if (fault) refuse(['guests'], `: ${guest.name} ${fault}`);
    if (guest.departsNs !== null && guest.departsNs <= guest.arrivesNs) refuse(['guests'], `: ${guest.name} departs before it arrives`);
    if (guest.capPercent > 0 && !words.policy.entry.claims?.caps) {
      const { name } = words.policy.entry;
      const wanted = name === 'as-configured' ? 'as-configured-xen, which does' : 'a policy that does (policy list)';
      refuse(['guests'], `: ${guest.name} has a cap, which ${name} does not enforce, want ${wanted}`);
    }
  }
  const memoryBytes = sum(guests, (guest) => guest.memoryBytes);
  const machineBytes = machine.memoryGiB.value.reduce((total, GiB) => total + GiB * 1024 ** 3, 0);
  if (memoryBytes > machineBytes) {
    refuse(
      blame,
      `: ${guests.length === 1 ? '1 guest' : `${guests.length} guests`} of ${size(memoryBytes)} in all, want at most the ${size(machineBytes)} of ${machine.name}`,
    );
  }
  if (words.mapping !== null && words.mapping < block)
    refuse(['mapping'], ` = ${size(words.mapping)}, want at least the block (${size(block)})`);
  const machineBlocks = machine.memoryGiB.value.reduce((total, GiB) => total + Math.floor((GiB * 1024 ** 3) / block), 0);
  if (words['host-cache'] > machineBlocks * block) {
    refuse(['host-cache'], ` = ${size(words['host-cache'])}, want at most the ${size(machineBlocks * block)} of ${machine.name}`);
  }
  if (memoryBytes / block > MAX_BLOCKS)
    refuse(['block'], ` = ${size(block)}, want larger: ${memoryBytes / block} blocks, at most ${MAX_BLOCKS}`);
  const vcpus = sum(guests, (guest) => guest.vcpus);
  if (vcpus > MAX_VCPUS) refuse(['guests'], `: ${vcpus} vCPUs in all, want at most ${MAX_VCPUS}`);
  if (words.duration !== undefined && words.duration > words.limit) {
    refuse(['duration'], ` = ${show(written.duration)}, want at most the limit (${formatQuantity('time', words.limit)})`);
  }
}

/** A huge mapping lies on one node, so it must not span two virtual ones that are hosted apart. */
function checkMapping({ name, memoryBytes, vnodes, vnuma }: GuestSpec, { mapping }: ScenarioWords, refuse: Refuse): void {
  if (mapping === null || !vnuma || vnuma.hosting === 'break') return;
  const sizes = vnuma.nodes ? vnuma.nodes.map((node) => node.memoryBytes) : [memoryBytes / vnodes];
  if (sizes.some((bytes) => bytes % mapping !== 0))
    refuse(['mapping'], ` = ${size(mapping)}, want the virtual nodes of ${name} to be multiples of it, as each has a host node of its own`);
}

function checkCpus({ name, cpus }: GuestSpec, machine: MachineSpec, refuse: Refuse): void {
  const count = machine.nodeCpus.reduce((total, node) => total + node, 0);
  const none = cpus?.find((cpu) => cpu >= count);
  if (none !== undefined) refuse(['guests'], `: ${name} may use CPU ${none}, want 0 to ${count - 1}, those of ${machine.name}`);
}

function checkVnuma(guest: GuestSpec, words: ScenarioWords, written: Readonly<Record<string, unknown>>, refuse: Refuse): void {
  const fault = vnumaFault(guest, words.block, words.machine);
  if (fault) refuse(typeof written.guests === 'object' && !(fault.word in written) ? ['guests'] : [fault.word], fault.message);
}

function checkPolicy({ policy, machine }: ScenarioWords, refuse: Refuse): void {
  try {
    policy.entry.check?.(policy.options, machine.nodeCpus.length, machine.nodeCpus);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    refuse(['policy'], ` = ${formatNamed(policy.entry, policy.options)}: ${error.message}`);
  }
}

/** Builds each kind of guest's program once, as a run would: what does not fit the guest is refused before anything runs. */
function checkPrograms(guests: readonly GuestSpec[], words: ScenarioWords, refuse: Refuse): void {
  const seen = new Set<string>();
  for (const guest of guests) {
    const kind = JSON.stringify([guest.workload.name, guest.options, guest.vcpus, guest.memoryBytes, guest.bootShare]);
    if (seen.has(kind)) continue;
    seen.add(kind);
    try {
      guest.workload.build(guest.options, setupOf(words.machine, words.block, words.seed, guest));
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      refuse(['workload'], ` of ${guest.name}: ${error.message}`);
    }
  }
}

/** Events of CPUs that go and come, in time; a machine keeps one CPU at any moment. */
function hotplugOf({ hotplug = [], machine }: ScenarioWords, refuse: Refuse): HotplugEvent[] {
  const cpus = machine.nodeCpus.reduce((total, count) => total + count, 0);
  const events = hotplug.flatMap(({ cpu, offline, online }, at): HotplugEvent[] => {
    if (cpu >= cpus) refuse(['hotplug', at, 'cpu'], ` = ${cpu}, want 0 to ${cpus - 1}`);
    if (online !== undefined && online <= offline) refuse(['hotplug', at, 'online'], ': want later than offline');
    const goes = { atNs: offline, cpu, isOnline: false };
    return online === undefined ? [goes] : [goes, { atNs: online, cpu, isOnline: true }];
  });
  events.sort((a, b) => a.atNs - b.atNs || Number(b.isOnline) - Number(a.isOnline) || a.cpu - b.cpu);
  const off = new Set<number>();
  for (const { cpu, isOnline } of events) {
    if (!isOnline && off.has(cpu)) refuse(['hotplug'], `: CPU ${cpu} goes twice without coming back`);
    if (isOnline) off.delete(cpu);
    else off.add(cpu);
    if (off.size === cpus) refuse(['hotplug'], ': no CPU would be left, want one on line at any moment');
  }
  return events;
}

function costsOf(words: CostWords = {}): Costs {
  return {
    contextSwitchNs: words['context-switch'] ?? DEFAULT_COSTS.contextSwitchNs,
    exitNs: words.exit ?? DEFAULT_COSTS.exitNs,
    ipiNs: words.ipi ?? DEFAULT_COSTS.ipiNs,
    guestFaultNs: words['guest-fault'] ?? DEFAULT_COSTS.guestFaultNs,
    hostFaultNs: words['host-fault'] ?? DEFAULT_COSTS.hostFaultNs,
    coldCache: words['cold-cache'] ?? DEFAULT_COSTS.coldCache,
    guestSliceNs: words['guest-slice'] ?? DEFAULT_COSTS.guestSliceNs,
    hookNs: words.hook ?? DEFAULT_COSTS.hookNs,
    helperNs: words.helper ?? DEFAULT_COSTS.helperNs,
    hintFaultNs: words['hint-fault'] ?? DEFAULT_COSTS.hintFaultNs,
    sampleNs: words.sample ?? DEFAULT_COSTS.sampleNs,
    markNs: words.mark ?? DEFAULT_COSTS.markNs,
    splitNs: words.split ?? DEFAULT_COSTS.splitNs,
    remapNs: words.remap ?? DEFAULT_COSTS.remapNs,
    shootdownNs: words.shootdown ?? DEFAULT_COSTS.shootdownNs,
    copyShare: words.copy ?? DEFAULT_COSTS.copyShare,
  };
}

/** `--memory`, `scenario.yaml:4:17: guests[0].memory`, or the bare word where a default is at fault. */
function placeOf(path: Path, flags: Readonly<Record<string, string>>, file: YamlTree | undefined): string {
  const [word] = path;
  if (Object.hasOwn(flags, word!)) return `--${word}`;
  const isWritten = file !== undefined && Object.hasOwn(file.value as object, word!);
  return isWritten ? `${file.locate(path)}: ${pathText(path)}` : pathText(path);
}

function unknownWord(path: Path, word: string, file: YamlTree | undefined): string {
  const place = file ? `${file.locateKey([...path, word])}: ` : '';
  const known = knownAt(path);
  return `${place}${pathText([...path, show(word)])}: unknown, want ${known.join(', ')}${didYouMean(word, known)}`;
}

function knownAt(path: Path): readonly string[] {
  if (path[0] === 'guests')
    return ['name', 'count', ...GUEST_WORDS, 'weight', 'nice', 'cpus', ...CONFIGURED_WORDS, 'cap', 'arrives', 'departs'];
  if (path[0] === 'hotplug') return ['cpu', 'offline', 'online'];
  if (path[0] === 'costs') return COST_WORDS;
  return [...WORDS.map((word) => word.name), 'costs', 'hotplug'];
}

function wantedShape(path: Path): string {
  if (path[0] === 'hotplug') return 'a list such as [{cpu: 3, offline: 1s, online: 2s}]';
  if (path[0] === 'costs') return 'a mapping such as {context-switch: 2us}';
  return path.length === 1 ? 'a count, or a list of guests' : 'a mapping such as {name: web, vcpus: 2}';
}

function valueAt(tree: unknown, path: Path): unknown {
  return path.reduce<unknown>((at, key) => (at as Record<string | number, unknown>)[key], tree);
}

function pathText(path: Path): string {
  return path.map((part, i) => (typeof part === 'number' ? `[${part}]` : i === 0 ? part : `.${part}`)).join('');
}

function size(bytes: number): string {
  return formatQuantity('bytes', bytes);
}

function sum(guests: readonly GuestSpec[], of: (guest: GuestSpec) => number): number {
  return guests.reduce((total, guest) => total + of(guest), 0);
}
