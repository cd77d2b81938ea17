import { checkSpec } from './machine-check.ts';
import type { LoadedLatency, MachineSpec, Matrix } from './machine-spec.ts';
import { hopClasses, routeBetween } from './route.ts';
import { LINE_BYTES, NONE } from './units.ts';

export const CONTROLLER = 0;
export const LINK = 1;
export const PAIR = 2;

/** How far memory is from a CPU, by the route between their nodes. */
export const HOP_CLASSES = ['local', 'sameSocket', 'oneHop', 'twoHop'] as const;

/**
 * A machine as the simulator reads it: flat arrays, frozen in meaning. N = nodes, R = resources (controllers first, then directed
 * links, then node pairs whose limit is below that of their wires, then the ports of clusters of CPUs). Matrices are [node of the CPU * N + node of the memory].
 */
export interface Machine {
  readonly spec: MachineSpec;
  readonly nodeCount: number;
  readonly cpuCount: number;
  readonly clockGHz: number;
  readonly cpuNode: Int32Array; //      [cpu]
  readonly cpuCore: Int32Array; //      [cpu] core, counted over the machine; CPUs of a core follow one another
  readonly threadsPerCore: number;
  /** Time that computing takes with so many other threads of the core busy, as a multiple of that alone: [busy siblings]. */
  readonly threadSlowdown: Float64Array;
  readonly nodeFirstCpu: Int32Array; // [node]
  readonly nodeCpuCount: Int32Array; // [node]
  readonly nodeSocket: Int32Array; //   [node]
  readonly memoryBytes: Float64Array; // [node]
  readonly slit: Int32Array; //         [N * N]
  readonly latencyNs: Float64Array; //  [N * N] idle
  readonly hopClass: Uint8Array; //     [N * N] index into HOP_CLASSES; more than two hops counts as two
  readonly coreLines: Float64Array; //  [node] lines a stream on one of its cores asks for at a time
  readonly linesInFlight: Float64Array; //      [N * N] most read lines one core keeps in flight between these nodes
  readonly writeLinesInFlight: Float64Array; // [N * N] the same for written lines
  readonly llcHitNs: number;
  readonly resourceCount: number;
  readonly resourceKind: Uint8Array; //    [R] CONTROLLER, LINK (ports too) or PAIR
  readonly capacity: Float64Array; //      [R] lines per ns
  readonly resourceNames: readonly string[]; // [R]
  /** Delay of an unsaturated controller: riseNs * u / (1 - curve * u). */
  readonly riseNs: Float64Array; //        [N]
  readonly curve: number;
  /** Resources a read line uses on its way between two nodes: entries useStart[pair]..useStart[pair + 1] of useResource. */
  readonly useStart: Int32Array; //     [N * N + 1]
  readonly useResource: Int32Array;
  readonly useRead: Float64Array; //    how much of the resource a read line uses
  readonly useWrite: Float64Array; //   how much a written line (read for ownership, later written back) uses
  /** [cpu] the port through which its cluster fetches every line, or NONE. Full duplex, as a link: what goes back never fills it first. */
  readonly cpuPort: Int32Array;
}

/**
 * Lays a machine out for the simulator and fits the lines in flight.
 * @throws RangeError naming path, value and what was wanted, for a machine that cannot be
 */
export function buildMachine(spec: MachineSpec): Machine {
  checkSpec(spec);
  const nodeCount = spec.nodeSocket.length;
  const cpuCount = spec.nodeCpus.reduce((sum, count) => sum + count, 0);
  const cpuNode = new Int32Array(cpuCount);
  const nodeFirstCpu = new Int32Array(nodeCount);
  for (let node = 0, cpu = 0; node < nodeCount; node++) {
    nodeFirstCpu[node] = cpu;
    for (let i = 0; i < spec.nodeCpus[node]!; i++) cpuNode[cpu++] = node;
  }
  const routes = layResources(spec, cpuNode, nodeFirstCpu);
  const clockGHz = spec.clockGHz.value;
  const latencyNs = flat(spec.latencyNs.value);
  const { rise, curve } = spec.loadedLatency.value;
  const riseNs = Float64Array.from({ length: nodeCount }, (_, node) => latencyNs[node * nodeCount + node]! * rise);
  const machine = {
    spec,
    nodeCount,
    cpuCount,
    clockGHz,
    cpuNode,
    ...threadsOf(spec, cpuCount),
    nodeFirstCpu,
    nodeCpuCount: Int32Array.from(spec.nodeCpus),
    nodeSocket: Int32Array.from(spec.nodeSocket),
    memoryBytes: Float64Array.from(spec.memoryGiB.value, (size) => size * 1024 ** 3),
    slit: Int32Array.from(flat(spec.slit.value)),
    latencyNs,
    hopClass: hopClasses(spec),
    llcHitNs: spec.hitCycles.value.llc / clockGHz,
    riseNs,
    curve,
    ...routes,
  };
  return { ...machine, ...fitLinesInFlight(spec, machine) };
}

/** Bytes a resource carries at most, in GB/s. */
export function capacityGBps(machine: Machine, resource: number): number {
  return machine.capacity[resource]! * LINE_BYTES;
}

/** Delay below saturation in idle latencies of a controller that is `use` busy (0..1). */
export function riseOf({ rise, curve }: LoadedLatency, use: number): number {
  return (rise * use) / (1 - curve * use);
}

/** What a line takes between two nodes without queueing when a core asks for `inFlight` at a time: idle latency, and the wait for a slot. */
export function idleLineNs(machine: Machine, pair: number, inFlight: number, writeShare: number): number {
  const read = Math.max(1, inFlight / machine.linesInFlight[pair]!);
  const written = Math.max(1, inFlight / machine.writeLinesInFlight[pair]!);
  return machine.latencyNs[pair]! * (read + writeShare * (written - read));
}

/** Between one busy thread and all, what is lost grows evenly with the number of busy threads. */
function threadsOf(spec: MachineSpec, cpuCount: number): Pick<Machine, 'cpuCore' | 'threadsPerCore' | 'threadSlowdown'> {
  const threadsPerCore = spec.threadsPerCore ?? 1;
  const lost = 1 - (spec.threadShare?.value ?? 1);
  return {
    cpuCore: Int32Array.from({ length: cpuCount }, (_, cpu) => Math.floor(cpu / threadsPerCore)),
    threadsPerCore,
    threadSlowdown: Float64Array.from(
      { length: threadsPerCore },
      (_, busy) => 1 / (1 - (busy > 0 ? (lost * busy) / (threadsPerCore - 1) : 0)),
    ),
  };
}

interface Resources {
  resourceCount: number;
  resourceKind: Uint8Array;
  resourceNames: string[];
  capacity: Float64Array;
  useStart: Int32Array;
  useResource: Int32Array;
  useRead: Float64Array;
  useWrite: Float64Array;
  cpuPort: Int32Array;
}

/**
 * Numbers the resources and says how much of each a line uses. A written line is read for ownership and written back: its data
 * cross the wires both ways, and it weighs on controller and pair as much more as their measured write bandwidth is lower.
 */
function layResources(spec: MachineSpec, cpuNode: Int32Array, nodeFirstCpu: Int32Array): Resources {
  const nodeCount = spec.nodeSocket.length;
  const kinds: number[] = [];
  const names: string[] = [];
  const capacities: number[] = [];
  const add = (kind: number, name: string, GBps: number): number => {
    names.push(name);
    capacities.push(GBps / LINE_BYTES);
    return kinds.push(kind) - 1;
  };
  spec.controllerGBps.value.forEach((GBps, node) => add(CONTROLLER, `controller ${node}`, GBps));
  const linkOf = new Map<string, number>();
  for (const { between, capacityGBps: GBps } of spec.links.value) {
    const [a, b] = between;
    linkOf.set(`${a}>${b}`, add(LINK, `link ${a}>${b}`, GBps));
    linkOf.set(`${b}>${a}`, add(LINK, `link ${b}>${a}`, GBps));
  }
  const wires = (from: number, to: number): number[] => {
    const path = routeBetween(spec, from, to);
    return path.slice(1).map((node, i) => linkOf.get(`${path[i]}>${node}`)!);
  };

  const layPorts = (): Int32Array => {
    const ports = new Int32Array(cpuNode.length).fill(NONE);
    if (!spec.clusters) return ports;
    const { cpus, capacityGBps } = spec.clusters.value;
    ports.forEach((_, cpu) => {
      const node = cpuNode[cpu]!;
      const cluster = Math.floor((cpu - nodeFirstCpu[node]!) / cpus);
      const isFirst = (cpu - nodeFirstCpu[node]!) % cpus === 0;
      ports[cpu] = isFirst ? add(LINK, `port ${node}.${cluster}`, capacityGBps) : ports[cpu - 1]!;
    });
    return ports;
  };

  const useStart = [0];
  const useResource: number[] = [];
  const useRead: number[] = [];
  const useWrite: number[] = [];
  const use = (resource: number, read: number, write: number): void => {
    const start = useStart[useStart.length - 1]!;
    const at = useResource.indexOf(resource, start);
    if (at < 0) {
      useResource.push(resource);
      useRead.push(read);
      useWrite.push(write);
    } else {
      useRead[at]! += read;
      useWrite[at]! += write;
    }
  };
  for (let cpuNode = 0; cpuNode < nodeCount; cpuNode++) {
    for (let node = 0; node < nodeCount; node++) {
      use(node, 1, writeWeight(spec, node, node));
      if (node !== cpuNode) {
        const there = wires(node, cpuNode);
        const back = wires(cpuNode, node);
        for (const link of there) use(link, 1, 1);
        for (const link of back) use(link, 0, 1);
        const limit = spec.pairGBps?.value[cpuNode]![node] ?? Infinity;
        const narrowest = Math.min(spec.controllerGBps.value[node]!, ...there.map((link) => capacities[link]! * LINE_BYTES));
        if (limit < narrowest) use(add(PAIR, `pair ${cpuNode}<${node}`, limit), 1, writeWeight(spec, cpuNode, node));
      }
      useStart.push(useResource.length);
    }
  }
  const cpuPort = layPorts();
  return {
    resourceCount: kinds.length,
    resourceKind: Uint8Array.from(kinds),
    resourceNames: names,
    capacity: Float64Array.from(capacities),
    useStart: Int32Array.from(useStart),
    useResource: Int32Array.from(useResource),
    useRead: Float64Array.from(useRead),
    useWrite: Float64Array.from(useWrite),
    cpuPort,
  };
}

/** Read lines a written line counts for, between these nodes: measured read bandwidth over write bandwidth. Without figures 2: one read, one write. */
function writeWeight(spec: MachineSpec, cpuNode: number, node: number): number {
  const written = spec.pairWriteGBps?.value[cpuNode]![node];
  if (written === undefined) return cpuNode === node ? 2 : 1;
  const read = cpuNode === node ? spec.controllerGBps.value[node]! : spec.pairGBps?.value[cpuNode]![node];
  return read === undefined ? 1 : Math.max(1, read / written);
}

/**
 * The lines one core keeps in flight, from the bandwidth of one streaming thread (64 B * lines / latency), with the controller's
 * rise below saturation already active, so that the rise is not counted twice. A stream asks for as many as the core's fullest path
 * holds when it reads: mostly that to its own node, on some Xeons one to another node. No path can hold more than that: a bandwidth of
 * writes that would need more (some local ones of the 6172) is missed by a few percent.
 */
function fitLinesInFlight(
  spec: MachineSpec,
  machine: Pick<Machine, 'nodeCount' | 'latencyNs' | 'capacity'>,
): Pick<Machine, 'coreLines' | 'linesInFlight' | 'writeLinesInFlight'> {
  const { nodeCount, latencyNs, capacity } = machine;
  const coreLines = new Float64Array(nodeCount);
  const linesInFlight = new Float64Array(nodeCount * nodeCount);
  const writeLinesInFlight = new Float64Array(nodeCount * nodeCount);
  const delayNs = (node: number, linesPerNs: number, weight: number): number => {
    const use = Math.min(1, (linesPerNs * weight) / capacity[node]!);
    return weight * latencyNs[node * nodeCount + node]! * riseOf(spec.loadedLatency.value, use);
  };
  for (let cpuNode = 0; cpuNode < nodeCount; cpuNode++) {
    const needed = (node: number, GBps: number, weight: number): number =>
      (GBps / LINE_BYTES) * (latencyNs[cpuNode * nodeCount + node]! + delayNs(node, GBps / LINE_BYTES, weight));
    const oneThread = spec.oneThreadReadGBps?.value[cpuNode]!.map((GBps, node) => needed(node, GBps, 1));
    const asked = oneThread ? Math.max(...oneThread) : (spec.linesInFlight?.value ?? 1);
    const fit = (node: number, GBps: number, weight: number): number => {
      if (needed(node, GBps, weight) >= asked) return asked;
      const linesPerNs = GBps / LINE_BYTES;
      const slotNs = asked / linesPerNs - delayNs(node, linesPerNs, weight); // idle latency and the wait for a slot of the core
      return (latencyNs[cpuNode * nodeCount + node]! * asked) / slotNs;
    };
    coreLines[cpuNode] = asked;
    for (let node = 0; node < nodeCount; node++) {
      const pair = cpuNode * nodeCount + node;
      const read = spec.oneThreadReadGBps?.value[cpuNode]![node];
      const write = spec.oneThreadWriteGBps?.value[cpuNode]![node];
      linesInFlight[pair] = read === undefined ? asked : fit(node, read, 1);
      writeLinesInFlight[pair] = write === undefined ? linesInFlight[pair]! : fit(node, write, writeWeight(spec, node, node));
    }
  }
  return { coreLines, linesInFlight, writeLinesInFlight };
}

function flat(matrix: Matrix): Float64Array {
  return Float64Array.from(matrix.flat());
}
