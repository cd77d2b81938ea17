import type { GuestCell, GuestDescription, MemoryBinding } from './guest-description.ts';
import { runsOf, writeIdList } from './id-sets.ts';

const MIB = 1024 ** 2;

/**
 * Options of QEMU, a line each but the last ended by a backslash, behind taskset where all vCPUs are held alike. Lists are said by
 * repeating their key, as QEMU has no other way. What it has no words for stands in comments before.
 * After: qemu(1), -smp, -m, -object memory-backend-ram, -numa node and -numa dist.
 */
export function writeQemu(guest: GuestDescription): string {
  const { cells } = guest;
  const pins = guest.pins.map((pin) => (pin && 'cpus' in pin ? writeIdList(pin.cpus) : null));
  const isAlike = pins.every((cpus) => cpus === pins[0]);
  const held = isAlike && pins[0] != null ? `taskset --cpu-list ${pins[0]} ` : '';
  const lines = [
    `${held}qemu-system-x86_64`,
    ...(guest.name === null ? [] : [`-name ${shellWord(`guest=${guest.name.replaceAll(',', ',,')}`)}`]),
    `-m ${sizeOf(guest.memoryBytes)}`,
    `-smp ${smp(guest)}`,
    ...(cells.length === 0 ? flatMemory(guest) : cells.flatMap(cellLines)),
    ...distanceLines(guest),
  ];
  const threads = isAlike ? [] : pins.flatMap((cpus, vcpu) => (cpus === null ? [] : [`# taskset --cpu-list --pid ${cpus} "$VCPU${vcpu}_TID"`]));
  const after = threads.length === 0 ? [] : ['# once it runs, with the threads that query-cpus-fast tells:', ...threads];
  return `${[...comments(guest), lines.join(' \\\n  '), ...after].join('\n')}\n`;
}

function comments({ softPins, memory, cells, weight, capPercent, pins }: GuestDescription): string[] {
  const restrictive = [memory, ...cells.map((cell) => cell.memory)].some((binding) => binding?.mode === 'restrictive');
  return [
    ...(softPins.some((choice) => choice !== null) ? ['# not said below, as Linux has no soft affinity: CPUs that vCPUs should rather use'] : []),
    ...(restrictive ? ['# not said below: memory within a cpuset (restrictive)'] : []),
    ...(weight === null ? [] : [`# not said below: a weight of ${weight}, which is its cgroup's (cpu.weight)`]),
    ...(capPercent === null ? [] : [`# not said below: a cap of ${capPercent} % of a CPU, which is its cgroup's (cpu.max)`]),
    ...(pins.some((pin) => pin && !('cpus' in pin)) ? ['# not said below: vCPUs held to whole nodes, or to all CPUs but some'] : []),
  ];
}

function smp({ vcpus, topology }: GuestDescription): string {
  if (topology === null) return `${vcpus}`;
  const { sockets, dies, cores, threads } = topology;
  return `${vcpus},sockets=${sockets}${dies === 1 ? '' : `,dies=${dies}`},cores=${cores},threads=${threads}`;
}

/** Without a binding QEMU needs no backend: -m is enough. */
function flatMemory({ memory, memoryBytes, isPreallocated }: GuestDescription): string[] {
  const parts = [...bindingParts(memory), ...(isPreallocated ? ['prealloc=on'] : [])];
  if (parts.length === 0) return [];
  return ['-machine memory-backend=ram0', `-object ${['memory-backend-ram', 'id=ram0', `size=${sizeOf(memoryBytes)}`, ...parts].join(',')}`];
}

function cellLines({ vcpus, memoryBytes, memory, isPreallocated }: GuestCell, cell: number): string[] {
  const id = `ram${cell}`;
  const backend = ['memory-backend-ram', `id=${id}`, `size=${sizeOf(memoryBytes)}`, ...bindingParts(memory), ...(isPreallocated ? ['prealloc=on'] : [])];
  const node = ['node', `nodeid=${cell}`, ...runsOf(vcpus).map((run) => `cpus=${runText(run)}`), `memdev=${id}`];
  return [`-object ${backend.join(',')}`, `-numa ${node.join(',')}`];
}

const POLICIES: ReadonlyMap<MemoryBinding['mode'], string> = new Map([
  ['strict', 'bind'],
  ['preferred', 'preferred'],
  ['interleave', 'interleave'],
]);

function bindingParts(binding: MemoryBinding | null): string[] {
  const policy = binding && POLICIES.get(binding.mode);
  if (!policy) return [];
  return [...runsOf(binding.nodes).map((run) => `host-nodes=${runText(run)}`), `policy=${policy}`];
}

function distanceLines({ distances }: GuestDescription): string[] {
  return (distances ?? []).flatMap((row, from) =>
    row.flatMap((value, to) => (from === to ? [] : [`-numa dist,src=${from},dst=${to},val=${value}`])),
  );
}

function runText([first, last]: readonly [number, number]): string {
  return first === last ? `${first}` : `${first}-${last}`;
}

function sizeOf(bytes: number): string {
  return bytes % MIB === 0 ? `${bytes / MIB}M` : `${Math.ceil(bytes / 1024)}K`;
}

function shellWord(text: string): string {
  return /^[\w.,:=/+@%-]*$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
