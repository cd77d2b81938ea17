import { capacityGBps, HOP_CLASSES, type Machine } from '../sim/machine.ts';
import { figuresOf, isAssumed, type Matrix } from '../sim/machine-spec.ts';
import { routeBetween } from '../sim/route.ts';
import { LINE_BYTES } from '../sim/units.ts';
import { counted } from './format.ts';
import { drawLinks } from './link-drawing.ts';

const WIDTH = 96;
const HOP_LABELS: Record<(typeof HOP_CLASSES)[number], string> = {
  local: 'local',
  sameSocket: 'same socket',
  oneHop: 'one hop',
  twoHop: 'two hops or more',
};

/** What `numalab machine show NAME` prints: the machine as a person knows it from numactl, then what the simulator adds to that. */
export function describeMachine(machine: Machine): string {
  const sections = [
    hardware(machine),
    numbers(machine),
    summary(machine),
    ['Links, capacity in each direction (═ inside a socket, ─ between sockets)', '', ...drawLinks(machine.spec)],
    latencies(machine),
    longRoutes(machine),
    caches(machine),
    bandwidths(machine),
    figures(machine, false),
    figures(machine, true),
  ];
  return sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.map((line) => line.trimEnd()).join('\n') + '\n')
    .join('\n');
}

/** The same for `--json`. */
export function machineJson(machine: Machine): object {
  const { spec, nodeCount } = machine;
  return {
    name: spec.name,
    summary: spec.summary,
    sockets: spec.sockets,
    cpus: machine.cpuCount,
    nodes: nodesOf(machine).map((node) => ({
      node,
      ...(spec.nodeIds ? { osNode: osNode(machine, node) } : {}),
      socket: machine.nodeSocket[node],
      cpus: cpusOf(machine, node),
      ...(spec.cpuIds ? { osCpus: cpusOf(machine, node).map((cpu) => osCpu(machine, cpu)) } : {}),
      memoryBytes: machine.memoryBytes[node],
    })),
    routes: pairsOf(machine).map(({ cpuNode, node, pair }) => ({
      cpuNode,
      memoryNode: node,
      hopClass: HOP_CLASSES[machine.hopClass[pair]!],
      dataTravels: routeBetween(spec, node, cpuNode),
    })),
    resources: machine.resourceNames.map((name, resource) => ({ name, GBps: capacityGBps(machine, resource) })),
    linesInFlight: rows(machine.linesInFlight, nodeCount),
    writeLinesInFlight: rows(machine.writeLinesInFlight, nodeCount),
    figures: Object.fromEntries(figuresOf(spec).map(({ name, figure }) => [name, { ...figure, assumed: isAssumed(figure) }])),
  };
}

/** As `numactl --hardware` prints it, under the ids of the operating system, without the line of free memory. */
function hardware(machine: Machine): string[] {
  const nodes = nodesOf(machine);
  const ids = nodes.map((node) => osNode(machine, node));
  return [
    `available: ${machine.nodeCount} nodes (${rangesOf(ids)})`,
    ...nodes.flatMap((node) => [
      cpuLine(ids[node]!, cpusOf(machine, node).map((cpu) => osCpu(machine, cpu)).sort((a, b) => a - b)), // prettier-ignore
      `node ${ids[node]} size: ${Math.floor(machine.memoryBytes[node]! / 1024 ** 2)} MB`,
    ]),
    'node distances:',
    `node ${ids.map((id) => String(id).padStart(3)).join(' ')}`,
    ...rows(machine.slit, machine.nodeCount).map(
      (row, node) => `${String(ids[node]).padStart(3)}: ${row.map((distance) => String(distance).padStart(3)).join(' ')}`,
    ),
  ];
}

/** Where the operating system's ids are not the numbers that all below is told by. */
function numbers({ spec: { nodeIds, cpuIds } }: Machine): string[] {
  if (!nodeIds && !cpuIds) return [];
  const named = (nodeIds ?? []).flatMap((id, node) => (id === node ? [] : [`${id} is ${node}`]));
  return [
    'Above are the ids of the operating system. Below, and in policies, nodes and CPUs are counted from 0, CPUs node by node and core by core',
    ...(named.length > 0 ? wrapped(named.map((one) => `node ${one}`), ', ', 2) : []), // prettier-ignore
  ];
}

function osNode({ spec }: Machine, node: number): number {
  return spec.nodeIds?.[node] ?? node;
}

function osCpu({ spec }: Machine, cpu: number): number {
  return spec.cpuIds?.[cpu] ?? cpu;
}

/** Ranges where there are too many to name each. */
function cpuLine(node: number, cpus: readonly number[]): string {
  const line = `node ${node} cpus: ${cpus.join(' ')}`;
  return line.length <= WIDTH ? line : `node ${node} cpus: ${rangesOf(cpus).replaceAll(',', ' ')}`;
}

/** `0-2,33` of rising numbers. */
function rangesOf(ids: readonly number[]): string {
  const parts: string[] = [];
  for (let at = 0; at < ids.length;) {
    let end = at;
    while (end + 1 < ids.length && ids[end + 1] === ids[end]! + 1) end++;
    parts.push(end === at ? String(ids[at]) : `${ids[at]}-${ids[end]}`);
    at = end + 1;
  }
  return parts.join(',');
}

function summary({ spec, nodeCount, cpuCount, clockGHz, memoryBytes }: Machine): string[] {
  const memoryGiB = memoryBytes.reduce((sum, bytes) => sum + bytes, 0) / 1024 ** 3;
  return [
    ...wrapped(`${spec.name}: ${spec.summary}`.split(' '), ' ', 0),
    `${counted(spec.sockets, 'socket')}, ${counted(nodeCount, 'node')}, ${counted(cpuCount, 'CPU')} at ${rounded(clockGHz)} GHz, ${rounded(memoryGiB)} GiB`,
  ];
}

function rounded(value: number): number {
  return Number(value.toFixed(3));
}

function latencies({ latencyNs, nodeCount }: Machine): string[] {
  const cells = rows(latencyNs, nodeCount).map((row) => row.map((ns) => ns.toFixed(1)));
  const heads = cells.map((_, node) => String(node));
  const line = (head: string, row: readonly string[]): string => head.padStart(5) + row.map((cell) => cell.padStart(8)).join('');
  return [
    'Idle latency in ns (row: node of the CPU, column: node of the memory)',
    '',
    line('', heads),
    ...cells.map((row, node) => line(`${node}:`, row)),
  ];
}

/** Pairs of nodes with another node between them on the way there or back. */
function longRoutes(machine: Machine): string[] {
  const lines: string[] = [];
  for (const { cpuNode: a, node: b } of pairsOf(machine)) {
    if (a >= b) continue;
    const there = routeBetween(machine.spec, a, b);
    const back = routeBetween(machine.spec, b, a);
    if (Math.max(there.length, back.length) <= 2) continue;
    const remark = there.join() === [...back].reverse().join() ? '' : '   another way back';
    lines.push(`  ${there.join(' → ').padEnd(16)} ${back.join(' → ').padEnd(16)}${remark}`);
  }
  return lines.length > 0 ? ['Routes of two hops or more (read data travel from the memory to the CPU)', '', ...lines] : [];
}

function caches({ spec, clockGHz }: Machine): string[] {
  const cycles = spec.hitCycles.value;
  const line = (name: string, bytes: number, hit: number, whose: string): string =>
    `  ${name.padEnd(4)}${sizeText(bytes).padStart(10)}  ${`${hit} cycles`.padStart(9)}${`${(hit / clockGHz).toFixed(1)} ns`.padStart(9)}   ${whose}`;
  return [
    'Caches (size, load to use)',
    '',
    line('L1', spec.l1Bytes.value, cycles.l1, 'of each CPU'),
    line('L2', spec.l2Bytes.value, cycles.l2, 'of each CPU'),
    line('LLC', spec.llcBytes.value, cycles.llc, 'shared by the CPUs of a node'),
  ];
}

/** By hop class, least to most: what one thread is fitted to get alone, and what all CPUs of a node can get at most. */
function bandwidths(machine: Machine): string[] {
  const heads = [
    ['', 'idle', 'lines in', 'thread', 'thread', 'node', 'node'],
    ['pairs', 'ns', 'flight', 'reads', 'writes', 'reads', 'writes'],
  ];
  const table = HOP_CLASSES.flatMap((name, hop) => {
    const pairs = pairsOf(machine).filter(({ cpuNode, pair }) => machine.hopClass[pair] === hop && machine.nodeCpuCount[cpuNode]! > 0);
    if (pairs.length === 0) return [];
    const range = (digits: number, figure: (pair: number) => number): string => {
      const values = pairs.map(({ pair }) => figure(pair));
      const [least, most] = [Math.min(...values), Math.max(...values)].map((value) => value.toFixed(value < 1000 ? digits : 0));
      return least === most ? least! : `${least}-${most}`;
    };
    const cells = [
      String(pairs.length),
      range(0, (pair) => machine.latencyNs[pair]!),
      range(1, (pair) => machine.linesInFlight[pair]!),
      range(2, (pair) => oneThreadGBps(machine, pair, machine.spec.oneThreadReadGBps?.value, machine.linesInFlight, machine.useRead)),
      range(2, (pair) =>
        oneThreadGBps(machine, pair, machine.spec.oneThreadWriteGBps?.value, machine.writeLinesInFlight, machine.useWrite),
      ),
      range(2, (pair) => narrowestGBps(machine, pair, machine.useRead)),
      range(2, (pair) => narrowestGBps(machine, pair, machine.useWrite)),
    ];
    return [{ label: HOP_LABELS[name], cells }];
  });
  const widths = heads[0]!.map((_, i) => Math.max(...[...heads, ...table.map(({ cells }) => cells)].map((cells) => cells[i]!.length)) + 2);
  const line = (label: string, cells: readonly string[]): string =>
    `  ${label.padEnd(16)}${cells.map((cell, i) => cell.padStart(widths[i]!)).join('')}`;
  return [
    'Bandwidth in GB/s by distance, least to most: one thread alone, all CPUs of a node together',
    '',
    ...heads.map((cells) => line('', cells)),
    ...table.map(({ label, cells }) => line(label, cells)),
  ];
}

function figures({ spec }: Machine, assumed: boolean): string[] {
  const chosen = figuresOf(spec).filter(({ figure }) => isAssumed(figure) === assumed);
  if (chosen.length === 0) return [];
  const sources = [...new Set(chosen.map(({ figure }) => figure.source))];
  const title = assumed ? 'Assumed figures: nothing published gives them' : 'Figures with a source';
  return [
    title,
    '',
    ...sources.flatMap((source) => [
      ...wrapped(
        chosen.filter(({ figure }) => figure.source === source).map(({ name, figure }) => figureText(name, figure.value)),
        ', ',
        2,
      ),
      ...wrapped((source.replace(/^assumed:? ?/, '') || 'no reason given').split(' '), ' ', 6),
    ]),
  ];
}

/** A figure by its name, short values in sight, tables left out. */
export function figureText(name: string, value: unknown): string {
  return `${name} ${valueText(name, value)}`.trimEnd();
}

function valueText(name: string, value: unknown): string {
  if (typeof value === 'number') return name.endsWith('Bytes') ? sizeText(value) : String(value);
  if (!Array.isArray(value)) {
    const parts = Object.entries(value as object).flat();
    return parts.join(' ');
  }
  if (!value.every((cell) => typeof cell === 'number')) return '';
  return new Set(value).size === 1 ? `${round(value[0]!)} each` : value.map(round).join(' ');
}

function round(value: number): string {
  return String(Number(value.toFixed(3)));
}

/** Measured where the machine's file says so, else what its lines in flight bring at idle latency, as far as the way lets them through. */
function oneThreadGBps(machine: Machine, pair: number, measured: Matrix | undefined, lines: Float64Array, uses: Float64Array): number {
  const { nodeCount, latencyNs } = machine;
  const alone = measured?.[Math.floor(pair / nodeCount)]![pair % nodeCount] ?? (lines[pair]! * LINE_BYTES) / latencyNs[pair]!;
  return Math.min(alone, narrowestGBps(machine, pair, uses));
}

/** What the narrowest resource on the way lets through. */
function narrowestGBps(machine: Machine, pair: number, uses: Float64Array): number {
  let narrowest = Infinity;
  for (let use = machine.useStart[pair]!; use < machine.useStart[pair + 1]!; use++) {
    narrowest = Math.min(narrowest, capacityGBps(machine, machine.useResource[use]!) / uses[use]!);
  }
  return Math.min(narrowest, portsGBps(machine, Math.floor(pair / machine.nodeCount)));
}

/** What the ports of a node's clusters let through together. */
function portsGBps({ cpuPort, nodeFirstCpu, nodeCpuCount, capacity }: Machine, node: number): number {
  const first = nodeFirstCpu[node]!;
  const ports = new Set(cpuPort.subarray(first, first + nodeCpuCount[node]!));
  return ports.has(-1) || ports.size === 0 ? Infinity : [...ports].reduce((sum, port) => sum + capacity[port]! * LINE_BYTES, 0);
}

function nodesOf(machine: Machine): number[] {
  return Array.from({ length: machine.nodeCount }, (_, node) => node);
}

function cpusOf(machine: Machine, node: number): number[] {
  return Array.from({ length: machine.nodeCpuCount[node]! }, (_, i) => machine.nodeFirstCpu[node]! + i);
}

function pairsOf(machine: Machine): { cpuNode: number; node: number; pair: number }[] {
  const nodes = nodesOf(machine);
  return nodes.flatMap((cpuNode) => nodes.map((node) => ({ cpuNode, node, pair: cpuNode * machine.nodeCount + node })));
}

function rows(matrix: Iterable<number>, columns: number): number[][] {
  const cells = [...matrix];
  return Array.from({ length: cells.length / columns }, (_, row) => cells.slice(row * columns, (row + 1) * columns));
}

function sizeText(bytes: number): string {
  const isMiB = bytes >= 1024 ** 2 && bytes % 1024 ** 2 === 0;
  return isMiB ? `${bytes / 1024 ** 2} MiB` : `${bytes / 1024} KiB`;
}

/** Joins words into lines of at most WIDTH columns; a single word may be longer. */
function wrapped(words: readonly string[], separator: string, indent: number): string[] {
  const lines: string[] = [];
  let line = ' '.repeat(indent);
  words.forEach((word, i) => {
    const piece = word + (i < words.length - 1 ? separator : '');
    if (line.trim() !== '' && line.length + piece.trimEnd().length > WIDTH) {
      lines.push(line.trimEnd());
      line = ' '.repeat(indent);
    }
    line += piece;
  });
  return [...lines, line];
}
