/** What a machine file says. `buildMachine` (machine.ts) turns it into the frozen arrays that the simulator reads. */

/** A physical figure and where it comes from: a document and table, an own measurement, or text that begins with 'assumed'. */
export interface Figure<Value> {
  readonly value: Value;
  readonly source: string;
}

/** Row = node of the CPU, column = node of the memory. */
export type Matrix = readonly (readonly number[])[];

/** A pair of directed wires between two nodes, each with this capacity. */
export interface LinkSpec {
  readonly between: readonly [number, number];
  readonly capacityGBps: number;
}

export interface MachineSpec {
  readonly name: string;
  readonly summary: string;
  readonly sockets: number;
  /** Socket of each node. */
  readonly nodeSocket: readonly number[];
  /** CPUs of each node; 0 makes a node of memory only. CPUs are numbered node by node. */
  readonly nodeCpus: readonly number[];
  /** Hardware threads of a core, each a CPU, numbered one after the other; 1 if not given. */
  readonly threadsPerCore?: number;
  /** What the operating system calls each node and each CPU, where that is not their number here. */
  readonly nodeIds?: readonly number[];
  readonly cpuIds?: readonly number[];
  /** Speed at which each thread of a core computes when all are busy, as a share of one alone; 1 if not given. */
  readonly threadShare?: Figure<number>;
  readonly clockGHz: Figure<number>;
  readonly l1Bytes: Figure<number>;
  readonly l2Bytes: Figure<number>;
  /** Last-level cache of each node, shared by its CPUs. */
  readonly llcBytes: Figure<number>;
  /** Load-to-use cycles of a hit in each level. */
  readonly hitCycles: Figure<{ readonly l1: number; readonly l2: number; readonly llc: number }>;
  readonly memoryGiB: Figure<readonly number[]>;
  /** GiB of addresses below 4 GiB that are given to devices: memory there is found above the top instead. */
  readonly memoryHoleGiB: Figure<number>;
  /** Distances the firmware tells the kernel. All a policy sees; not what memory costs. */
  readonly slit: Figure<Matrix>;
  readonly latencyNs: Figure<Matrix>;
  readonly links: Figure<readonly LinkSpec[]>;
  /** nextHop[a][b] is the neighbour of a on the way to b. Read data travels from the memory's node to the CPU's. */
  readonly nextHop: Figure<Matrix>;
  /** Read capacity of each node's memory controller. */
  readonly controllerGBps: Figure<readonly number[]>;
  /** What the CPUs of one node can read from another node at most, where that is less than the wires allow. Diagonal unused. */
  readonly pairGBps?: Figure<Matrix>;
  /** The same for written lines, and on the diagonal for the controller itself: gives a written line its weight. */
  readonly pairWriteGBps?: Figure<Matrix>;
  /** Bandwidth of one streaming thread; fits the lines in flight. Without it every path holds `linesInFlight`; writes without theirs go as reads. */
  readonly oneThreadReadGBps?: Figure<Matrix>;
  readonly oneThreadWriteGBps?: Figure<Matrix>;
  readonly linesInFlight?: Figure<number>;
  /** Latency below saturation: idle * (1 + rise * u / (1 - curve * u)), u = use of the controller. */
  readonly loadedLatency: Figure<LoadedLatency>;
  /** CPUs of a node in runs of so many share a port to everything beyond it, its own node's memory included. */
  readonly clusters?: Figure<{ readonly cpus: number; readonly capacityGBps: number }>;
}

export interface LoadedLatency {
  readonly rise: number;
  readonly curve: number;
}

/** Every figure of a machine by name, in the order of its file. */
export function figuresOf(spec: MachineSpec): { name: string; figure: Figure<unknown> }[] {
  const figures: { name: string; figure: Figure<unknown> }[] = [];
  for (const [name, figure] of Object.entries(spec) as [string, unknown][]) {
    if (typeof figure === 'object' && figure !== null && 'source' in figure) figures.push({ name, figure: figure as Figure<unknown> });
  }
  return figures;
}

export function isAssumed(figure: Figure<unknown>): boolean {
  return figure.source.startsWith('assumed');
}
