import type { CpuChoice, GuestCell, GuestDescription } from '../guest-description.ts';
import { writeIdList } from '../id-sets.ts';
import { writeXlCpus } from './cpus.ts';

const MIB = 1024 ** 2;

/**
 * The lines of an xl configuration that say how much a guest has and where it is. readXlConfig reads the same again. What xl has no
 * words for stands in comments.
 */
export function writeXlLines(guest: GuestDescription): string {
  const { name, kind, vcpus, memoryBytes, weight, capPercent } = guest;
  const lines = [
    ...comments(guest),
    ...(name === null ? [] : [`name = ${quoted(name)}`]),
    `type = ${quoted(kind === 'xen-pv' ? 'pv' : 'hvm')}`,
    `vcpus = ${vcpus}`,
    `memory = ${hasVnuma(guest) ? guest.cells.reduce((sum, cell) => sum + sizeOf(cell.memoryBytes), 0) : sizeOf(memoryBytes)}`,
    ...pinLines('cpus', guest.pins),
    ...pinLines('cpus_soft', guest.softPins),
    ...(weight === null ? [] : [`cpu_weight = ${Math.min(65_535, Math.max(1, Math.round((weight * 256) / 100)))}`]),
    ...(capPercent === null ? [] : [`cap = ${Math.max(1, Math.round(capPercent))}`]),
    ...vnumaLines(guest),
  ];
  return `${lines.join('\n')}\n`;
}

function comments(guest: GuestDescription): string[] {
  const { memory, topology } = guest;
  const lines: string[] = [];
  if (memory !== null && memory.mode !== 'default') {
    lines.push(
      `# not said below: memory ${memory.mode} on ${memory.nodes.length === 1 ? 'node' : 'nodes'} ${writeIdList(memory.nodes)}; Xen goes by the nodes of cpus and cpus_soft`,
    );
  }
  if (guest.cells.length > 0 && !hasVnuma(guest))
    lines.push('# not said below: virtual nodes; vnuma wants hvm, and for each vCPUs and one node of the host');
  if (topology !== null) {
    const { sockets, dies, cores, threads } = topology;
    lines.push(`# not said below: sockets=${sockets},dies=${dies},cores=${cores},threads=${threads}`);
  }
  return lines;
}

/** One text for all where they agree, else a text each. */
function pinLines(key: string, pins: readonly (CpuChoice | null)[]): string[] {
  const texts = pins.map(writeXlCpus);
  if (pins.every((pin) => pin === null)) return [];
  const isOne = texts.every((text) => text === texts[0]);
  return [`${key} = ${isOne ? quoted(texts[0]!) : `[${texts.map(quoted).join(', ')}]`}`];
}

/** What xl can say of cells: each with vCPUs, and with its memory on one node of the host and nowhere else. */
function hasVnuma({ kind, cells }: GuestDescription): boolean {
  const fits = ({ vcpus, memory }: GuestCell): boolean => vcpus.length > 0 && memory?.mode === 'strict' && memory.nodes.length === 1;
  return kind !== 'xen-pv' && cells.length > 0 && cells.every(fits);
}

/** In whole MB, as xl wants it. */
function sizeOf(bytes: number): number {
  return Math.ceil(bytes / MIB);
}

function vnumaLines(guest: GuestDescription): string[] {
  if (!hasVnuma(guest)) return [];
  const { cells, distances } = guest;
  const nodes = cells.map(({ vcpus, memoryBytes, memory }, from) => {
    const row = cells.map((_, to) => distances?.[from]?.[to] ?? (from === to ? 10 : 20));
    const parts = [`pnode=${memory!.nodes[0]}`, `size=${sizeOf(memoryBytes)}`, `vcpus=${writeIdList(vcpus)}`, `vdistances=${row.join(',')}`]; // prettier-ignore
    return `  [${parts.map(quoted).join(', ')}],`;
  });
  return ['vnuma = [', ...nodes, ']'];
}

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['"', '\\"'],
  ['\\', '\\\\'],
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
]);

function quoted(text: string): string {
  return `"${text.replace(/["\\\n\r\t]/g, (mark) => ESCAPES.get(mark)!)}"`;
}
