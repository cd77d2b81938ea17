import { pooledLoadedLatency } from '../machines/figures.ts';
import { buildMachine, type Machine } from '../sim/machine.ts';
import type { LoadedLatency } from '../sim/machine-spec.ts';
import { LINE_BYTES } from '../sim/units.ts';
import { ALL, type BandwidthRow, type Measurements } from './calibration-input.ts';
import { type CurveFit, curveOf, fitCurves, type LoadedCurve, risingPoints, SATURATED_USE } from './calibration-curve.ts';
import { type FigureName, figuresOf, machineWith, matrix, type Matrix } from './calibration-machine.ts';
import { fitPath, type PathFigures, type PathSample, WIDE_GBPS } from './calibration-path.ts';
import { InputError } from './input-error.ts';
import { nodeStreamGBps } from './path-bandwidth.ts';

/** What was found. Matrices have a row for the node of the CPU and a column for that of the memory; bandwidth in GB/s. */
export interface Calibration {
  /** Rise of latency below saturation: fitted to all curves together, or the fit of four published ones. */
  readonly loadedLatency: LoadedLatency;
  readonly isFitted: boolean;
  readonly curves: readonly { readonly curve: LoadedCurve; readonly own: CurveFit; readonly pooled: CurveFit }[];
  /** The figures of a machine file that the measurements give. */
  readonly figures: Readonly<Partial<Record<FigureName, Matrix | number[] | number>>>;
  /** The machine they make, for what its lines in flight are; null without bandwidth by thread count. */
  readonly machine: Machine | null;
  readonly residuals: readonly Residual[];
  readonly notes: readonly string[];
}

export interface Residual extends Omit<BandwidthRow, 'at'> {
  readonly fittedGBps: number;
  readonly error: number; // fitted over measured, less 1
}

/**
 * Fits a machine's figures to measurements, with the equations by which the simulator then uses them.
 * @param cpus how many CPUs loaded the machine while latency under load was measured; gives the lines in flight where nothing else does
 * @throws InputError where measurements are missing that others need
 */
export function calibrate(measured: Measurements, cpus: number | null): Calibration {
  const curves = loadedCurves(measured);
  const pooled = risingPoints(curves) > 0 ? fitCurves(curves) : null;
  const loadedLatency = pooled ?? pooledLoadedLatency.value;
  const notes: string[] = [];
  const paths = measured.bandwidths.length > 0 ? fitPaths(measured, loadedLatency, notes) : null;
  const figures: Partial<Record<FigureName, Matrix | number[] | number>> = { ...paths?.figures };
  if (!paths && measured.latencies.length > 0) figures.latencyNs = latencyMatrix(measured, nodesOf(measured));
  if (!figures.oneThreadReadGBps) {
    const lines = cpus === null ? null : fullestLines(curves);
    if (lines !== null) figures.linesInFlight = lines / cpus!;
    else notes.push('lines in flight are not fitted: that takes bandwidth by thread count, or a curve and the number of CPUs (--cpus)');
  }
  return {
    loadedLatency: { rise: loadedLatency.rise, curve: loadedLatency.curve },
    isFitted: pooled !== null,
    curves: pooled ? curves.map((curve) => ({ curve, own: fitCurves([curve]), pooled })) : [],
    figures,
    machine: paths?.machine ?? null,
    residuals: paths?.residuals ?? [],
    notes,
  };
}

function loadedCurves({ loaded }: Measurements): LoadedCurve[] {
  return [...new Set(loaded.map(({ curve }) => curve))].map((name) => {
    const rows = loaded.filter(({ curve }) => curve === name);
    const curve = curveOf(name, rows);
    const rising = risingPoints([curve]);
    if (rising < 3) {
      throw new InputError(
        `${rows[0]!.at}: ${rising} points of this curve below ${SATURATED_USE} of its largest bandwidth, want 3 or more`,
      );
    }
    return curve;
  });
}

/** Little's law at the fullest point of the curves: the most lines that were in flight at once. */
function fullestLines(curves: readonly LoadedCurve[]): number | null {
  const lines = curves.flatMap(({ points }) => points.map(({ latencyNs, GBps }) => (latencyNs * GBps) / LINE_BYTES));
  return lines.length > 0 ? Math.max(...lines) : null;
}

function nodesOf({ latencies, bandwidths }: Measurements): number {
  return 1 + Math.max(...[...latencies, ...bandwidths].map(({ cpuNode, node }) => Math.max(cpuNode, node)));
}

/** Of repeated measurements the mean; where one way was not measured, the way back. */
function latencyMatrix({ latencies }: Measurements, nodeCount: number): Matrix {
  const mean = (cpuNode: number, node: number): number | undefined => {
    const found = latencies.filter((row) => row.cpuNode === cpuNode && row.node === node).map(({ latencyNs }) => latencyNs);
    return found.length > 0 ? found.reduce((sum, ns) => sum + ns, 0) / found.length : undefined;
  };
  return matrix(nodeCount, (cpuNode, node) => {
    const ns = mean(cpuNode, node) ?? mean(node, cpuNode);
    if (ns === undefined)
      throw new InputError(`no latency between nodes ${cpuNode} and ${node}, want one: lines in flight are bandwidth times latency`);
    return ns;
  });
}

/** Rows of one path and one kind of access. */
interface Rows {
  readonly counted: readonly PathSample[];
  readonly ofAll: readonly number[]; // GB/s of all CPUs of the node
}

function fitPaths(measured: Measurements, loadedLatency: LoadedLatency, notes: string[]) {
  const nodeCount = nodesOf(measured);
  const nodes = Array.from({ length: nodeCount }, (_, node) => node);
  const rowsOf = (cpuNode: number, node: number, isWrite: boolean): Rows => {
    const rows = measured.bandwidths.filter((row) => row.cpuNode === cpuNode && row.node === node && row.isWrite === isWrite);
    return {
      counted: rows.flatMap(({ threads, GBps }) => (threads === ALL ? [] : [{ threads, GBps }])),
      ofAll: rows.flatMap(({ threads, GBps }) => (threads === ALL ? [GBps] : [])),
    };
  };
  const latencyNs = latencyMatrix(measured, nodeCount);
  const cpus = Math.max(1, ...measured.bandwidths.map(({ threads }) => (threads === ALL ? 1 : threads)));
  const path = (cpuNode: number, node: number): PathFigures => ({
    isLocal: cpuNode === node,
    cpus,
    loadedLatency,
    ownNs: latencyNs[cpuNode]![cpuNode]!,
    pathNs: latencyNs[cpuNode]![node]!,
    memoryNs: latencyNs[node]![node]!,
    ownThread: fits[cpuNode]?.[cpuNode]?.thread ?? 1,
    ownController: fits[cpuNode]?.[cpuNode]?.controller ?? WIDE_GBPS,
    controller: fits[node]?.[node]?.controller ?? WIDE_GBPS,
    controllerWrite: fits[node]?.[node]?.controllerWrite ?? WIDE_GBPS,
    pair: WIDE_GBPS,
    pairWrite: WIDE_GBPS,
    thread: 0,
    threadWrite: 0,
  });

  const fits: PathFigures[][] = nodes.map(() => []);
  for (const node of nodes) fits[node]![node] = fitHome(path(node, node), node, rowsOf, nodes, notes);
  for (const cpuNode of nodes) {
    for (const node of nodes) {
      if (cpuNode === node) continue;
      let found = path(cpuNode, node);
      for (const isWrite of [false, true]) found = fitAway(found, rowsOf(cpuNode, node, isWrite), isWrite, cpuNode, node, fits);
      fits[cpuNode]![node] = found;
    }
  }
  const figures = figuresOf(
    fits,
    latencyNs,
    measured.bandwidths.some(({ isWrite }) => isWrite),
    notes,
  );
  const machine = buildMachine(machineWith(figures, cpus, nodeCount, loadedLatency));
  const residuals = measured.bandwidths.map(({ at: _, ...row }): Residual => {
    const fittedGBps =
      row.threads === ALL ? allGBps(fits, row) : nodeStreamGBps(machine, row.cpuNode, row.node, row.threads, row.isWrite ? 1 : 0);
    return { ...row, fittedGBps, error: fittedGBps / row.GBps - 1 };
  });
  return { figures, machine: figures.oneThreadReadGBps ? machine : null, residuals };
}

/** A node's own memory: the controller, and what one thread gets of it. */
function fitHome(
  start: PathFigures,
  node: number,
  rowsOf: (cpuNode: number, node: number, isWrite: boolean) => Rows,
  nodes: readonly number[],
  notes: string[],
): PathFigures {
  let found = start;
  for (const isWrite of [false, true]) {
    const limit = isWrite ? 'controllerWrite' : 'controller';
    const { counted, ofAll } = rowsOf(node, node, isWrite);
    const counts = new Set(counted.map(({ threads }) => threads));
    if (ofAll.length > 0) found = { ...found, [limit]: mean(ofAll) };
    else if (counts.size === 0 && !isWrite) {
      const away = nodes
        .flatMap((cpuNode) => rowsOf(cpuNode, node, false))
        .flatMap((rows) => [...rows.ofAll, ...rows.counted.map(({ GBps }) => GBps)]);
      if (away.length === 0) throw new InputError(`no bandwidth from node ${node}'s memory, want one: its controller is fitted to it`);
      found = { ...found, controller: Math.max(...away) };
      notes.push(`node ${node}: no bandwidth of its own CPUs; its controller is set to the most that others read from it`);
    } else if (counts.size === 1) {
      if (counts.has(1))
        throw new InputError(
          `only one thread ${isWrite ? 'writes' : 'reads'} node ${node}'s own memory, want several as well: its controller is fitted to them`,
        );
      found = { ...found, [limit]: mean(counted.map(({ GBps }) => GBps)) };
    } else if (counts.size > 1) {
      found = fitPath(found, counted, isWrite, false);
      const most = counted.reduce((a, b) => (b.threads > a.threads ? b : a));
      const use = most.GBps / found[limit];
      if (use < SATURATED_USE)
        notes.push(
          `node ${node}: ${most.threads} threads fill ${(100 * use).toFixed(0)} % of the capacity fitted, which is an extrapolation`,
        );
      continue;
    }
    if (ofAll.length > 0 && counted.length > 0) found = fitPath(found, counted, isWrite, true);
  }
  // Where no writes were measured, a written line is one read and one write, as in a machine file without the figure.
  return found.controllerWrite < WIDE_GBPS ? found : { ...found, controllerWrite: found.controller / 2 };
}

/** Memory of another node: what one thread gets of it, and the limit of the pair if there is one. */
function fitAway(
  start: PathFigures,
  { counted, ofAll }: Rows,
  isWrite: boolean,
  cpuNode: number,
  node: number,
  fits: PathFigures[][],
): PathFigures {
  let found = start;
  if (ofAll.length > 0) {
    const GBps = mean(ofAll);
    if (GBps < (isWrite ? found.controllerWrite : found.controller)) found = { ...found, [isWrite ? 'pairWrite' : 'pair']: GBps };
  }
  if (counted.length === 0) return found;
  if (!fits[cpuNode]![cpuNode]!.thread) {
    throw new InputError(
      `bandwidth of node ${cpuNode}'s CPUs from node ${node} by thread count, but none from their own memory, want that too: it says how many lines they ask for`,
    );
  }
  return fitPath(found, counted, isWrite, ofAll.length > 0);
}

function allGBps(fits: readonly PathFigures[][], { cpuNode, node, isWrite }: Pick<BandwidthRow, 'cpuNode' | 'node' | 'isWrite'>): number {
  const found = fits[cpuNode]![node]!;
  return isWrite ? Math.min(found.pairWrite, found.controllerWrite) : Math.min(found.pair, found.controller);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
