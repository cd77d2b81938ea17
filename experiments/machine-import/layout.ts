import { asRanges } from '../../formats/id-list.ts';
import type { Topology, TopologyNode } from '../../formats/topology.ts';
import type { MachineSpec, Matrix } from '../../sim/machine-spec.ts';
import { InputError } from '../input-error.ts';

/** Which nodes and CPUs a machine has, and in what order: what a topology says, numbered as the simulator numbers. */
export interface Layout {
  /** Those with CPUs or memory, by rising id, and the place of each in the topology. */
  readonly nodes: readonly TopologyNode[];
  readonly places: readonly number[];
  readonly nodeCpus: readonly number[];
  readonly threadsPerCore: number;
  /** [CPU] the operating system's id, node by node and core by core. */
  readonly cpuIds: readonly number[];
  /** [node] null where it is not said. */
  readonly packages: readonly (number | null)[];
  readonly slit: Matrix | null;
  readonly remarks: readonly string[];
}

/**
 * Nodes are numbered by rising id; CPUs node by node, core by core, a core's threads one after the other. Where cores differ in how many
 * threads they have (hybrid processors, a thread off line), every CPU counts as a core of its own.
 * @throws InputError for a topology without CPUs or without memory
 */
export function layoutOf(topology: Topology): Layout {
  const remarks = [...topology.remarks];
  const places = topology.nodes.flatMap(({ cpus, memoryBytes }, at) => (cpus.length > 0 || memoryBytes ? [at] : []));
  const nodes = places.map((at) => topology.nodes[at]!);
  const gone = topology.nodes.filter((node) => !nodes.includes(node)).map(({ id }) => id);
  if (gone.length > 0) remarks.push(`left out, for they have neither CPUs nor memory: nodes ${asRanges(gone)}`);
  if (!nodes.some(({ cpus }) => cpus.length > 0)) throw new InputError('cpus = none, want a machine with CPUs');
  if (nodes.every(({ memoryBytes }) => memoryBytes === 0)) throw new InputError('memory = 0 in every node, want a machine with memory');
  const threadsPerCore = threadsOf(nodes, remarks);
  return {
    nodes,
    places,
    nodeCpus: nodes.map(({ cpus }) => cpus.length),
    threadsPerCore,
    cpuIds: nodes.flatMap(({ cpus, cores }) => (threadsPerCore > 1 ? (cores ?? []).flat() : cpus)), // none said of memory alone
    packages: nodes.map((node) => node.package),
    slit: slitOf(topology.distances, places, nodes, remarks),
    remarks,
  };
}

const LOCAL = 10;
const UNREACHABLE = 255;

/**
 * The distances of the nodes that stay, as the model has them: 10 for a node itself and nothing else. Nodes of one memory (numa=fake), which
 * are 10 apart, are taken to be 11 apart, and those that cannot be reached (255) 254. Null for what no firmware says in a SLIT.
 */
function slitOf(
  distances: Topology['distances'],
  places: readonly number[],
  nodes: readonly TopologyNode[],
  remarks: string[],
): Matrix | null {
  if (!distances) return null;
  const moved = new Set<number>();
  const slit: number[][] = [];
  for (const [i, row] of places.entries()) {
    slit.push([]);
    for (const [j, column] of places.entries()) {
      const value = distances[row]![column]!;
      if (!(Number.isInteger(value) && (i === j ? value === LOCAL : value >= LOCAL && value <= UNREACHABLE))) {
        remarks.push(`distances are no SLIT, they have ${value} from node ${nodes[i]!.id} to ${nodes[j]!.id}: passed over`);
        return null;
      }
      const taken = i === j ? value : Math.min(Math.max(value, LOCAL + 1), UNREACHABLE - 1);
      if (taken !== value) moved.add(value);
      slit[i]!.push(taken);
    }
  }
  if (moved.has(LOCAL)) remarks.push('different nodes that are 10 apart, as numa=fake makes them, are taken to be 11 apart');
  if (moved.has(UNREACHABLE)) remarks.push('nodes that cannot reach each other (255) are taken to be 254 apart');
  return slit;
}

/** Whether anything is said of which CPUs are threads of one core. */
export function hasCores({ nodes }: Layout): boolean {
  return nodes.some(({ cores }) => cores !== null);
}

/**
 * With the cores of a machine of this shape, where none are said.
 * @throws InputError where its cores have threads, and other CPUs
 */
export function withCoresOf(layout: Layout, like: MachineSpec): Layout {
  const { name, threadsPerCore = 1, nodeCpus } = like;
  if (hasCores(layout) || threadsPerCore === 1) return layout;
  const cpuIds =
    like.cpuIds ??
    nodeCpus.flatMap((count, node) =>
      range(
        nodeCpus.slice(0, node).reduce((sum, own) => sum + own, 0),
        count,
      ),
    );
  let first = 0;
  for (const [node, { cpus }] of layout.nodes.entries()) {
    const own = new Set(cpuIds.slice(first, (first += cpus.length)));
    const other = cpus.find((cpu) => !own.has(cpu));
    if (other !== undefined)
      throw new InputError(
        `--like = ${name}: has ${threadsPerCore} threads a core, and no CPU ${other} in node ${node}, want a description that says cores: hwloc's XML or a dump of /sys`,
      );
  }
  return { ...layout, threadsPerCore, cpuIds };
}

function range(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => first + i);
}

/** Whether the machine has the same nodes, CPUs and distances as this one; sockets too, where they are said. */
export function hasShapeOf(layout: Layout, spec: MachineSpec): boolean {
  return shapeDifference(layout, spec) === null;
}

/** What first differs, such as `nodes: 4 and 8`; null if nothing does. */
export function shapeDifference(layout: Layout, spec: MachineSpec): string | null {
  const { nodes, nodeCpus, threadsPerCore, slit, packages } = layout;
  if (nodes.length !== spec.nodeCpus.length) return `nodes: ${nodes.length}, not ${spec.nodeCpus.length}`;
  const at = nodeCpus.findIndex((cpus, node) => cpus !== spec.nodeCpus[node]);
  if (at >= 0) return `CPUs of node ${at}: ${nodeCpus[at]}, not ${spec.nodeCpus[at]}`;
  if (hasCores(layout) && threadsPerCore !== (spec.threadsPerCore ?? 1)) return `threads of a core: ${threadsPerCore}, not ${spec.threadsPerCore ?? 1}`; // prettier-ignore
  if (slit) {
    for (const [row, cells] of slit.entries()) {
      const column = cells.findIndex((cell, i) => cell !== spec.slit.value[row]![i]);
      if (column >= 0) return `distance from node ${row} to ${column}: ${cells[column]}, not ${spec.slit.value[row]![column]}`;
    }
  }
  const same = (a: number, b: number): boolean => packages[a] === null || packages[b] === null || (packages[a] === packages[b]) === (spec.nodeSocket[a] === spec.nodeSocket[b]); // prettier-ignore
  for (let a = 0; a < nodes.length; a++) for (let b = 0; b < a; b++) if (!same(a, b)) return `packages of nodes ${b} and ${a}`;
  return null;
}

function threadsOf(nodes: readonly TopologyNode[], remarks: string[]): number {
  const cores = nodes.flatMap((node) => (node.cpus.length === 0 ? [] : (node.cores ?? node.cpus.map((cpu) => [cpu]))));
  const sizes = new Set(cores.map((core) => core.length));
  if (sizes.size === 1) return [...sizes][0]!;
  remarks.push(
    `cores of ${[...sizes].sort((a, b) => a - b).join(' and ')} threads: every CPU is taken for a core of its own, so threads that share one do not slow each other`,
  );
  return 1;
}
