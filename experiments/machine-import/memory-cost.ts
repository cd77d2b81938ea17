import type { Topology } from '../../formats/topology.ts';
import { assumed } from '../../machines/figures.ts';
import type { Figure, MachineSpec, Matrix } from '../../sim/machine-spec.ts';
import type { Layout } from './layout.ts';
import { PRIORS } from './priors.ts';

type Cells = readonly (readonly (number | null)[])[];

/**
 * Latency and bandwidth of each pair of nodes: what the memory attributes say, and where they do not, SLIT / 10 times the local latency,
 * and controllers by the cores of their node. A figure of which any cell is inferred is assumed as a whole, and says what was said.
 */
export function memoryCost(
  topology: Topology,
  layout: Layout,
  slit: Figure<Matrix>,
  from: string,
): Pick<MachineSpec, 'latencyNs' | 'controllerGBps' | 'pairGBps'> {
  const kept = (cells: Cells | null): Cells | null =>
    cells && layout.places.map((row) => layout.places.map((column) => cells[row]![column]!));
  const latencies = kept(topology.latencyNs);
  const bandwidths = kept(topology.bandwidthGBps);
  return {
    latencyNs: latencyFigure(latencies, slit.value, from),
    controllerGBps: controllerFigure(bandwidths, layout, from),
    ...pairFigure(bandwidths, controllerFigure(bandwidths, layout, from).value, from),
  };
}

function latencyFigure(said: Cells | null, slit: Matrix, from: string): Figure<Matrix> {
  const local = (node: number): number | null => said?.[node]?.[node] ?? null;
  const locals = slit.flatMap((_, node) => local(node) ?? []);
  const mean = locals.length > 0 ? locals.reduce((sum, ns) => sum + ns, 0) / locals.length : null;
  const value = slit.map((row, cpuNode) => row.map((distance, node) => said?.[cpuNode]?.[node] ?? (distance * (local(cpuNode) ?? mean ?? PRIORS.localLatencyNs)) / 10)); // prettier-ignore
  const attribute = `${from}: memory attribute Latency`;
  const [known, all] = countOf(said, slit.length);
  if (known === all) return { value, source: attribute };
  const own = mean === null ? `a local latency of ${PRIORS.localLatencyNs} ns` : 'the local latency said';
  const rest = known === 0 ? '' : `; ${known} of ${all} pairs are ${attribute}`;
  return assumed(value, `SLIT / 10 times ${own}${rest}`);
}

function controllerFigure(said: Cells | null, { nodes, nodeCpus, threadsPerCore }: Layout, from: string): Figure<readonly number[]> {
  const cores = Math.max(...nodeCpus) / threadsPerCore;
  const most = nodes.map((_, node) => Math.max(...(said ?? []).map((row) => row[node] ?? 0), 0));
  const value = most.map((GBps, node) => GBps || PRIORS.controllerGBpsPerCore * (nodeCpus[node]! / threadsPerCore || cores));
  const known = most.filter((GBps) => GBps > 0).length;
  const attribute = `${from}: memory attribute Bandwidth, the most that any node gets`;
  if (known === nodes.length) return { value, source: attribute };
  const rest = known === 0 ? '' : `; ${known} of ${nodes.length} nodes are ${attribute}`;
  return assumed(
    value,
    `${PRIORS.controllerGBpsPerCore} GB/s for each core of the node, or of the largest node where it has no CPUs${rest}`,
  );
}

/** Left out unless bandwidth between different nodes is said. Pairs that nothing is said of are limited by their wires alone. */
function pairFigure(said: Cells | null, controllers: readonly number[], from: string): Pick<MachineSpec, 'pairGBps'> {
  const between = (said ?? []).some((row, cpuNode) => row.some((GBps, node) => GBps !== null && cpuNode !== node));
  if (!said || !between) return {};
  const value = said.map((row) => row.map((GBps, node) => GBps ?? controllers[node]!));
  const attribute = `${from}: memory attribute Bandwidth`;
  const [known, all] = countOf(said, controllers.length);
  return {
    pairGBps:
      known === all
        ? { value, source: attribute }
        : assumed(value, `no limit of the pair where none is said; ${known} of ${all} pairs are ${attribute}`),
  };
}

function countOf(said: Cells | null, nodeCount: number): [known: number, all: number] {
  return [(said ?? []).flat().filter((cell) => cell !== null).length, nodeCount ** 2];
}
