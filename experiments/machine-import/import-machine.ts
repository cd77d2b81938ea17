import type { Topology, TopologyNode } from '../../formats/topology.ts';
import { assumed, matrixOf, meshHops, pooledLoadedLatency, unknownHole } from '../../machines/figures.ts';
import { checkSpec } from '../../sim/machine-check.ts';
import { type Figure, figuresOf, isAssumed, type MachineSpec, type Matrix } from '../../sim/machine-spec.ts';
import { InputError } from '../input-error.ts';
import { hasCores, type Layout, layoutOf, shapeDifference, withCoresOf } from './layout.ts';
import { memoryCost } from './memory-cost.ts';
import { PRIORS } from './priors.ts';
import { socketsOf } from './sockets.ts';

export interface ImportWords {
  /** Of the machine; a name that a machine file may have. */
  readonly name: string;
  /** What the description is called in sources: `drachma.xml, hwloc`. */
  readonly from: string;
  /** The machine whose measured figures are taken where the description has none. */
  readonly like: MachineSpec | null;
  /** Those it is held against. */
  readonly presets: readonly MachineSpec[];
}

/** A number that no figure of the machine file holds, and why it is what it is. */
export interface Guess {
  readonly figure: 'sockets' | 'threadsPerCore';
  readonly why: string;
}

export interface ImportedMachine {
  readonly spec: MachineSpec;
  /** What was seen and left out, or understood in a way that one should know; one line each. */
  readonly remarks: readonly string[];
  /** What sockets go by where no package is said, and threads where no core is. */
  readonly assumedLayout: readonly Guess[];
  /** A preset of the same nodes, CPUs and distances, with memory within 1 %. */
  readonly twin: { readonly name: string; readonly differences: readonly string[] } | null;
}

/** What a kernel reports is a little less than is fitted. */
const MOST_MEMORY_DIFFERENCE = 0.01;

/**
 * A machine of what a topology says. What it does not say is taken from `like`, and else from the priors: a figure says in its source
 * which. Latency is that of the distances, SLIT / 10 times the local latency; nodes are linked each to each.
 * @throws InputError of one line for a machine that cannot be simulated, or is not shaped as `like`
 */
export function importMachine(topology: Topology, words: ImportWords): ImportedMachine {
  const seen = layoutOf(topology);
  const { like, presets } = words;
  if (like) {
    const difference = shapeDifference(seen, like);
    if (difference)
      throw new InputError(`--like = ${like.name}: differs in ${difference}, want a machine of the same nodes, CPUs and distances`);
  }
  const layout = like ? withCoresOf(seen, like) : seen;
  const same = presets.find((preset) => isTwin(layout, preset)) ?? null;
  const remarks = [...layout.remarks];
  const { nodeSocket, sockets, guess } = socketsOf(layout, like ?? same, remarks);
  const spec = withLike(
    {
      name: words.name,
      summary: `${topology.name === null ? '' : `${topology.name}, `}read from ${words.from}`,
      sockets,
      nodeSocket,
      nodeCpus: layout.nodeCpus,
      ...(layout.threadsPerCore > 1 ? { threadsPerCore: layout.threadsPerCore } : {}),
      ...idsOf(layout),
      ...figuresOfNodes(topology, layout, words, remarks),
    },
    like,
  );
  try {
    checkSpec(spec);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new InputError(error.message);
  }
  return {
    spec,
    remarks,
    assumedLayout: [...socketsGuess(guess), ...threadsGuess(seen, like)],
    twin: same && { name: same.name, differences: differencesOf(spec, same) },
  };
}

function socketsGuess(why: string | null): Guess[] {
  return why === null ? [] : [{ figure: 'sockets', why }];
}

/** Two threads of a core are far less than two cores: a machine whose cores nobody said may be half of what is made of it. */
function threadsGuess(seen: Layout, like: MachineSpec | null): Guess[] {
  if (hasCores(seen)) return [];
  const taken = like ? `as on ${like.name}` : "each CPU taken for a core of its own; hwloc's XML and a dump of /sys say which share one";
  return [{ figure: 'threadsPerCore', why: `not said, ${taken}` }];
}

/** Left out where they are the numbers themselves. */
function idsOf({ nodes, cpuIds }: Layout): Pick<MachineSpec, 'nodeIds' | 'cpuIds'> {
  const nodeIds = nodes.map(({ id }) => id);
  const isPlain = (ids: readonly number[]): boolean => ids.every((id, at) => id === at);
  return { ...(isPlain(nodeIds) ? {} : { nodeIds }), ...(isPlain(cpuIds) ? {} : { cpuIds }) };
}

type NodeFigures = Omit<MachineSpec, 'name' | 'summary' | 'sockets' | 'nodeSocket' | 'nodeCpus' | 'threadsPerCore' | 'nodeIds' | 'cpuIds'>;

function figuresOfNodes(topology: Topology, layout: Layout, { from }: ImportWords, remarks: string[]): NodeFigures {
  const { nodes, nodeCpus, threadsPerCore } = layout;
  const count = nodes.length;
  const slit: Figure<Matrix> = layout.slit
    ? { value: layout.slit, source: `${from}: distances` }
    : assumed(
        matrixOf(count, (row, column) => (row === column ? PRIORS.localDistance : PRIORS.remoteDistance)),
        "no distances said, Linux's own of 10 and 20",
      );
  const cost = memoryCost(topology, layout, slit, from);
  const cores = Math.max(...nodeCpus) / threadsPerCore;
  const ofCore = `, over the ${threadsPerCore} threads of a core`;
  const own = (name: 'l1Bytes' | 'l2Bytes', prior: number): Figure<number> => {
    const figure = cacheFigure(nodes, name, prior, from, remarks);
    return threadsPerCore === 1 ? figure : { value: figure.value / threadsPerCore, source: `${figure.source}${ofCore}` };
  };
  return {
    ...(threadsPerCore > 1
      ? {
          threadShare: threadShareOf(threadsPerCore),
        }
      : {}),
    clockGHz:
      topology.clockGHz === null ? assumed(PRIORS.clockGHz, 'no clock said') : { value: topology.clockGHz, source: `${from}: clock` },
    l1Bytes: own('l1Bytes', PRIORS.l1Bytes),
    l2Bytes: own('l2Bytes', PRIORS.l2Bytes),
    llcBytes: lastLevel(nodes, cores, from, remarks),
    hitCycles: assumed(PRIORS.hitCycles, 'a usual server core; no topology says cycles'),
    memoryGiB: memoryFigure(nodes, from),
    memoryHoleGiB: unknownHole,
    slit,
    ...cost,
    nextHop: assumed(meshHops(count), 'every node is a neighbour of every other'),
    linesInFlight: assumed(
      PRIORS.linesInFlight / threadsPerCore,
      `${PRIORS.linesInFlight} a core, as the line fill buffers of many${threadsPerCore === 1 ? '' : ofCore}`,
    ),
    loadedLatency: pooledLoadedLatency,
  };
}

function threadShareOf(threads: number): Figure<number> {
  const work = 1 + PRIORS.workPerDoubling * Math.log2(threads);
  const all = threads === 2 ? '' : `, all ${threads} ${Number(work.toFixed(2))} times`;
  return assumed(work / threads, `two threads together do 1.25 times the work of one, as on xeon-8167m-2s${all}`);
}

function cacheFigure(
  nodes: readonly TopologyNode[],
  name: 'l1Bytes' | 'l2Bytes' | 'llcBytes',
  prior: number,
  from: string,
  remarks: string[],
): Figure<number> {
  const withCpus = nodes.filter(({ cpus }) => cpus.length > 0);
  const sizes = withCpus.flatMap((node) => node[name] ?? []);
  const [first] = sizes;
  const label = name.replace('Bytes', '').toUpperCase();
  if (!first) return assumed(prior, `no ${label} said, ${name === 'llcBytes' ? '1.5 MiB a core' : 'that of a usual server core'}`);
  const other = sizes.find((size) => size !== first);
  if (other !== undefined)
    remarks.push(`${label} of nodes differs, ${first} and ${other} bytes: the model has one size, that of the first`);
  const parts = withCpus.find((node) => (node.llcCount ?? 1) > 1);
  if (name === 'llcBytes' && parts)
    remarks.push(`node ${parts.id} has ${parts.llcCount} last-level caches: the model has one of their sum`);
  return { value: first, source: `${from}: caches` };
}

/** Where there are caches, and none of a third level, those of the second together are what stands before memory. */
function lastLevel(nodes: readonly TopologyNode[], cores: number, from: string, remarks: string[]): Figure<number> {
  const l2Bytes = nodes.find((node) => node.l2Bytes !== null)?.l2Bytes ?? null;
  const isSaid = nodes.some(({ llcBytes }) => llcBytes);
  if (!isSaid && l2Bytes !== null) return assumed(l2Bytes * cores, 'no last-level cache said: the L2 of all cores of the largest node');
  return cacheFigure(nodes, 'llcBytes', PRIORS.llcBytesPerCore * cores, from, remarks);
}

/** GiB exactly as said: a kernel counts in KiB. */
function memoryFigure(nodes: readonly TopologyNode[], from: string): Figure<readonly number[]> {
  const unsaid = nodes.filter(({ memoryBytes }) => memoryBytes === null);
  const value = nodes.map(({ memoryBytes, cpus }) => (memoryBytes ?? cpus.length * PRIORS.memoryBytesPerCpu) / 1024 ** 3);
  if (unsaid.length === 0) return { value, source: `${from}: memory of each node` };
  const whose = unsaid.length === nodes.length ? 'any node' : `node ${unsaid.map(({ id }) => id).join(', ')}`;
  return assumed(
    value,
    `no memory said of ${whose}: 4 GiB for each of its CPUs${unsaid.length === nodes.length ? '' : `; all else ${from}`}`,
  );
}

/** Puts the figures of `like` in the place of those that were assumed, with what it knows beside them. */
function withLike(spec: MachineSpec, like: MachineSpec | null): MachineSpec {
  if (!like) return spec;
  const said = new Set(figuresOf(spec).flatMap(({ name, figure }) => (isAssumed(figure) ? [] : [name])));
  const taken = figuresOf(like).flatMap(({ name, figure }) => (said.has(name) ? [] : [[name, transferred(figure, like.name)] as const]));
  const { linesInFlight: _, pairGBps: __, ...rest } = spec; // fits of the prior, which the other's own replace, or whose lack says as much
  const kept = said.has('pairGBps') ? { ...rest, pairGBps: spec.pairGBps! } : rest;
  return { ...kept, ...(Object.fromEntries(taken) as Partial<MachineSpec>) };
}

function transferred(figure: Figure<unknown>, name: string): Figure<unknown> {
  const { value, source } = figure;
  const own = source.replace(/^assumed:? ?/, '');
  return { value, source: isAssumed(figure) ? `assumed: transferred from ${name}: ${own}` : `transferred from ${name}: ${own}` };
}

function isTwin(layout: Layout, preset: MachineSpec): boolean {
  if (layout.slit === null || shapeDifference(layout, preset) !== null) return false;
  return layout.nodes.every(
    ({ memoryBytes }, node) => memoryBytes !== null && isNear(memoryBytes / 1024 ** 3, preset.memoryGiB.value[node]!),
  );
}

function isNear(GiB: number, wanted: number): boolean {
  return Math.abs(GiB - wanted) <= MOST_MEMORY_DIFFERENCE * wanted;
}

function differencesOf(spec: MachineSpec, preset: MachineSpec): string[] {
  const found: string[] = [];
  if (spec.nodeIds) found.push(`nodes are called ${spec.nodeIds.join(', ')}`);
  if (spec.cpuIds) found.push('CPUs have other ids');
  spec.memoryGiB.value.forEach((GiB, node) => {
    const fitted = preset.memoryGiB.value[node]!;
    if (GiB !== fitted) found.push(`node ${spec.nodeIds?.[node] ?? node} has ${(GiB * 1024).toFixed(0)} MiB, not ${fitted * 1024}`);
  });
  for (const name of ['clockGHz', 'l1Bytes', 'l2Bytes', 'llcBytes'] as const) {
    if (!isAssumed(spec[name]) && spec[name].value !== preset[name].value)
      found.push(`${name} ${spec[name].value}, not ${preset[name].value}`);
  }
  return found;
}
