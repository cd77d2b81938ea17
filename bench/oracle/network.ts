import type { Figure, MachineSpec, Matrix } from '../../sim/machine-spec.ts';
import { below, namedStream, type Random } from '../../sim/random.ts';
import { KiB, LINE_BYTES } from '../../sim/units.ts';
import { type Servers, serversOf } from './servers.ts';

/** What one CPU does: it fetches line after line of its region, and computes a little for each. */
export interface Flow {
  readonly cpu: number;
  readonly cpuNode: number;
  readonly inFlight: number;
  /** Computing for each line, per CPU. */
  readonly computeNs: number;
  /** Share of its lines that are written. */
  readonly writeShare: number;
  readonly pattern: 'sweep' | 'random';
  /** [block of its region] */
  readonly blockNodes: readonly number[];
}

/** A machine and what runs on it. */
export interface Network {
  readonly seed: string;
  readonly spec: MachineSpec;
  readonly flows: readonly Flow[];
  readonly blockBytes: number;
  readonly durationNs: number;
  /** Most that is asked of any server, over its capacity, if nothing ever waited. */
  readonly load: number;
}

/** Networks by load. */
export const LOADS = ['< 0.5', '0.5 .. 1', '1 .. 2', '> 2'] as const;
const EDGES = [0, 0.5, 1, 2, Infinity];

const BLOCK_BYTES = KiB(16);
const LINES_A_RUN = 100_000;
const MOST_IN_FLIGHT = 12;

/** Draws networks of this seed until one has a load of this class, so that all four are seen equally often. */
export function drawNetwork(seed: number, loadClass: number): Network {
  for (let attempt = 0; ; attempt++) {
    const network = drawAny(`${seed}.${attempt}`);
    if (network.load >= EDGES[loadClass]! && network.load < EDGES[loadClass + 1]!) return network;
  }
}

function drawAny(seed: string): Network {
  const random = namedStream(seed, 'network', 0, 'draw');
  const spec = drawMachine(seed, random);
  const busy = 0.3 + 0.7 * random();
  const ease = Math.exp(3 * random() - 1.5); // computing over memory time
  const flows: Flow[] = [];
  spec.nodeCpus.reduce((firstCpu, count, cpuNode) => {
    for (let cpu = firstCpu; cpu < firstCpu + count; cpu++) if (random() < busy) flows.push(drawFlow(spec, cpu, cpuNode, ease, random));
    return firstCpu + count;
  }, 0);
  if (flows.length === 0)
    flows.push(
      drawFlow(
        spec,
        0,
        spec.nodeCpus.findIndex((count) => count > 0),
        ease,
        random,
      ),
    );
  const servers = serversOf(spec);
  const load = loadOf(servers, flows);
  const asked = flows.reduce((sum, flow) => sum + askedLinesPerNs(servers, flow), 0);
  return { seed, spec, flows, blockBytes: BLOCK_BYTES, load, durationNs: Math.ceil((LINES_A_RUN * Math.max(1, load)) / asked) };
}

function drawFlow(spec: MachineSpec, cpu: number, cpuNode: number, ease: number, random: Random): Flow {
  const inFlight = random() < 0.15 ? 1 : 1 + below(random, MOST_IN_FLIGHT);
  const nodes = spec.nodeSocket.map((_, node) => node).filter(() => random() < 0.4);
  if (nodes.length === 0 || random() < 0.3) nodes.splice(0, nodes.length, below(random, spec.nodeSocket.length));
  const memoryNs = spec.latencyNs.value[cpuNode]![nodes[0]!]! / inFlight;
  return {
    cpu,
    cpuNode,
    inFlight,
    computeNs: random() < 0.2 ? 0 : memoryNs * ease * 2 * random(),
    writeShare: random() < 0.5 ? 0 : random(),
    pattern: random() < 0.5 ? 'sweep' : 'random',
    blockNodes: Array.from({ length: nodes.length * (1 + below(random, 6)) }, () => nodes[below(random, nodes.length)]!),
  };
}

/** Lines per ns of a flow that never waits. */
function askedLinesPerNs(servers: Servers, flow: Flow): number {
  const idleNs = flow.blockNodes.reduce((sum, node) => sum + meanIdleNs(servers, flow, node), 0) / flow.blockNodes.length;
  return 1 / (flow.computeNs + idleNs / flow.inFlight);
}

function meanIdleNs(servers: Servers, { cpuNode, inFlight, writeShare }: Flow, node: number): number {
  const { idleNs } = servers.ways[cpuNode]![node]!;
  return (1 - writeShare) * idleNs(inFlight, false) + writeShare * idleNs(inFlight, true);
}

/** Most that is asked of any server over its capacity, on average over time, if nothing ever waited. */
function loadOf(servers: Servers, flows: readonly Flow[]): number {
  const busy = servers.serviceNs.map(() => 0);
  for (const flow of flows) {
    const linesPerNs = askedLinesPerNs(servers, flow) / flow.blockNodes.length;
    for (const node of flow.blockNodes) {
      const { there, back } = servers.ways[flow.cpuNode]![node]!;
      for (const server of there) busy[server]! += linesPerNs * servers.serviceNs[server]!;
      for (const { server, visits } of back) busy[server]! += linesPerNs * flow.writeShare * visits * servers.serviceNs[server]!;
    }
  }
  return Math.max(...busy);
}

const drawn = <Value>(value: Value): Figure<Value> => ({ value, source: 'assumed: drawn at random' });

/** A machine of two to eight nodes on which no direction is like its opposite. */
function drawMachine(seed: string, random: Random): MachineSpec {
  const nodeCount = 2 + below(random, 7);
  const nodes = Array.from({ length: nodeCount }, (_, node) => node);
  const between = (low: number, high: number): number => low + (high - low) * random();
  const matrix = (cell: (row: number, column: number) => number): Matrix => nodes.map((row) => nodes.map((column) => cell(row, column)));
  const links = nodes.flatMap((a) =>
    nodes.filter((b) => b > a && (b === a + 1 || random() < 0.4)).map((b) => ({ between: [a, b] as const, capacityGBps: between(3, 9) })),
  );
  const controllerGBps = nodes.map(() => between(6, 14));
  const latencyNs: Matrix = matrix((row, column) => (row === column ? between(60, 95) : between(100, 230)));
  const pairGBps = matrix((row, column) => (row === column ? controllerGBps[row]! : between(2.5, 9)));
  const hasPairs = random() < 0.5;
  const hasWrites = random() < 0.7;
  const hasWindows = random() < 0.4;
  const alone = (share: number): Matrix =>
    matrix((row, column) =>
      row === column && share === 1
        ? (MOST_IN_FLIGHT * LINE_BYTES) / latencyNs[row]![row]!
        : (between(0.5, 1.1) * share * MOST_IN_FLIGHT * LINE_BYTES) / latencyNs[row]![column]!,
    );
  const nodeCpus: number[] = nodes.map(() => below(random, 5));
  if (Math.max(...nodeCpus) === 0) nodeCpus[0] = 2;
  return {
    name: `drawn ${seed}`,
    summary: 'drawn at random',
    sockets: 1,
    nodeSocket: nodes.map(() => 0),
    nodeCpus,
    clockGHz: drawn(between(1.2, 3)),
    l1Bytes: drawn(KiB(32)),
    l2Bytes: drawn(KiB(256)),
    llcBytes: drawn(KiB(1024)),
    hitCycles: drawn({ l1: 3, l2: 12, llc: 40 }),
    memoryGiB: drawn(nodes.map(() => 1)),
    memoryHoleGiB: drawn(0),
    slit: drawn(matrix((row, column) => (row === column ? 10 : 20))),
    latencyNs: drawn(latencyNs),
    links: drawn(links),
    nextHop: drawn(drawNextHops(nodeCount, links, random)),
    controllerGBps: drawn(controllerGBps),
    linesInFlight: drawn(MOST_IN_FLIGHT),
    loadedLatency: drawn({ rise: 0, curve: 0 }),
    ...(hasPairs && { pairGBps: drawn(pairGBps) }),
    ...(hasPairs && hasWrites && { pairWriteGBps: drawn(matrix((row, column) => pairGBps[row]![column]! / between(1.1, 2.2))) }),
    ...(hasWindows && { oneThreadReadGBps: drawn(alone(1)), oneThreadWriteGBps: drawn(alone(0.8)) }),
  };
}

/** Next hops on ways of least weight, weights drawn for each direction: there and back may differ. */
function drawNextHops(nodeCount: number, links: readonly { between: readonly [number, number] }[], random: Random): Matrix {
  const table = Array.from({ length: nodeCount }, (_, a) => Array.from({ length: nodeCount }, (__, b) => (a === b ? a : -1)));
  const weight = Array.from({ length: nodeCount }, () => new Array<number>(nodeCount).fill(Infinity));
  for (const [a, b] of links.map((link) => link.between)) {
    weight[a]![b] = 1 + random();
    weight[b]![a] = 1 + random();
  }
  for (let to = 0; to < nodeCount; to++) {
    const far = new Array<number>(nodeCount).fill(Infinity);
    far[to] = 0;
    for (let round = 0; round < nodeCount; round++) {
      for (let from = 0; from < nodeCount; from++) {
        for (let next = 0; next < nodeCount; next++) {
          const length = weight[from]![next]! + far[next]!;
          if (from === to || length >= far[from]!) continue;
          far[from] = length;
          table[from]![to] = next;
        }
      }
    }
  }
  return table;
}
