import type { CpuChoice, GuestDescription, MemoryBinding } from '../formats/guest-description.ts';
import { formatIdList, parseIdList } from '../formats/id-list.ts';
import type { MachineSpec } from '../sim/machine-spec.ts';
import { InputError } from './input-error.ts';
import { formatQuantity } from './quantities.ts';

/** A guest in words of a scenario file, but for its name. */
export interface DescribedWords {
  readonly words: ReadonlyMap<string, string>;
  /** What was made of it in a way that the file does not say. */
  readonly remarks: readonly string[];
  /** What has no word, beside what the reader said. */
  readonly unsimulated: readonly string[];
}

/**
 * The words of a guest on a machine, whose ids of CPUs and nodes become those of the simulator: rising from 0, node by node.
 * @throws InputError for a CPU or a node that the machine does not have, and for a virtual node without memory
 */
export function guestWords(guest: GuestDescription, machine: MachineSpec): DescribedWords {
  const ids = idsOf(machine);
  const words = new Map<string, string>([
    ['kind', guest.kind],
    ['vcpus', String(guest.vcpus)],
    ['memory', formatQuantity('bytes', guest.memoryBytes)],
  ]);
  const remarks: string[] = [];
  const unsimulated: string[] = [];
  const isXen = guest.kind !== 'kvm';
  const say = (word: string, value: string | null): void => void (value !== null && words.set(word, value));
  say('vnuma', vnumaWord(guest));
  if (guest.cells.length > 1) say('vdistances', guest.distances && guest.distances.map((row) => row.join(',')).join('/'));
  say('vtopology', topologyWord(guest, remarks));
  say('pins', pinsWord(guest.pins, ids, 'pin'));
  const soft = pinsWord(guest.softPins, ids, 'soft pin');
  if (soft !== null && !isXen) unsimulated.push('soft pins: Linux has none');
  else say('soft-pins', soft);
  say('membind', guest.memory && bindingWord(guest.memory, ids));
  const cells = guest.cells.flatMap(({ memory }, cell) => (memory ? [`${cell}=${bindingWord(memory, ids)}`] : []));
  say('vnode-membind', cells.length > 0 ? cells.join('; ') : null);
  say('prealloc', preallocWord(guest));
  remarks.push(...inIdsOfHost(words, machine));
  say('weight', guest.weight === null ? null : String(guest.weight));
  if (guest.capPercent !== null && guest.capPercent > 0 && !isXen)
    unsimulated.push(`a cap of ${guest.capPercent} %: as-configured, as all policies of Linux hosts, keeps none; as-configured-xen does`);
  else say('cap', guest.capPercent === null ? null : String(guest.capPercent));
  return { words, remarks, unsimulated };
}

/** Words whose numbers are others in the file: who holds the two side by side is told why. */
function inIdsOfHost(words: ReadonlyMap<string, string>, { cpuIds, nodeIds }: MachineSpec): string[] {
  const told = (names: readonly string[], ids: readonly number[] | undefined): string[] =>
    names.flatMap((name) => {
      const word = words.get(name);
      if (word === undefined || !ids) return [];
      const inIds = (list: string): string => sortedList(parseIdList(list, ids.length)!.map((number) => ids[number]!));
      const own = word.split('; ').map((part) => part.replace(/[\d,-]+$/, inIds)).join('; '); // prettier-ignore
      return own === word ? [] : [`${name} by the host's ids: ${own}`];
    });
  return [...told(['pins', 'soft-pins'], cpuIds), ...told(['membind', 'vnode-membind'], nodeIds)];
}

/** The simulator's number of each CPU and node by the id that the host's own system has for it. */
interface Ids {
  readonly machine: MachineSpec;
  readonly cpus: ReadonlyMap<number, number>;
  readonly nodes: ReadonlyMap<number, number>;
}

function idsOf(machine: MachineSpec): Ids {
  const { nodeCpus, cpuIds, nodeIds } = machine;
  const cpuCount = nodeCpus.reduce((sum, count) => sum + count, 0);
  const byId = (count: number, own: readonly number[] | undefined): Map<number, number> =>
    new Map(Array.from({ length: count }, (_, at) => [own?.[at] ?? at, at]));
  return { machine, cpus: byId(cpuCount, cpuIds), nodes: byId(nodeCpus.length, nodeIds) };
}

function cpusOf(choice: CpuChoice, ids: Ids, what: string): number[] {
  if ('cpus' in choice) return choice.cpus.map((id) => numberOf('CPU', id, ids.cpus, ids.machine, what));
  if ('allBut' in choice) {
    const but = new Set(cpusOf(choice.allBut, ids, what));
    return [...ids.cpus.values()].filter((cpu) => !but.has(cpu));
  }
  const { nodeCpus } = ids.machine;
  return choice.nodes.flatMap((id) => {
    const node = numberOf('node', id, ids.nodes, ids.machine, what);
    const first = nodeCpus.slice(0, node).reduce((sum, count) => sum + count, 0);
    return Array.from({ length: nodeCpus[node]! }, (_, i) => first + i);
  });
}

function numberOf(kind: string, id: number, known: ReadonlyMap<number, number>, { name }: MachineSpec, what: string): number {
  const number = known.get(id);
  if (number !== undefined) return number;
  const all = [...known.keys()].sort((a, b) => a - b);
  throw new InputError(`${what}: ${kind} ${id}, want one that ${name} has: ${formatIdList(all)}`);
}

/** vCPUs that are held alike stand together: `0-3=0-5; 4=7`. */
function pinsWord(pins: readonly (CpuChoice | null)[], ids: Ids, what: string): string | null {
  const held = new Map<string, number[]>(); // by CPUs
  const known = new Map<CpuChoice, string>(); // many vCPUs may have one
  pins.forEach((choice, vcpu) => {
    if (choice === null) return;
    const cpus = known.get(choice) ?? sortedList(cpusOf(choice, ids, `${what} of vCPU ${vcpu}`));
    if (cpus === '') throw new InputError(`${what} of vCPU ${vcpu}: no CPU of ${ids.machine.name}, want one or more`);
    known.set(choice, cpus);
    held.set(cpus, [...(held.get(cpus) ?? []), vcpu]);
  });
  return held.size === 0 ? null : [...held].map(([cpus, vcpus]) => `${formatIdList(vcpus)}=${cpus}`).join('; ');
}

function sortedList(ids: readonly number[]): string {
  return formatIdList([...new Set(ids)].sort((a, b) => a - b));
}

function bindingWord({ mode, nodes }: MemoryBinding, ids: Ids): string {
  if (mode === 'default') return mode;
  const { memoryGiB } = ids.machine;
  const own =
    nodes.length > 0
      ? nodes.map((id) => numberOf('node', id, ids.nodes, ids.machine, 'memory'))
      : [...ids.nodes.values()].filter((node) => memoryGiB.value[node]! > 0);
  return `${mode}:${sortedList(own)}`;
}

function vnumaWord({ cells, memoryBytes }: GuestDescription): string | null {
  if (cells.length === 0) return null;
  const parts = cells.map(({ vcpus, memoryBytes: bytes }, cell) => {
    if (bytes === 0) throw new InputError(`virtual node ${cell}: no memory, want some: nodes of vCPUs alone are not simulated`);
    return `${vcpus.length === 0 ? '-' : sortedList(vcpus)}:${formatQuantity('bytes', bytes)}`;
  });
  const rest = memoryBytes - cells.reduce((sum, cell) => sum + cell.memoryBytes, 0);
  return [...parts, ...(rest > 0 ? [`none:${formatQuantity('bytes', rest)}`] : [])].join('/');
}

/** A die has a last-level cache of its own, as here a socket has. */
function topologyWord({ topology, kind }: GuestDescription, remarks: string[]): string | null {
  if (topology === null) return null;
  const { sockets, dies, cores, threads } = topology;
  if (kind === 'xen-pv') {
    remarks.push('its topology is left out: a PV kernel cannot be told one');
    return null;
  }
  if (dies > 1) remarks.push(`${dies} dies of each socket stand as sockets (assumed): a last-level cache is a socket's here`);
  return `sockets=${sockets * dies},cores=${cores},threads=${threads}`;
}

function preallocWord({ cells, isPreallocated }: GuestDescription): string | null {
  if (isPreallocated) return 'on';
  const own = cells.flatMap((cell, id) => (cell.isPreallocated ? [id] : []));
  if (own.length === 0) return null;
  return own.length === cells.length ? 'on' : formatIdList(own);
}
