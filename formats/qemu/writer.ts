import type { GuestCell, GuestDescription, MemoryBinding } from '../guest-description.ts';
import { formatIdList } from '../id-list.ts';

const MIB = 1024 ** 2;
const POLICIES = { strict: 'bind', preferred: 'preferred', interleave: 'interleave' } as const;

/**
 * The part of a QEMU command line that is about vCPUs, memory and NUMA, one option a line, each but the last continued. `readQemu` reads it
 * back. Pins are not QEMU's to say (taskset, libvirt), nor are weights and caps.
 * @throws RangeError for a binding that QEMU has no word for: restrictive, and interleave without its nodes
 */
export function writeQemuOptions(description: GuestDescription): string {
  const { vcpus, memoryBytes, topology, cells, distances, name } = description;
  const levels = topology ? `,sockets=${topology.sockets},dies=${topology.dies},cores=${topology.cores},threads=${topology.threads}` : '';
  const lines = [
    ...(name === null ? [] : [`-name guest=${name.replaceAll(',', ',,')}`]),
    `-smp cpus=${vcpus}${levels}`,
    `-m size=${sizeText(memoryBytes)}`,
    ...(cells.length === 0 ? flatMemory(description) : cellMemory(description)),
    ...(distances ?? []).flatMap((row, src) =>
      row.flatMap((val, dst) => (src === dst ? [] : [`-numa dist,src=${src},dst=${dst},val=${val}`])),
    ),
  ];
  return `${lines.map((line) => quoted(line)).join(' \\\n')}\n`;
}

function flatMemory({ memory, isPreallocated, memoryBytes }: GuestDescription): string[] {
  if ((memory === null || memory.mode === 'default') && !isPreallocated) return [];
  return [objectLine('ram', memoryBytes, memory, isPreallocated), '-machine memory-backend=ram'];
}

/** Backends for all nodes, which machine types since 5.1 want in place of mem=. */
function cellMemory({ cells, memory }: GuestDescription): string[] {
  return [
    ...cells.map((cell, id) => objectLine(`ram${id}`, cell.memoryBytes, cell.memory ?? memory, cell.isPreallocated)),
    ...cells.map((cell, id) => `-numa node,nodeid=${id},memdev=ram${id}${cpusText(cell)}`),
  ];
}

function cpusText({ vcpus }: GuestCell): string {
  return runsOf(vcpus).map((run) => `,cpus=${run}`).join(''); // prettier-ignore
}

/** Runs of ids, each apart: `0-3`, `8`. */
function runsOf(ids: readonly number[]): string[] {
  return formatIdList([...ids].sort((a, b) => a - b)).split(',').filter((run) => run !== ''); // prettier-ignore
}

function objectLine(id: string, bytes: number, binding: MemoryBinding | null, isPreallocated: boolean): string {
  return `-object memory-backend-ram,id=${id},size=${sizeText(bytes)}${bindingText(binding)}${isPreallocated ? ',prealloc=on' : ''}`;
}

function bindingText(binding: MemoryBinding | null): string {
  if (binding === null || binding.mode === 'default') return '';
  const { mode, nodes } = binding;
  if (mode === 'restrictive')
    throw new RangeError('memory.mode = restrictive, want strict, preferred or interleave: QEMU has no word for it');
  if (nodes.length === 0) throw new RangeError(`memory.nodes of ${mode}: none, want the nodes: QEMU has no word for all of them`);
  const runs = runsOf(nodes).map((run) => `,host-nodes=${run}`);
  return `${runs.join('')},policy=${POLICIES[mode]}`;
}

function sizeText(bytes: number): string {
  return bytes % MIB === 0 ? `${bytes / MIB}M` : `${bytes}b`;
}

function quoted(line: string): string {
  const [option = '', rest = ''] = [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1)];
  return /^[\w.,=/:@%+-]*$/.test(rest) ? line : `${option} '${rest.replaceAll("'", `'\\''`)}'`;
}
