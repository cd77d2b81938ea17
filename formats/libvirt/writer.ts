import type { CpuChoice, GuestDescription, MemoryBinding } from '../guest-description.ts';
import { writeIdList } from '../id-sets.ts';

/**
 * The parts of a libvirt domain that say where vCPUs and memory are: <memory>, <vcpu>, <cputune>, <numatune>, <memoryBacking> and <cpu>,
 * to be put in the place of those that a domain has. readLibvirt, given them in a <domain>, reads the same again. What libvirt has no
 * words for stands in comments.
 * @throws RangeError for pins by node: libvirt pins to CPUs, and only whoever knows the host can tell which those are
 */
export function writeLibvirtFragments(guest: GuestDescription): string {
  const lines = [
    ...comments(guest),
    `<memory unit='KiB'>${guest.memoryBytes / 1024}</memory>`,
    vcpuLine(guest),
    ...element('cputune', cputune(guest)),
    ...element('numatune', numatune(guest)),
    ...element('memoryBacking', isBackedAtStart(guest) ? [`<allocation mode='immediate'/>`] : []),
    ...element('cpu', cpu(guest)),
  ];
  return `${lines.join('\n')}\n`;
}

/** Xen backs all memory when it builds a guest, and is not asked to. */
function isBackedAtStart({ kind, cells, isPreallocated }: GuestDescription): boolean {
  return kind === 'kvm' && (isPreallocated || cells.some((cell) => cell.isPreallocated));
}

function comments({ kind, softPins, cells, weight }: GuestDescription): string[] {
  const soft = softPins.flatMap((choice, vcpu) => (choice ? [`vCPU ${vcpu} on ${choiceText(choice)}`] : []));
  const backed = kind === 'kvm' ? cells.flatMap(({ isPreallocated }, cell) => (isPreallocated ? [cell] : [])) : [];
  const isPartial = backed.length > 0 && backed.length < cells.length;
  return [
    ...(soft.length === 0 ? [] : [`<!-- not said below, as libvirt has no soft affinity: ${soft.join('; ')} -->`]),
    ...(isPartial
      ? [
          `<!-- said of all memory below, as libvirt has it for no single cell: memory of cells ${writeIdList(backed)} is backed at the start -->`,
        ]
      : []),
    ...(weight === null ? [] : ['<!-- shares as on hosts with cgroup v1, where a domain that says none has 1024; with v2 it has 100 -->']),
  ];
}

function choiceText(choice: CpuChoice): string {
  if ('allBut' in choice) return `all but ${choiceText(choice.allBut)}`;
  return 'cpus' in choice ? `CPUs ${writeIdList(choice.cpus)}` : `nodes ${writeIdList(choice.nodes)}`;
}

/** Pins that all vCPUs share stand here, others in <vcpupin>. */
function vcpuLine(guest: GuestDescription): string {
  const shared = sharedPin(guest);
  return `<vcpu placement='static'${shared === null ? '' : ` cpuset='${shared}'`}>${guest.vcpus}</vcpu>`;
}

function sharedPin({ pins }: GuestDescription): string | null {
  const [first = null, ...others] = pins.map(cpusetOf);
  return others.every((pin) => pin === first) ? first : null;
}

function cpusetOf(pin: CpuChoice | null): string | null {
  if (pin === null) return null;
  if (!('cpus' in pin)) throw new RangeError(`pins = ${choiceText(pin)}, want CPUs: libvirt has no word for the others`);
  return writeIdList(pin.cpus);
}

const USUAL_PERIOD = 100_000;
const MOST_PERIOD = 1_000_000;
const LEAST_QUOTA = 1000;

function cputune(guest: GuestDescription): string[] {
  const { weight, capPercent, pins } = guest;
  const own = sharedPin(guest) === null ? pins.map(cpusetOf) : [];
  return [
    ...(weight === null ? [] : [`<shares>${clamp(Math.round((weight * 1024) / 100), 2, 262_144)}</shares>`]),
    ...(capPercent === null ? [] : capLines(capPercent)),
    ...own.flatMap((cpus, vcpu) => (cpus === null ? [] : [`<vcpupin vcpu='${vcpu}' cpuset='${cpus}'/>`])),
  ];
}

/** The usual period, unless the quota would be less than libvirt takes, or no whole number. */
function capLines(capPercent: number): string[] {
  const usual = (capPercent * USUAL_PERIOD) / 100;
  const period = usual >= LEAST_QUOTA && Number.isInteger(usual) ? USUAL_PERIOD : MOST_PERIOD;
  const quota = Math.max(LEAST_QUOTA, Math.round((capPercent * period) / 100));
  return [`<global_period>${period}</global_period>`, `<global_quota>${quota}</global_quota>`];
}

function numatune({ memory, cells }: GuestDescription): string[] {
  return [...bindingLine('memory', memory), ...cells.flatMap((cell, id) => bindingLine(`memnode cellid='${id}'`, cell.memory))];
}

/** First touch is what libvirt leaves unsaid. */
function bindingLine(start: string, binding: MemoryBinding | null): string[] {
  if (binding === null || binding.mode === 'default') return [];
  return [`<${start} mode='${binding.mode}' nodeset='${writeIdList(binding.nodes)}'/>`];
}

/** One socket is said too: QEMU would be given a socket for each vCPU. Xen's guests are told none. */
function cpu({ kind, vcpus, topology, cells, distances }: GuestDescription): string[] {
  const { sockets, dies, cores, threads } = topology ?? { sockets: 1, dies: 1, cores: vcpus, threads: 1 };
  return [
    ...(topology || (kind === 'kvm' && vcpus > 1)
      ? [`<topology sockets='${sockets}' dies='${dies}' cores='${cores}' threads='${threads}'/>`]
      : []),
    ...element('numa', cells.flatMap((cell, id) => element(cellStart(cell, id), distanceLines(distances?.[id] ?? []), 'cell'))), // prettier-ignore
  ];
}

/** A cell without CPUs has no attribute for them: libvirt gives vCPUs that no cell lists to the first, so all are listed. */
function cellStart({ vcpus, memoryBytes }: GuestDescription['cells'][number], id: number): string {
  const cpus = vcpus.length === 0 ? '' : ` cpus='${writeIdList(vcpus)}'`;
  return `cell id='${id}'${cpus} memory='${memoryBytes / 1024}' unit='KiB'`;
}

function distanceLines(row: readonly number[]): string[] {
  return element('distances', row.map((value, id) => `<sibling id='${id}' value='${value}'/>`)); // prettier-ignore
}

/** With what is in it set in; a cell may be empty, other elements are then left out. */
function element(start: string, inner: readonly string[], name: string = start): string[] {
  if (inner.length === 0) return name === 'cell' ? [`<${start}/>`] : [];
  return [`<${start}>`, ...inner.map((line) => `  ${line}`), `</${name}>`];
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most);
}
