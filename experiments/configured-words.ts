import { type GuestConfiguration, MEMORY_MODES, type MemoryRule } from '../sim/guest-configuration.ts';
import type { MachineSpec } from '../sim/machine-spec.ts';
import type { PolicyEntry } from '../sim/policy-api.ts';
import type { GuestSpec } from '../sim/scenario.ts';
import type { CpuId, NodeId } from '../sim/units.ts';
import { PLAIN_VNUMA } from '../sim/vnuma.ts';
import { InputError } from './input-error.ts';
import { didYouMean } from './nearest-name.ts';

/** What a guest's configuration says, as words of a scenario. Heeded by `as-configured` and its like; other policies place by their own rules. */
export interface ConfiguredWords {
  readonly pins?: PinWords | undefined;
  readonly 'soft-pins'?: PinWords | undefined;
  readonly membind?: MemoryRule | null | undefined;
  readonly 'vnode-membind'?: ReadonlyMap<number, MemoryRule> | undefined;
  /** Of these virtual nodes; all or none. */
  readonly prealloc?: readonly number[] | 'on' | 'off' | undefined;
}

export const CONFIGURED_WORDS = ['pins', 'soft-pins', 'membind', 'vnode-membind', 'prealloc'] as const;

/** CPUs by vCPU. */
type PinWords = ReadonlyMap<number, readonly number[]>;
type ListOf = (text: string) => number[];

const PINS = 'want CPUs by vCPU such as 0=0-3; 1,2=4,6';
const MEMBIND = `want none, or a mode and its nodes such as strict:0-1, with one of ${MEMORY_MODES.join(', ')}`;
const VNODES = 'want virtual nodes, each with a mode and nodes, such as 0=strict:2; 1=interleave:0-1';
const PREALLOC = 'want on, off, or virtual nodes such as 0,2';

/** `0=0-3; 1,2=4,6` */
export function parsePins(text: string, listOf: ListOf): PinWords {
  return byKey(text, PINS, listOf, (cpus) => list(cpus, PINS, listOf));
}

/** `strict:0-1`, `default`, or `none` (null). */
export function parseMembind(text: string, listOf: ListOf): MemoryRule | null {
  return text.trim() === 'none' ? null : ruleOf(text, MEMBIND, listOf);
}

/** `0=strict:2; 1=interleave:0-1` */
export function parseVnodeMembind(text: string, listOf: ListOf): ReadonlyMap<number, MemoryRule> {
  return byKey(text, VNODES, listOf, (rule) => ruleOf(rule, VNODES, listOf));
}

export function parsePrealloc(text: string, listOf: ListOf): readonly number[] | 'on' | 'off' {
  return text === 'on' || text === 'off' ? text : list(text, PREALLOC, listOf);
}

/** `0,2=...; 1=...`: what stands after the sign holds for each number before it, and none is said twice. */
function byKey<Value>(text: string, want: string, listOf: ListOf, read: (text: string) => Value): ReadonlyMap<number, Value> {
  const values = new Map<number, Value>();
  for (const part of text.split(';')) {
    const sign = part.indexOf('=');
    if (sign < 0) throw new InputError(want);
    const value = read(part.slice(sign + 1).trim());
    for (const key of list(part.slice(0, sign), want, listOf)) {
      if (values.has(key)) throw new InputError(`${want}, each once: ${key} is there twice`);
      values.set(key, value);
    }
  }
  return values;
}

function ruleOf(text: string, want: string, listOf: ListOf): MemoryRule {
  const [word = '', nodes, ...rest] = text.trim().split(':');
  const mode = MEMORY_MODES.find((known) => known === word);
  if (!mode) throw new InputError(`${want}${didYouMean(word, MEMORY_MODES)}`);
  if (rest.length > 0 || (mode === 'default') !== (nodes === undefined)) throw new InputError(want);
  return Object.freeze({ mode, nodes: Object.freeze(nodes === undefined ? [] : (list(nodes, want, listOf) as NodeId[])) });
}

function list(text: string, want: string, listOf: ListOf): number[] {
  try {
    return listOf(text);
  } catch {
    throw new InputError(want);
  }
}

/** The part of a guest's spec that is its configuration; nothing of a guest of which nothing is said. */
export function configuredOf(words: ConfiguredWords, vcpus: number, vnodes: number): Pick<GuestSpec, 'configured'> {
  if (CONFIGURED_WORDS.every((word) => words[word] === undefined)) return {};
  const { pins, 'soft-pins': softPins, membind = null, 'vnode-membind': vnodeMembind, prealloc = 'off' } = words;
  const configured: GuestConfiguration = {
    pins: filled(pins, vcpus) as (CpuId[] | null)[],
    softPins: filled(softPins, vcpus) as (CpuId[] | null)[],
    memory: membind,
    vnodeMemory: filled(vnodeMembind, vnodes),
    preallocated: Object.freeze(prealloc === 'off' ? [] : row(vnodes, prealloc, (vnode) => prealloc === 'on' || prealloc.includes(vnode))),
  };
  return { configured: Object.freeze(configured) };
}

function filled<Value>(values: ReadonlyMap<number, Value> | undefined, count: number): readonly (Value | null)[] {
  return Object.freeze(values === undefined ? [] : row(count, [...values.keys()], (key) => values.get(key) ?? null));
}

/** As long as there are things, or as the highest that is named, so that one too many is found later. */
function row<Value>(count: number, named: readonly number[] | 'on', value: (key: number) => Value): Value[] {
  const length = named === 'on' ? count : named.reduce((most, key) => Math.max(most, key + 1), count);
  return Array.from({ length }, (_, key) => value(key));
}

/** What is wrong with a guest's configuration on this machine and under this policy, or null. */
export function configuredFault(
  { configured, vcpus, vnodes, vnuma = PLAIN_VNUMA, memoryBytes }: GuestSpec,
  {
    machine,
    policy,
    mapping,
  }: { readonly machine: MachineSpec; readonly policy: { readonly entry: PolicyEntry }; readonly mapping: number | null },
): string | null {
  if (!configured) return null;
  const { pins, softPins, memory, vnodeMemory, preallocated } = configured;
  const cpus = machine.nodeCpus.reduce((total, count) => total + count, 0);
  for (const [word, held] of [
    ['pins', pins],
    ['soft-pins', softPins],
  ] as const) {
    // prettier-ignore
    if (held.length > vcpus) return `has ${word} of vCPU ${held.length - 1}, want 0 to ${vcpus - 1}`;
    const none = held.flatMap((own) => own ?? []).find((cpu) => cpu >= cpus);
    if (none !== undefined) return `has ${word} with CPU ${none}, want 0 to ${cpus - 1}, those of ${machine.name}`;
  }
  if (vnodeMemory.length > vnodes) return `has vnode-membind of virtual node ${vnodeMemory.length - 1}, want 0 to ${vnodes - 1}`;
  if (preallocated.length > vnodes) return `has prealloc of virtual node ${preallocated.length - 1}, want 0 to ${vnodes - 1}`;
  const rules = [memory, ...vnodeMemory].filter((rule) => rule !== null);
  const nowhere = rules.flatMap((rule) => rule.nodes).find((node) => node >= machine.nodeCpus.length);
  if (nowhere !== undefined)
    return `has memory bound to node ${nowhere}, want 0 to ${machine.nodeCpus.length - 1}, those of ${machine.name}`;
  if (vnuma.hosting !== 'break')
    return `has both vnuma-host and ${CONFIGURED_WORDS.join(', ')}; want either those or a host node for each virtual one`;
  const sizes = vnuma.nodes ? vnuma.nodes.map((node) => node.memoryBytes) : [memoryBytes / vnodes];
  if (mapping !== null && vnodeMemory.length > 0 && sizes.some((bytes) => bytes % mapping !== 0)) {
    return 'has vnode-membind, want its virtual nodes to be multiples of the mapping, as one lies on one node';
  }
  const { name, claims } = policy.entry;
  if (claims?.configured === 'no-soft-pins' && softPins.some((own) => own !== null)) {
    return `has soft-pins, which ${name} cannot heed, as Linux has none; want as-configured-xen`;
  }
  return null;
}
