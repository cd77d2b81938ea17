import * as z from 'zod/mini';
import type { MachineSpec } from '../sim/machine-spec.ts';
import type { OptionValues } from '../sim/options.ts';
import type { GuestKind, PolicyEntry } from '../sim/policy-api.ts';
import type { Scenario } from '../sim/scenario.ts';
import type { WorkloadEntry } from '../sim/workload-api.ts';
import { GiB, KiB, MiB, ms, seconds, us } from '../sim/units.ts';
import { FILE_PREFIXES } from './file-prefixes.ts';
import { InputError } from './input-error.ts';
import { parseNamed, wantMachine, wantOneOf } from './named-options.ts';
import { didYouMean } from './nearest-name.ts';
import { parseQuantity, type QuantityKind, wantQuantity } from './quantities.ts';
import { type ConfiguredWords, parseMembind, parsePins, parsePrealloc, parseVnodeMembind } from './configured-words.ts';
import { parseVdistances, parseVnuma, parseVnumaHost, parseVtopology, type VnumaWords } from './vnuma-words.ts';

interface Word {
  readonly name: string;
  readonly summary: string;
  readonly default?: string;
  /** true or false; as a flag it stands alone for true. */
  readonly isSwitch?: boolean;
}

/** The words of a run, the same as flags and in a file, with what they mean and what holds when they are left out. */
export const WORDS: readonly Word[] = [
  { name: 'machine', summary: 'machine, by name or a file of one such as ./host.yaml; left out: the first of machine list' },
  { name: 'policy', summary: 'policy and its options, such as apart:margin=0.2; left out: the first of policy list' },
  {
    name: 'workload',
    summary:
      'workload and its options, such as kernbench:jobs=200,j=2, or rt-app:FILE, trace:FILE, perf-stat:FILE; left out: the first of workload list',
  },
  { name: 'lenient', summary: "leave out what cannot be simulated of a workload's file, which is refused otherwise", isSwitch: true },
  { name: 'guests', summary: 'how many guests; in a file also a list of them', default: '1' },
  { name: 'vcpus', summary: 'vCPUs of each guest', default: '1' },
  { name: 'memory', summary: 'memory of each guest', default: '1GiB' },
  { name: 'vnodes', summary: 'virtual nodes of each guest, over which its memory and its vCPUs are divided', default: '1' },
  {
    name: 'vnuma',
    summary:
      'parts that are not equal, vCPUs:memory of each virtual node such as 0-3:3GiB/4,5:1GiB; none:512MiB is memory that no node has',
    default: 'equal',
  },
  {
    name: 'vdistances',
    summary: 'distances of virtual nodes the guest is told, 21 for every pair or rows such as 10,21/21,10; none for 10 and 20',
    default: 'none',
  },
  {
    name: 'vtopology',
    summary: 'sockets, each with a last-level cache, that the guest is shown, such as sockets=2,cores=6,threads=1; none for one socket',
    default: 'none',
  },
  {
    name: 'vnuma-guest',
    summary: 'whether the guest looks at its tables: on, or off (numa=off, as PV kernels of mainline Linux)',
    default: 'on',
  },
  {
    name: 'vnuma-host',
    summary:
      'break: placed as if it had none; keep: each virtual node on a host node of its own; moved:2s: its vCPUs on that of the next from then on',
    default: 'break',
  },
  { name: 'kind', summary: 'what the guests are: kvm, xen-hvm, xen-pv or bare processes', default: 'kvm' },
  { name: 'boot', summary: 'share of its memory a guest touches while it boots, 0 to 1', default: '0.5' },
  {
    name: 'duration',
    summary:
      'how long to run from the start of the instances, their setting up included; left out: 2s for workloads that never end, else until all have ended',
  },
  { name: 'limit', summary: 'simulated time after which a run is stopped in any case', default: '60min' },
  { name: 'start', summary: 'together, or staggered:10ms for one guest after the other', default: 'together' },
  { name: 'seed', summary: 'whole number that all chance is drawn from', default: '1' },
  { name: 'ties', summary: 'order of events of one instant: by id, or seeded', default: 'id' },
  { name: 'contention', summary: 'how traffic shares controllers and links: fifo queues, or max-min fair sharing', default: 'fifo' },
  { name: 'host-noise', summary: 'scale of the background load of the host; 0 switches it off', default: '1' },
  { name: 'dom0', summary: "scale of the load of Xen's privileged guest, a vCPU for each CPU; 0 leaves it out", default: '0' },
  { name: 'block', summary: 'unit of memory placement, a power of two', default: '2MiB' },
  { name: 'mapping', summary: 'what the host maps at once, a power of two of blocks (huge pages); block for one', default: 'block' },
  { name: 'host-cache', summary: "memory the host's page cache holds before guests arrive, from node 0 on", default: '0' },
  { name: 'watchdog', summary: 'how long a vCPU may wait for a CPU before the policy is at fault', default: '30s' },
  { name: 'checks', summary: 'invariants to check while running: cheap or all', default: 'cheap' },
];

export interface Registries {
  readonly machines: readonly MachineSpec[];
  readonly policies: readonly PolicyEntry[];
  readonly workloads: readonly WorkloadEntry[];
}

export interface Chosen<Entry> {
  readonly entry: Entry;
  readonly options: OptionValues;
}

/** What holds for words left out; of machines, policies and workloads the first of each. */
export function defaultWords({ machines, policies, workloads }: Registries): Record<string, string> {
  const words: Record<string, string> = { machine: machines[0]!.name, policy: policies[0]!.name, workload: workloads[0]!.name };
  for (const word of WORDS) if (word.default !== undefined) words[word.name] = word.default;
  return words;
}

/** What may be said for all guests, or for those of one entry of the list. */
export interface GuestWords extends VnumaWords {
  readonly vcpus?: number | undefined;
  readonly memory?: number | undefined;
  readonly kind?: GuestKind | undefined;
  readonly boot?: number | undefined;
  readonly workload?: Chosen<WorkloadEntry> | undefined;
}

export interface GuestGroup extends GuestWords, ConfiguredWords {
  readonly name?: string | undefined;
  readonly count?: number | undefined;
  readonly weight?: number | undefined;
  readonly nice?: number | undefined;
  readonly cpus?: readonly number[] | undefined;
  readonly cap?: number | undefined;
  readonly arrives?: number | undefined;
  readonly departs?: number | undefined;
}

/** A CPU that goes off line and, if said, comes back. */
export interface HotplugWords {
  readonly cpu: number;
  readonly offline: number;
  readonly online?: number | undefined;
}

/** Each word by itself is sound; how they go together is not checked yet. */
export interface ScenarioWords extends Required<GuestWords> {
  readonly machine: MachineSpec;
  readonly policy: Chosen<PolicyEntry>;
  readonly guests: number | readonly GuestGroup[];
  readonly duration?: number | undefined;
  readonly limit: number;
  readonly start: number;
  readonly seed: string;
  readonly ties: Scenario['ties'];
  readonly contention: Scenario['contention'];
  readonly 'host-noise': number;
  readonly dom0: number;
  readonly 'host-cache': number;
  readonly block: number;
  /** null for one block. */
  readonly mapping: number | null;
  readonly watchdog: number;
  readonly checks: Scenario['checks'];
  readonly lenient?: 'true' | 'false' | undefined;
  readonly costs?: CostWords | undefined;
  readonly hotplug?: readonly HotplugWords[] | undefined;
}

export interface CostWords {
  readonly 'context-switch'?: number | undefined;
  readonly exit?: number | undefined;
  readonly ipi?: number | undefined;
  readonly 'guest-fault'?: number | undefined;
  readonly 'host-fault'?: number | undefined;
  readonly 'cold-cache'?: boolean | undefined;
  readonly 'guest-slice'?: number | undefined;
  readonly hook?: number | undefined;
  readonly helper?: number | undefined;
  readonly 'hint-fault'?: number | undefined;
  readonly sample?: number | undefined;
  readonly mark?: number | undefined;
  readonly split?: number | undefined;
  readonly remap?: number | undefined;
  readonly shootdown?: number | undefined;
  readonly copy?: number | undefined;
}

export const MAX_GUESTS = 4096;
/** Far more than a virtual machine has: a process may have a thread for each. */
const MAX_VCPUS_OF_GUEST = 4096;
const DAY_NS = seconds(86_400);
const GUEST_KINDS = ['kvm', 'xen-hvm', 'xen-pv', 'bare'] as const;
/** Also keeps names fit for file names and for the names of random streams. */
const GUEST_NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/;

/** Reads raw words (texts, and in files lists and mappings of them), those left out included by the caller. */
export function readWords(raw: object, registries: Registries): z.core.util.SafeParseResult<ScenarioWords> {
  const isList = 'guests' in raw && typeof raw.guests === 'object';
  const schemas = schemasOf.get(registries) ?? new Map<boolean, z.ZodMiniType<ScenarioWords>>();
  schemasOf.set(registries, schemas);
  const schema = schemas.get(isList) ?? schemaOf(registries, isList);
  schemas.set(isList, schema);
  return schema.safeParse(raw);
}

/** Making one takes longer than reading with it. */
const schemasOf = new WeakMap<Registries, Map<boolean, z.ZodMiniType<ScenarioWords>>>();

/** @param isList whether guests are a list, and not a count */
function schemaOf(registries: Registries, isList: boolean): z.ZodMiniType<ScenarioWords> {
  const guestWords = {
    vcpus: quantity('count', 1, MAX_VCPUS_OF_GUEST),
    memory: quantity('bytes', MiB(64), GiB(16 * 1024)),
    vnodes: quantity('count', 1, 254),
    vnuma: leaf((text) => parseVnuma(text, cpuList)),
    vdistances: leaf(parseVdistances),
    vtopology: leaf(parseVtopology),
    'vnuma-guest': oneOf(['on', 'off'] as const),
    'vnuma-host': leaf(parseVnumaHost),
    kind: oneOf(GUEST_KINDS),
    boot: quantity('share', 0, 1),
    workload: leaf((text) => parseNamed(text, registries.workloads)),
  };
  const group = z.partial(
    z.strictObject({
      ...guestWords,
      name: leaf(guestName),
      count: quantity('count', 1, MAX_GUESTS),
      weight: quantity('count', 1, 10_000),
      nice: leaf(niceOf),
      cpus: leaf(cpuList),
      pins: leaf((text) => parsePins(text, cpuList)),
      'soft-pins': leaf((text) => parsePins(text, cpuList)),
      membind: leaf((text) => parseMembind(text, cpuList)),
      'vnode-membind': leaf((text) => parseVnodeMembind(text, cpuList)),
      prealloc: leaf((text) => parsePrealloc(text, cpuList)),
      cap: quantity('count', 0, 102_400),
      arrives: quantity('time', 0, DAY_NS),
      departs: quantity('time', us(1), DAY_NS),
    }),
  );
  const time = quantity('time', 0, ms(100));
  return z.strictObject({
    ...guestWords,
    workload: leaf((text) => workloadNamed(text, registries.workloads)), // of all guests: one of a file's own as well
    machine: leaf((text) => machineNamed(text, registries.machines)),
    policy: leaf((text) => parseNamed(text, registries.policies)),
    guests: isList ? z.array(group).check(z.minLength(1)) : quantity('count', 1, MAX_GUESTS),
    duration: z.optional(quantity('time', us(1), DAY_NS)),
    limit: quantity('time', us(1), DAY_NS),
    start: leaf(startGapNs),
    seed: leaf(canonicalSeed),
    ties: oneOf(['id', 'seeded'] as const),
    contention: oneOf(['fifo', 'max-min'] as const),
    'host-noise': quantity('share', 0, 10),
    dom0: quantity('share', 0, 10),
    block: leaf(blockBytes),
    mapping: leaf((text) => (text === 'block' ? null : blockBytes(text))),
    'host-cache': quantity('bytes', 0, GiB(16 * 1024)),
    watchdog: quantity('time', ms(20), DAY_NS),
    checks: oneOf(['cheap', 'all'] as const),
    lenient: z.optional(oneOf(['true', 'false'] as const)),
    hotplug: z.optional(
      z.array(
        z.strictObject({
          cpu: quantity('count', 0, 65_535),
          offline: quantity('time', us(1), DAY_NS),
          online: z.optional(quantity('time', us(1), DAY_NS)),
        }),
      ),
    ),
    costs: z.optional(
      z.partial(
        z.strictObject({
          'context-switch': time,
          exit: time,
          ipi: time,
          'guest-fault': time,
          'host-fault': time,
          'cold-cache': leaf((text) => asOneOf(text, ['true', 'false']) === 'true'),
          'guest-slice': quantity('time', us(1), seconds(10)),
          hook: time,
          helper: time,
          'hint-fault': time,
          sample: time,
          mark: time,
          split: time,
          remap: time,
          shootdown: time,
          copy: quantity('share', 0, 1),
        }),
      ),
    ),
  });
}

/** A word that is one text. Anything else is read as no text at all, which no word takes. */
function leaf<Value>(parse: (text: string) => Value): z.ZodMiniPipe<z.ZodMiniUnknown, z.ZodMiniTransform<Awaited<Value>, unknown>> {
  return z.pipe(
    z.unknown(),
    z.transform((value, context) => {
      try {
        return parse(typeof value === 'object' ? '' : String(value)) as Awaited<Value>;
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        context.issues.push({ code: 'custom', message: error.message, input: value });
        return z.NEVER;
      }
    }),
  );
}

function quantity(kind: QuantityKind, min: number, max: number): ReturnType<typeof leaf<number>> {
  return leaf((text) => {
    const value = parseQuantity(kind, text);
    if (value === null || value < min || value > max) throw new InputError(`want ${wantQuantity(kind, min, max)}`);
    return value;
  });
}

function oneOf<const Choice extends string>(choices: readonly Choice[]): ReturnType<typeof leaf<Choice>> {
  return leaf((text) => asOneOf(text, choices));
}

function asOneOf<const Choice extends string>(text: string, choices: readonly Choice[]): Choice {
  const choice = choices.find((candidate) => candidate === text);
  if (choice === undefined) throw new InputError(wantOneOf(text, choices));
  return choice;
}

/** Those of files have been read before, so only a misspelt one comes here. */
function workloadNamed(text: string, workloads: readonly WorkloadEntry[]): Chosen<WorkloadEntry> {
  const [name = ''] = text.split(':', 1);
  const names = workloads.map((entry) => entry.name);
  if (names.includes(name.trim())) return parseNamed(text, workloads);
  if (FILE_PREFIXES.some((prefix) => prefix === name)) throw new InputError(`want a file after it: ${name}:FILE`);
  const files = FILE_PREFIXES.map((prefix) => `${prefix}:FILE`);
  throw new InputError(`want one of ${[...names, ...files].join(', ')}${didYouMean(name, [...names, ...FILE_PREFIXES])}`);
}

function machineNamed(name: string, machines: readonly MachineSpec[]): MachineSpec {
  const machine = machines.find((candidate) => candidate.name === name);
  if (!machine) throw new InputError(wantMachine(name, machines.map((candidate) => candidate.name))); // prettier-ignore
  return machine;
}

function guestName(text: string): string {
  if (!GUEST_NAME.test(text)) throw new InputError('want 1 to 64 of a-z, 0-9, dot, hyphen and underscore, a letter or digit first');
  return text;
}

function niceOf(text: string): number {
  const nice = /^-?\d{1,2}$/.test(text) ? Number(text) : NaN;
  if (!(nice >= -20 && nice <= 19)) throw new InputError('want a whole number from -20 to 19');
  return nice;
}

/** As taskset and xl write them: 0-3,8. */
function cpuList(text: string): number[] {
  const want = 'want CPUs such as 0-3,8';
  const cpus = text.split(',').flatMap((part) => {
    const [, from, to = from] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(part.trim()) ?? [];
    if (from === undefined || Number(to) < Number(from)) throw new InputError(want);
    return Array.from({ length: Number(to) - Number(from) + 1 }, (_, i) => Number(from) + i);
  });
  return [...new Set(cpus)].sort((a, b) => a - b);
}

/** One text for one number: streams of chance are named by it, and 007 must not differ from 7. */
function canonicalSeed(text: string): string {
  if (!/^\d{1,20}$/.test(text)) throw new InputError('want a whole number of at most 20 digits such as 1');
  return BigInt(text).toString();
}

function startGapNs(text: string): number {
  if (text === 'together') return 0;
  const gap = text.startsWith('staggered:') ? parseQuantity('time', text.slice('staggered:'.length)) : null;
  if (gap === null || gap > seconds(60)) throw new InputError('want together, or staggered:10ms with a gap of at most 1min');
  return gap;
}

function blockBytes(text: string): number {
  const bytes = parseQuantity('bytes', text);
  const isPowerOfTwo = bytes !== null && Number.isInteger(Math.log2(bytes));
  if (!isPowerOfTwo || bytes < KiB(4) || bytes > GiB(1)) throw new InputError('want a power of two from 4KiB to 1GiB such as 2MiB');
  return bytes;
}
