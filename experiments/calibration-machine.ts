import type { Figure, LoadedLatency, MachineSpec } from '../sim/machine-spec.ts';
import { pairBeside, type PathFigures, WIDE_GBPS } from './calibration-path.ts';

export type FigureName =
  'latencyNs' | 'controllerGBps' | 'pairGBps' | 'pairWriteGBps' | 'oneThreadReadGBps' | 'oneThreadWriteGBps' | 'linesInFlight';

export type Matrix = number[][];

/** The figures of a machine file: matrices are whole, so what was not measured is filled in, and said. */
export function figuresOf(
  fits: readonly PathFigures[][],
  latencyNs: Matrix,
  isWritten: boolean,
  notes: string[],
): Partial<Record<FigureName, Matrix | number[]>> {
  const nodeCount = fits.length;
  const all = fits.flat();
  const controllers = fits.map((row, node) => row[node]!.controller);
  const figures: Partial<Record<FigureName, Matrix | number[]>> = { latencyNs, controllerGBps: controllers };
  if (isWritten || all.some(({ pair }) => pair < WIDE_GBPS)) {
    figures.pairGBps = matrix(nodeCount, (cpuNode, node) => {
      const { isLocal, pair, pairWrite, controller } = fits[cpuNode]![node]!;
      return isLocal ? controller : pairWrite < WIDE_GBPS ? pairBeside(pair, controller) : Math.min(pair, controller);
    });
  }
  if (isWritten) {
    figures.pairWriteGBps = matrix(nodeCount, (cpuNode, node) => {
      const { isLocal, controller, controllerWrite, pair, pairWrite } = fits[cpuNode]![node]!;
      if (isLocal) return controllerWrite;
      return pairWrite < WIDE_GBPS ? pairWrite : Math.min(pair, controller);
    });
  }
  for (const [name, parameter] of [
    ['oneThreadReadGBps', 'thread'],
    ['oneThreadWriteGBps', 'threadWrite'],
  ] as const) {
    if (all.every((found) => found[parameter] === 0)) continue;
    const missing: string[] = [];
    figures[name] = matrix(nodeCount, (cpuNode, node) => {
      const found = fits[cpuNode]![node]!;
      if (found[parameter] > 0) return found[parameter];
      missing.push(`${cpuNode}<${node}`);
      const own = fits[cpuNode]![cpuNode]![parameter] || Math.max(...fits.map((row, at) => row[at]![parameter]));
      return (own * latencyNs[cpuNode]![cpuNode]!) / latencyNs[cpuNode]![node]!;
    });
    if (missing.length > 0)
      notes.push(`${name}: ${missing.join(' ')} not measured, filled in for as many lines as from the node's own memory`);
  }
  return figures;
}

/** A machine with these figures and nothing else in its way. */
export function machineWith(
  figures: Partial<Record<FigureName, Matrix | number[]>>,
  cpus: number,
  nodeCount: number,
  loadedLatency: LoadedLatency,
): MachineSpec {
  const of = <Value>(value: Value): Figure<Value> => ({ value, source: 'assumed: fitted to measurements' });
  const nodes = Array.from({ length: nodeCount }, (_, node) => node);
  const given = Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, of(value)])) as unknown as Pick<
    MachineSpec,
    'latencyNs' | 'controllerGBps'
  >;
  return {
    name: 'calibrated',
    summary: 'what the measurements make of a machine',
    sockets: 1,
    nodeSocket: nodes.map(() => 0),
    nodeCpus: nodes.map(() => cpus),
    clockGHz: of(1),
    l1Bytes: of(1),
    l2Bytes: of(1),
    llcBytes: of(1),
    hitCycles: of({ l1: 1, l2: 1, llc: 1 }),
    memoryGiB: of(nodes.map(() => 1)),
    memoryHoleGiB: of(0),
    slit: of(matrix(nodeCount, (a, b) => (a === b ? 10 : 20))),
    links: of(nodes.flatMap((a) => nodes.filter((b) => a < b).map((b) => ({ between: [a, b] as const, capacityGBps: WIDE_GBPS })))),
    nextHop: of(matrix(nodeCount, (_, to) => to)),
    loadedLatency: of(loadedLatency),
    ...given,
  };
}

export function matrix(nodeCount: number, cell: (row: number, column: number) => number): Matrix {
  return Array.from({ length: nodeCount }, (_, row) => Array.from({ length: nodeCount }, (__, column) => cell(row, column)));
}
