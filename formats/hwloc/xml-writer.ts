import { BYTES_PER_GB, BYTES_PER_MIB } from './memattrs.ts';
import { writeHwlocSet } from './set.ts';
import type { Topology, TopologyNode } from '../topology.ts';
import { escapeXml } from '../xml.ts';

/** An object of hwloc's tree before it has sets and numbers. */
interface Piece {
  readonly type: string;
  readonly cpus: readonly number[];
  readonly attributes: readonly (readonly [string, string | number])[];
  /** Node ids attached here. */
  readonly nodes: readonly TopologyNode[];
  readonly infos: readonly (readonly [string, string])[];
  readonly children: readonly Piece[];
}

const LLC_LEVEL = 3;
const DATA = 1;
const UNIFIED = 0;
const MEMORY_GROUP = 1001; // HWLOC_GROUP_KIND_MEMORY of hwloc/private/misc.h
const CHUNK = 10; // numbers, as hwloc does
const FROM_OS_LATENCY = 5;
/** hwloc/memattrs.h: the higher or the lower is better, and an initiator is needed. */
const BANDWIDTH_FLAGS = 5;
const LATENCY_FLAGS = 6;

/**
 * Writes hwloc XML 2.0, which hwloc 2 and 3 read, with what it can say: whole MHz, ns and MiB/s, distances of two nodes and more.
 * `readHwlocXml` gives the same topology back but for remarks, what is finer than those units, and memory that is not known of some nodes
 * only: hwloc takes that for none.
 * @throws RangeError for a machine without CPUs, or a node with more last-level caches than cores to put below them
 */
export function writeHwlocXml(topology: Topology): string {
  const machine = machinePiece(topology);
  const gps = new Map(topology.nodes.map(({ id }, i) => [id, i + 2])); // 1 is the machine
  const lines = ['<?xml version="1.0" encoding="UTF-8"?>', '<!DOCTYPE topology SYSTEM "hwloc2.dtd">', '<topology version="2.0">'];
  const nextGp = { value: topology.nodes.length + 2 };
  writePiece(machine, [], gps, nextGp, '  ', lines, true);
  lines.push(...distanceLines(topology));
  const { latencyNs, bandwidthGBps } = topology;
  if (bandwidthGBps) {
    lines.push(
      ...memattrLines('Bandwidth', BANDWIDTH_FLAGS, bandwidthGBps, topology, gps, (GBps) => (GBps * BYTES_PER_GB) / BYTES_PER_MIB),
    );
  }
  if (latencyNs) lines.push(...memattrLines('Latency', LATENCY_FLAGS, latencyNs, topology, gps, (ns) => ns));
  if (topology.clockGHz !== null) {
    const megahertz = Number((topology.clockGHz * 1000).toFixed(3));
    const clock = `    <info name="FrequencyBaseMHz" value="${megahertz}"/>`;
    lines.push(`  <cpukind cpuset="${writeHwlocSet(machine.cpus)}">`, clock, '  </cpukind>');
  }
  return [...lines, '</topology>', ''].join('\n');
}

function machinePiece(topology: Topology): Piece {
  const home = topology.nodes.filter(({ cpus }) => cpus.length > 0);
  if (home.length === 0) throw new RangeError('nodes = none with CPUs, want at least one: hwloc knows no machine without');
  const packages = new Map<number | string, TopologyNode[]>();
  for (const node of home) {
    const key = node.package ?? `node ${node.id}`;
    packages.set(key, [...(packages.get(key) ?? []), node]);
  }
  const isOnly = home.length === 1;
  const memoryOnly = topology.nodes.filter(({ cpus }) => cpus.length === 0);
  const beside = (key: number | string): TopologyNode[] => (isOnly ? [] : memoryOnly.filter((node) => node.package === key));
  const children = [...packages].flatMap(([key, nodes]) => packagePieces(key, nodes, beside(key), isOnly));
  const placed = new Set([...packages.keys()].flatMap((key) => beside(key)));
  const attached = topology.nodes.filter((node) => (node.cpus.length === 0 && !placed.has(node)) || isOnTop(node.id, home));
  return {
    type: 'Machine',
    cpus: home.flatMap(({ cpus }) => cpus),
    attributes: [['os_index', 0]],
    nodes: attached,
    infos: topology.name === null ? [] : [['DMIProductName', topology.name.replace(/\p{Cc}/gu, ' ')]],
    children: inOrder(children),
  };
}

/** The only node with CPUs has all of the machine's, so it lies where the nodes of memory only lie. */
const isOnTop = (id: number, home: readonly TopologyNode[]): boolean => home.length === 1 && home[0]!.id === id;

/** @param beside nodes of memory only that serve the package */
function packagePieces(key: number | string, nodes: readonly TopologyNode[], beside: readonly TopologyNode[], isOnly: boolean): Piece[] {
  const isPackage = typeof key === 'number';
  const cpus = nodes.flatMap((node) => node.cpus);
  const alone = nodes.length === 1 && isPackage;
  const below = nodes.flatMap((node) => (alone || isOnly ? cachePieces(node) : [groupPiece(node)]));
  if (!isPackage) return below;
  const attached = [...(alone && !isOnly ? nodes : []), ...beside].sort((a, b) => a.id - b.id);
  return [piece('Package', cpus, [['os_index', key]], inOrder(below), attached)];
}

function groupPiece(node: TopologyNode): Piece {
  const kind = [['kind', MEMORY_GROUP] as const, ['subkind', 0] as const];
  return piece('Group', node.cpus, kind, cachePieces(node), [node]);
}

/** A node's cores below its last-level caches, which have as equal shares of cores and bytes as whole numbers allow. */
function cachePieces(node: TopologyNode): Piece[] {
  const cores = node.cores?.map((threads) => [...threads]) ?? node.cpus.map((cpu) => [cpu]);
  cores.sort((a, b) => a[0]! - b[0]!);
  const below = cores.map((threads) => corePiece(node, threads));
  const count = node.llcCount ?? (node.llcBytes === null ? 0 : 1);
  if (count === 0) return below;
  if (count > cores.length) throw new RangeError(`node ${node.id}: llcCount = ${count}, want at most its ${cores.length} cores`);
  return Array.from({ length: count }, (_, i) => {
    const own = below.slice(shareFrom(cores.length, i, count), shareFrom(cores.length, i + 1, count));
    const bytes = node.llcBytes === null ? 0 : shareFrom(node.llcBytes, i + 1, count) - shareFrom(node.llcBytes, i, count);
    return cachePiece(LLC_LEVEL, UNIFIED, bytes, own);
  });
}

function shareFrom(whole: number, i: number, count: number): number {
  return Number((BigInt(whole) * BigInt(i)) / BigInt(count));
}

function corePiece(node: TopologyNode, threads: readonly number[]): Piece {
  const units = threads.map((cpu) => piece('PU', [cpu], [['os_index', cpu]], []));
  const core = node.cores ? piece('Core', threads, [], inOrder(units)) : units[0]!;
  const l1 = node.l1Bytes === null ? core : cachePiece(1, DATA, node.l1Bytes, [core]);
  return node.l2Bytes === null ? l1 : cachePiece(2, UNIFIED, node.l2Bytes, [l1]);
}

function cachePiece(level: number, kind: number, bytes: number, children: readonly Piece[]): Piece {
  const attributes = [
    ['cache_size', bytes],
    ['depth', level],
    ['cache_linesize', 64],
    ['cache_associativity', 0],
    ['cache_type', kind],
  ] as const;
  return piece(
    `L${level}Cache`,
    children.flatMap(({ cpus }) => cpus),
    attributes,
    children,
  );
}

function piece(
  type: string,
  cpus: readonly number[],
  attributes: Piece['attributes'],
  children: readonly Piece[],
  nodes: readonly TopologyNode[] = [],
): Piece {
  return { type, cpus, attributes, nodes, infos: [], children };
}

/** By lowest CPU: hwloc complains of any other order. */
function inOrder(pieces: readonly Piece[]): Piece[] {
  const lowest = new Map(pieces.map((each) => [each, each.cpus.reduce((a, b) => Math.min(a, b))]));
  return [...pieces].sort((a, b) => lowest.get(a)! - lowest.get(b)!);
}

/** @param above node ids attached further up, which are near to everything below */
function writePiece(
  { type, cpus, attributes, nodes, infos, children }: Piece,
  above: readonly number[],
  gps: ReadonlyMap<number, number>,
  nextGp: { value: number },
  indent: string,
  lines: string[],
  isMachine: boolean,
): void {
  const near = [...above, ...nodes.map(({ id }) => id)];
  const nodeIds = [...near, ...children.flatMap(nodesBelow)];
  const gp = isMachine ? 1 : nextGp.value++;
  const sets = setsOf(cpus, nodeIds, isMachine);
  const index = attributes.filter(([name]) => name === 'os_index');
  const others = attributes.filter(([name]) => name !== 'os_index');
  const tag = `${indent}<object ${textOf([['type', type], ...index, ...sets, ['gp_index', gp], ...others])}`;
  if (infos.length + nodes.length + children.length === 0) {
    lines.push(`${tag}/>`);
    return;
  }
  lines.push(`${tag}>`);
  const inner = `${indent}  `;
  for (const [name, value] of infos) lines.push(`${inner}<info ${textOf([['name', name], ['value', value]])}/>`); // prettier-ignore
  for (const node of nodes) lines.push(`${inner}${nodeTag(node, cpus, nodes, gps)}`);
  for (const child of children) writePiece(child, near, gps, nextGp, inner, lines, false);
  lines.push(`${indent}</object>`);
}

/** A reader gives CPUs to the lowest id of several nodes at one place unless one is called DRAM. */
function nodeTag(node: TopologyNode, cpus: readonly number[], beside: readonly TopologyNode[], gps: ReadonlyMap<number, number>): string {
  const needsName = node.cpus.length > 0 && beside.some(({ id }) => id < node.id);
  const attributes: (readonly [string, string | number])[] = [
    ['type', 'NUMANode'],
    ['os_index', node.id],
    ...setsOf(cpus, [node.id], false),
    ['gp_index', gps.get(node.id)!],
  ];
  if (needsName) attributes.push(['subtype', 'DRAM']);
  if (node.memoryBytes !== null) attributes.push(['local_memory', node.memoryBytes]);
  return `<object ${textOf(attributes)}/>`;
}

function nodesBelow({ nodes, children }: Piece): number[] {
  return [...nodes.map(({ id }) => id), ...children.flatMap(nodesBelow)];
}

function setsOf(cpus: readonly number[], nodeIds: readonly number[], isMachine: boolean): (readonly [string, string])[] {
  const cpuset = writeHwlocSet(cpus);
  const nodeset = writeHwlocSet(nodeIds);
  const prefixes = isMachine ? ['', 'complete_', 'allowed_'] : ['', 'complete_'];
  return [
    ...prefixes.map((prefix) => [`${prefix}cpuset`, cpuset] as const),
    ...prefixes.map((prefix) => [`${prefix}nodeset`, nodeset] as const),
  ];
}

function textOf(attributes: readonly (readonly [string, string | number])[]): string {
  return attributes.map(([name, value]) => `${name}="${escapeXml(`${value}`)}"`).join(' ');
}

function distanceLines({ nodes, distances }: Topology): string[] {
  if (!distances || nodes.length < 2) return [];
  return [
    `  <distances2 type="NUMANode" nbobjs="${nodes.length}" kind="${FROM_OS_LATENCY}" name="NUMALatency" indexing="os">`,
    ...chunkLines(
      'indexes',
      nodes.map(({ id }) => id),
    ),
    ...chunkLines('u64values', distances.flat()),
    '  </distances2>',
  ];
}

function chunkLines(name: string, numbers: readonly number[]): string[] {
  const lines: string[] = [];
  for (let from = 0; from < numbers.length; from += CHUNK) {
    const text = numbers
      .slice(from, from + CHUNK)
      .map((number) => `${number} `)
      .join('');
    lines.push(`    <${name} length="${text.length}">${text}</${name}>`);
  }
  return lines;
}

function memattrLines(
  name: string,
  flags: number,
  cells: readonly (readonly (number | null)[])[],
  { nodes }: Topology,
  gps: ReadonlyMap<number, number>,
  convert: (value: number) => number,
): string[] {
  const values = nodes.flatMap(({ id }, target) =>
    nodes.flatMap(({ cpus }, initiator) => {
      const cell = cells[initiator]![target]!;
      if (cell === null || cpus.length === 0) return [];
      const value = Math.max(1, Math.round(convert(cell)));
      const where = [['target_obj_type', 'NUMANode'] as const, ['target_obj_gp_index', gps.get(id)!] as const];
      return [`    <memattr_value ${textOf([...where, ['value', value], ['initiator_cpuset', writeHwlocSet(cpus)]])}/>`];
    }),
  );
  return values.length === 0 ? [] : [`  <memattr name="${name}" flags="${flags}">`, ...values, '  </memattr>'];
}
