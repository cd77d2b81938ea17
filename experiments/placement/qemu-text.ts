import type { GuestDescription, MemoryBinding } from '../../formats/guest-description.ts';
import { writeIdList } from '../../formats/id-sets.ts';
import { writeQemuOptions } from '../../formats/qemu/writer.ts';

/**
 * A command line of QEMU, behind taskset where all vCPUs are held alike; vCPUs that are held apart have their taskset in comments, to be
 * run once their threads are there. What QEMU has no words for stands in comments before it.
 */
export function qemuText(guest: GuestDescription): string {
  const held = guest.pins.map((pin) => (pin && 'cpus' in pin ? writeIdList(pin.cpus) : null));
  const isAlike = held.every((cpus) => cpus === held[0]);
  const first = isAlike ? (held[0] ?? null) : null;
  const options = writeQemuOptions(sayable(guest)).trimEnd().split('\n');
  const command = [
    `${first === null ? '' : `taskset --cpu-list ${first} `}qemu-system-x86_64 -enable-kvm \\`,
    ...options.map((option) => `  ${option}`),
  ];
  return `${[...comments(guest), ...command, ...(isAlike ? [] : threadLines(held))].join('\n')}\n`;
}

/** Without bindings by cpuset, which QEMU does not set. */
function sayable(guest: GuestDescription): GuestDescription {
  const kept = (binding: MemoryBinding | null): MemoryBinding | null => (binding?.mode === 'restrictive' ? null : binding);
  return { ...guest, memory: kept(guest.memory), cells: guest.cells.map((cell) => ({ ...cell, memory: kept(cell.memory) })) };
}

function comments({ softPins, memory, cells, weight, capPercent }: GuestDescription): string[] {
  const isRestrictive = [memory, ...cells.map((cell) => cell.memory)].some((binding) => binding?.mode === 'restrictive');
  return [
    ...(softPins.some((choice) => choice !== null)
      ? ['# not said below, as Linux has no soft affinity: CPUs that vCPUs should rather use']
      : []),
    ...(isRestrictive ? ['# not said below: memory within the mems of a cpuset (restrictive)'] : []),
    ...(weight === null ? [] : [`# not said below: a weight of ${weight}, which a cgroup has (cpu.weight)`]),
    ...(capPercent === null ? [] : [`# not said below: a cap of ${capPercent} % of a CPU, which a cgroup has (cpu.max)`]),
  ];
}

function threadLines(held: readonly (string | null)[]): string[] {
  const lines = held.flatMap((cpus, vcpu) => (cpus === null ? [] : [`# taskset --cpu-list --pid ${cpus} "$VCPU${vcpu}_TID"`]));
  return ['# once it runs, with the threads that query-cpus-fast tells:', ...lines];
}
