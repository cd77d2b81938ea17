import type { Topology } from '../../formats/topology.ts';
import { assumed, meshLinks } from '../../machines/figures.ts';
import type { Figure, LinkSpec, MachineSpec, Matrix } from '../../sim/machine-spec.ts';
import type { Layout } from './layout.ts';
import { PRIORS } from './priors.ts';

const LOCAL_DISTANCE = 10;

type Cells = readonly (readonly (number | null)[])[];

/**
 * Latency and bandwidth of each pair of nodes: what the memory attributes say, and where they do not, SLIT / 10 times the local latency,
 * and controllers by the cores of their node. Links carry at least what is said of the nodes at their ends. A figure of which any cell is
 * inferred is assumed as a whole, and says what was said.
 */
export function memoryCost(
  topology: Topology,
  layout: Layout,
  slit: Figure<Matrix>,
  from: string,
): Pick<MachineSpec, 'latencyNs' | 'controllerGBps' | 'pairGBps' | 'links'> {
  const kept = (cells: Cells | null): Cells | null =>
    cells && layout.places.map((row) => layout.places.map((column) => cells[row]![column]!));
  const latencies = kept(topology.latencyNs);
  const bandwidths = kept(topology.bandwidthGBps);
  const controllerGBps = controllerFigure(bandwidths, layout, from);
  return {
    latencyNs: latencyFigure(latencies, slit.value, layout, from),
    controllerGBps,
    ...pairFigure(bandwidths, controllerGBps.value, from),
    links: linkFigure(bandwidths, controllerGBps.value),
  };
}

function latencyFigure(said: Cells | null, slit: Matrix, { nodeCpus }: Layout, from: string): Figure<Matrix> {
  const local = (node: number): number | null => said?.[node]?.[node] ?? null;
  const locals = slit.flatMap((_, node) => local(node) ?? []);
  const mean = locals.length > 0 ? locals.reduce((sum, ns) => sum + ns, 0) / locals.length : null;
  const own = slit.map((_, cpuNode) => local(cpuNode) ?? mean ?? PRIORS.localLatencyNs);
  const nearest = slit.map((_, node) => (nodeCpus[node] === 0 ? nearestSaid(said, slit, node) : null));
  const inferred = (cpuNode: number, node: number): number => {
    const near = nearest[node] ?? null;
    return near === null
      ? (slit[cpuNode]![node]! * own[cpuNode]!) / LOCAL_DISTANCE
      : (slit[cpuNode]![node]! * said![near]![node]!) / slit[near]![node]!;
  };
  const value = slit.map((row, cpuNode) => row.map((_, node) => said?.[cpuNode]?.[node] ?? inferred(cpuNode, node)));
  const attribute = `${from}: memory attribute Latency`;
  const [known, all] = countOf(said, slit.length);
  if (known === all) return { value, source: attribute };
  const base = mean === null ? `a local latency of ${PRIORS.localLatencyNs} ns` : 'the local latency said';
  const byRatio = nearest.some((near) => near !== null) ? ', to memory alone by the ratio of SLIT to the nearest said' : '';
  const rest = known === 0 ? '' : `; ${known} of ${all} pairs are ${attribute}`;
  return assumed(value, `SLIT / 10 times ${base}${byRatio}${rest}`);
}

/**
 * The node nearest to one of memory alone that a latency is said from. SLIT tells DRAM, HBM and CXL apart by much less than they differ, and
 * 10 means nothing to a node that no CPU is local to: by SLIT alone a far CPU would have that memory sooner than the near one is said to.
 */
function nearestSaid(said: Cells | null, slit: Matrix, node: number): number | null {
  const from = slit.flatMap((_, cpuNode) => (said?.[cpuNode]?.[node] ? [cpuNode] : []));
  return from.reduce<number | null>((best, other) => (best === null || slit[other]![node]! < slit[best]![node]! ? other : best), null);
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

function linkFigure(said: Cells | null, controllers: readonly number[]): Figure<readonly LinkSpec[]> {
  const mean = controllers.reduce((sum, GBps) => sum + GBps, 0) / controllers.length;
  const usual = PRIORS.linkShare * mean;
  const links = meshLinks(controllers.length, usual).map(({ between: [a, b] }): LinkSpec => {
    return { between: [a, b], capacityGBps: Math.max(usual, said?.[a]?.[b] ?? 0, said?.[b]?.[a] ?? 0) };
  });
  const most = links.some(({ capacityGBps }) => capacityGBps > usual) ? ', or what is said of its nodes where that is more' : '';
  return assumed(
    links,
    `a link between every two nodes, each direction of ${PRIORS.linkShare} times the mean controller${most}; no topology says which nodes are linked`,
  );
}

function countOf(said: Cells | null, nodeCount: number): [known: number, all: number] {
  return [(said ?? []).flat().filter((cell) => cell !== null).length, nodeCount ** 2];
}
