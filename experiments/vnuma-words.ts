import type { MachineSpec } from '../sim/machine-spec.ts';
import type { GuestSpec } from '../sim/scenario.ts';
import { PLAIN_VNUMA, type VirtualNode, type VirtualTopology, type VnumaSpec } from '../sim/vnuma.ts';
import { InputError } from './input-error.ts';
import { didYouMean } from './nearest-name.ts';
import { formatQuantity, parseQuantity } from './quantities.ts';

/** The virtual nodes of a table, and memory that none of them has. */
export interface VnumaTable {
  readonly nodes: readonly VirtualNode[];
  readonly uncoveredBytes: number;
}

/** Distances as written: all of them, or one for every pair of different nodes. */
export type VdistanceWords = number | readonly (readonly number[])[];

export interface VnumaWords {
  readonly vnodes?: number | undefined;
  readonly vnuma?: VnumaTable | null | undefined;
  readonly vdistances?: VdistanceWords | null | undefined;
  readonly vtopology?: VirtualTopology | null | undefined;
  readonly 'vnuma-guest'?: 'on' | 'off' | undefined;
  readonly 'vnuma-host'?: Pick<VnumaSpec, 'hosting' | 'movesNs'> | undefined;
}

const LEAST_DISTANCE = 1;
const MOST_DISTANCE = 255;
const TABLE =
  'want equal, or vCPUs:memory of each virtual node such as 0-3:3GiB/4,5:1GiB, -:2GiB for one without vCPUs, and none:512MiB for what no node has';
const HOST = 'want break, keep, or moved:2s';
const DAY_NS = 86_400_000_000_000;

/** `0-3:3GiB/4,5:1GiB/-:2GiB/none:512MiB`, where `-` is a virtual node without vCPUs, or `equal` (null). */
export function parseVnuma(text: string, cpuList: (text: string) => number[]): VnumaTable | null {
  if (text === 'equal') return null;
  const nodes: VirtualNode[] = [];
  let uncoveredBytes = 0;
  for (const part of text.split('/')) {
    const [cpus = '', memory = '', ...rest] = part.split(':');
    const memoryBytes = parseQuantity('bytes', memory);
    if (rest.length > 0 || memoryBytes === null || memoryBytes === 0 || uncoveredBytes > 0) throw new InputError(TABLE);
    if (cpus.trim() === 'none') uncoveredBytes = memoryBytes;
    else nodes.push({ vcpus: cpus.trim() === '-' ? [] : listOf(cpus, cpuList), memoryBytes });
  }
  if (nodes.length === 0) throw new InputError(TABLE);
  return { nodes, uncoveredBytes };
}

function listOf(text: string, cpuList: (text: string) => number[]): number[] {
  try {
    return cpuList(text);
  } catch {
    throw new InputError(TABLE);
  }
}

/** `21`, or rows such as `10,21/21,10`, or `none` (null). */
export function parseVdistances(text: string): VdistanceWords | null {
  if (text === 'none') return null;
  const rows = text.split('/').map((row) => row.split(',').map((entry) => parseQuantity('count', entry) ?? NaN));
  const isSquare = rows.every((row) => row.length === rows.length && row.every((each) => each >= LEAST_DISTANCE && each <= MOST_DISTANCE));
  if (!isSquare) {
    throw new InputError(
      `want none, a distance from ${LEAST_DISTANCE} to ${MOST_DISTANCE} for all pairs such as 21, or rows such as 10,21/21,10`,
    );
  }
  return rows.length === 1 ? rows[0]![0]! : rows;
}

/** `sockets=2,cores=6,threads=1`, what is left out being 1, or `none` (null). */
export function parseVtopology(text: string): VirtualTopology | null {
  if (text === 'none') return null;
  const topology = { sockets: 1, cores: 1, threads: 1 };
  const want = 'want none, or a topology such as sockets=2,cores=6,threads=1';
  const given = new Set<string>();
  for (const part of text.split(',')) {
    const [level = '', count = '', ...rest] = part.split('=').map((side) => side.trim());
    const known = Object.keys(topology);
    if (!known.includes(level)) throw new InputError(`${want}${didYouMean(level, known)}`);
    const value = parseQuantity('count', count);
    if (rest.length > 0 || given.has(level) || value === null || value < 1 || value > 1024) throw new InputError(want);
    given.add(level);
    topology[level as keyof VirtualTopology] = value;
  }
  return topology;
}

/** `break`, `keep` or `moved:2s`. */
export function parseVnumaHost(text: string): Pick<VnumaSpec, 'hosting' | 'movesNs'> {
  if (text === 'break' || text === 'keep') return { hosting: text, movesNs: 0 };
  const movesNs = text.startsWith('moved:') ? parseQuantity('time', text.slice('moved:'.length)) : null;
  if (movesNs === null || movesNs > DAY_NS) throw new InputError(HOST);
  return { hosting: 'moved', movesNs };
}

/** What the words of a guest, or else those of all, say of its virtual nodes. Its own `vnodes` overrules a table for all. */
export function vnumaOf(group: VnumaWords, words: VnumaWords): Pick<GuestSpec, 'vnodes' | 'vnuma'> {
  const isOverruled = group.vnuma === undefined && group.vnodes !== undefined;
  const table = isOverruled ? null : (said(group, words, 'vnuma') ?? null);
  const vnodes = table?.nodes.length ?? group.vnodes ?? words.vnodes ?? 1;
  const distances = said(group, words, 'vdistances') ?? null;
  return {
    vnodes,
    vnuma: {
      ...PLAIN_VNUMA,
      ...table,
      distances: typeof distances === 'number' ? evenDistances(vnodes, distances) : distances,
      topology: said(group, words, 'vtopology') ?? null,
      isHeeded: said(group, words, 'vnuma-guest') !== 'off',
      ...said(group, words, 'vnuma-host'),
    },
  };
}

function said<Word extends keyof VnumaWords>(group: VnumaWords, words: VnumaWords, word: Word): VnumaWords[Word] {
  return group[word] === undefined ? words[word] : group[word];
}

/** What is wrong with a number of virtual nodes and a table of them in one place, or null. */
export function vnodesClash({ vnodes = 1, vnuma }: VnumaWords): string | null {
  if (!vnuma || vnodes === 1 || vnodes === vnuma.nodes.length) return null;
  return ` of ${vnuma.nodes.length} virtual nodes beside vnodes = ${vnodes}, want one of the two`;
}

function evenDistances(vnodes: number, remote: number): number[][] {
  return Array.from({ length: vnodes }, (_, from) => Array.from({ length: vnodes }, (_unused, to) => (from === to ? 10 : remote)));
}

/**
 * Whether what is said of a guest's virtual nodes goes together: as QEMU and libxl would ask.
 * @returns the word at fault and what is wrong, or null
 */
export function vnumaFault(guest: GuestSpec, blockBytes: number, machine: MachineSpec): { word: string; message: string } | null {
  const { name, kind, vcpus, memoryBytes, vnuma = PLAIN_VNUMA } = guest;
  const { nodes, distances, topology, hosting } = vnuma;
  const fault = (word: string, message: string): { word: string; message: string } => ({ word, message: `: ${name} ${message}` });
  const blocks = memoryBytes / blockBytes;
  if (!nodes) {
    const most = kind === 'bare' ? 1 : Math.min(vcpus, blocks);
    const why = kind === 'bare' ? 'bare processes have no virtual nodes' : `it has ${vcpus} vCPUs and ${blocks} blocks of memory`;
    if (guest.vnodes > most) return fault('vnodes', `has ${guest.vnodes} virtual nodes, want at most ${most}: ${why}`);
  } else {
    if (kind === 'bare') return fault('vnuma', 'is bare processes, want no virtual nodes of them');
    const wrong = tableFault(guest, nodes, vnuma.uncoveredBytes, blockBytes);
    if (wrong) return fault('vnuma', wrong);
  }
  if (distances && distances.length !== guest.vnodes) {
    return fault('vdistances', `has distances of ${distances.length} virtual nodes, want those of ${guest.vnodes}`);
  }
  if (topology) {
    const { sockets, cores, threads } = topology;
    if (kind === 'bare') return fault('vtopology', 'is bare processes, want none: they see the host');
    if (kind === 'xen-pv') return fault('vtopology', 'is of kind xen-pv, want none: its kernel cannot be told one');
    if (sockets * cores * threads !== vcpus) {
      return fault('vtopology', `has ${vcpus} vCPUs, want sockets * cores * threads to be as many, not ${sockets * cores * threads}`);
    }
  }
  const withCpus = machine.nodeCpus.filter((cpus) => cpus > 0).length;
  if (hosting !== 'break' && (guest.vnodes < 2 || guest.vnodes > withCpus)) {
    return fault(
      'vnuma-host',
      `has ${guest.vnodes} virtual nodes, want from 2 to ${withCpus}, one for each node of ${machine.name} with CPUs`,
    );
  }
  if (hosting !== 'break' && guest.cpus) {
    return fault('vnuma-host', `may use some CPUs only (cpus), want either those or a host node for each virtual one`);
  }
  return null;
}

function tableFault(
  { vcpus, memoryBytes }: GuestSpec,
  nodes: readonly VirtualNode[],
  uncoveredBytes: number,
  blockBytes: number,
): string | null {
  const counts = new Map<number, number>();
  for (const vcpu of nodes.flatMap((node) => node.vcpus)) counts.set(vcpu, (counts.get(vcpu) ?? 0) + 1);
  for (const [vcpu, count] of counts) {
    if (vcpu >= vcpus) return `has no vCPU ${vcpu}, want 0 to ${vcpus - 1}`;
    if (count > 1) return `has vCPU ${vcpu} on ${count} virtual nodes, want it on one`;
  }
  const missing = Array.from({ length: vcpus }, (_, vcpu) => vcpu).find((vcpu) => !counts.has(vcpu));
  if (missing !== undefined) return `has vCPU ${missing} on no virtual node, want it on one`;
  const size = (bytes: number): string => formatQuantity('bytes', bytes);
  const total = nodes.reduce((sum, node) => sum + node.memoryBytes, uncoveredBytes);
  if (total !== memoryBytes) return `has ${size(memoryBytes)}, want its virtual nodes to have as much, not ${size(total)}`;
  const odd = nodes.find((node) => node.memoryBytes % blockBytes !== 0);
  return odd ? `has a virtual node of ${size(odd.memoryBytes)}, want a multiple of the block (${size(blockBytes)})` : null;
}
