import type { CpuChoice, GuestDescription } from '../guest-description.ts';
import { writeIdList } from '../id-sets.ts';

/** A node of the host and its CPUs, by the ids of the operating system. */
export interface HostNode {
  readonly id: number;
  readonly cpus: readonly number[];
}

const PROGRAM = 'PROGRAM';

/**
 * Commands that start a guest as numactl would hold it, with PROGRAM for what is started. All of a process is held alike: where vCPUs are
 * held apart, taskset lines follow, to be run once their threads are there. What numactl has no words for stands in comments.
 * After: numactl(8), taskset(1).
 * @param memoryOption what stands for the guest's memory rule, where its binding cannot say it: `--weighted-interleave=0-1`
 */
export function writeNumactl(guest: GuestDescription, host: readonly HostNode[], memoryOption: string | null = null): string {
  const held = guest.pins.map((pin) => cpusOf(pin, host));
  const isAlike = held.every((cpus) => same(cpus, held[0] ?? null));
  const all = held.some((cpus) => cpus === null) ? null : [...new Set(held.flatMap((cpus) => cpus!))];
  const options = [...cpuOptions(all, host), ...(memoryOption === null ? memoryOptions(guest) : [memoryOption])];
  const command = options.length === 0 ? `${PROGRAM}  # nothing is held: no numactl needed` : `numactl ${options.join(' ')} ${PROGRAM}`;
  return `${[...comments(guest), command, ...(isAlike ? [] : threadLines(held))].join('\n')}\n`;
}

/** Whole nodes by their ids, so that CPUs that come later count too; else the CPUs themselves. */
function cpuOptions(cpus: readonly number[] | null, host: readonly HostNode[]): string[] {
  if (cpus === null) return [];
  const nodes = wholeNodes(cpus, host);
  return [nodes ? `--cpunodebind=${writeIdList(nodes)}` : `--physcpubind=${writeIdList(cpus)}`];
}

/** The nodes whose CPUs these are, all of them; null if a node has some of them only. */
export function wholeNodes(cpus: readonly number[], host: readonly HostNode[]): number[] | null {
  const isIn = new Set(cpus);
  const touched = host.filter((node) => node.cpus.some((cpu) => isIn.has(cpu)));
  return touched.every((node) => node.cpus.every((cpu) => isIn.has(cpu))) ? touched.map(({ id }) => id) : null;
}

function memoryOptions({ memory }: GuestDescription): string[] {
  if (memory === null || memory.mode === 'default') return [];
  const nodes = writeIdList(memory.nodes);
  switch (memory.mode) {
    case 'strict':
      return [`--membind=${nodes}`];
    case 'interleave':
      return [`--interleave=${nodes}`];
    case 'preferred':
      return [memory.nodes.length === 1 ? `--preferred=${nodes}` : `--preferred-many=${nodes}`];
    case 'restrictive':
      return [];
  }
}

function comments({ softPins, memory, cells, isPreallocated }: GuestDescription): string[] {
  const lines: string[] = [];
  const soft = softPins.flatMap((choice, vcpu) => (choice ? [`vCPU ${vcpu} on ${choiceText(choice)}`] : []));
  if (soft.length > 0) lines.push(`# not said below, as Linux has no soft affinity: ${soft.join('; ')}`);
  if (memory?.mode === 'restrictive') lines.push(`# not said below: a cpuset with mems ${writeIdList(memory.nodes)}`);
  if (cells.some((cell) => cell.memory !== null)) lines.push('# not said below: memory of virtual nodes on nodes of their own');
  if (isPreallocated || cells.some((cell) => cell.isPreallocated)) lines.push('# not said below: memory that is backed at the start');
  return lines;
}

/** A choice in words: `CPUs 0-3,5`. */
export function choiceText(choice: CpuChoice): string {
  if ('allBut' in choice) return `all but ${choiceText(choice.allBut)}`;
  return 'cpus' in choice ? `CPUs ${writeIdList(choice.cpus)}` : `nodes ${writeIdList(choice.nodes)}`;
}

function threadLines(held: readonly (readonly number[] | null)[]): string[] {
  const lines = held.flatMap((cpus, vcpu) => (cpus === null ? [] : [`taskset --cpu-list --pid ${writeIdList(cpus)} "$VCPU${vcpu}_TID"`]));
  return ['# once the threads of the vCPUs are there (QEMU tells them: query-cpus-fast):', ...lines];
}

function same(a: readonly number[] | null, b: readonly number[] | null): boolean {
  return a === null || b === null ? a === b : a.length === b.length && a.every((cpu, i) => cpu === b[i]);
}

/** CPUs of a choice on this host, by rising id; null for all. */
export function cpusOf(choice: CpuChoice | null, host: readonly HostNode[]): readonly number[] | null {
  if (choice === null) return null;
  if ('cpus' in choice) return choice.cpus;
  if ('nodes' in choice) return rising(host.filter(({ id }) => choice.nodes.includes(id)).flatMap(({ cpus }) => cpus));
  const out = cpusOf(choice.allBut, host) ?? [];
  return rising(host.flatMap(({ cpus }) => cpus).filter((cpu) => !out.includes(cpu)));
}

function rising(ids: readonly number[]): number[] {
  return [...ids].sort((a, b) => a - b);
}
