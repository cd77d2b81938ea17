import { buildMachine, type Machine } from '../sim/machine.ts';
import type { Figure, LoadedLatency, MachineSpec } from '../sim/machine-spec.ts';
import { minimise } from './nelder-mead.ts';
import { nodeStreamGBps } from './path-bandwidth.ts';

/** What is known or guessed of the way from the CPUs of one node to the memory of another (or of their own). Bandwidth in GB/s. */
export interface PathFigures {
  readonly isLocal: boolean;
  readonly cpus: number;
  readonly loadedLatency: LoadedLatency;
  /** Idle latency: of the CPUs' own memory, of the memory read, of that to its own node's CPUs. */
  readonly ownNs: number;
  readonly pathNs: number;
  readonly memoryNs: number;
  /** What one of the CPUs reads from its own memory, and that memory's controller. */
  readonly ownThread: number;
  readonly ownController: number;
  /** Controllers of the memory read, for reads and for writes. */
  readonly controller: number;
  readonly controllerWrite: number;
  readonly pair: number;
  readonly pairWrite: number;
  readonly thread: number;
  readonly threadWrite: number;
}

export interface PathSample {
  readonly threads: number;
  readonly GBps: number;
}

/** Wires and controllers that are no limit. */
export const WIDE_GBPS = 1e6;
/** A limit of a pair is believed if without it the root of the mean squared error is larger by more than this. */
const WORTH = 0.005;

type Parameter = 'controller' | 'controllerWrite' | 'pair' | 'pairWrite' | 'thread' | 'threadWrite';

/**
 * The bandwidth of one thread and the capacity of controller (at home) or pair (elsewhere) that fit the samples best, by least squares
 * of relative errors. A pair that the samples do not fill gets no limit.
 * @param isLimitKnown the capacity is measured itself, and only the thread is fitted
 */
export function fitPath(figures: PathFigures, samples: readonly PathSample[], isWrite: boolean, isLimitKnown: boolean): PathFigures {
  const thread: Parameter = isWrite ? 'threadWrite' : 'thread';
  const limit: Parameter = figures.isLocal ? (isWrite ? 'controllerWrite' : 'controller') : isWrite ? 'pairWrite' : 'pair';
  const fewest = samples.reduce((least, sample) => (sample.threads < least.threads ? sample : least));
  const start = { [thread]: fewest.GBps / fewest.threads, [limit]: Math.max(...samples.map(({ GBps }) => GBps)) };
  if (figures.isLocal && !isLimitKnown) return descend(figures, samples, isWrite, [thread, limit], start).figures;
  const free = descend(figures, samples, isWrite, [thread], start);
  if (isLimitKnown || samples.every(({ threads }) => threads === fewest.threads)) return free.figures;
  const limited = descend(figures, samples, isWrite, [thread, limit], start);
  return free.error - limited.error > WORTH ? limited.figures : free.figures;
}

function descend(
  figures: PathFigures,
  samples: readonly PathSample[],
  isWrite: boolean,
  names: readonly Parameter[],
  start: Readonly<Partial<Record<Parameter, number>>>,
): { figures: PathFigures; error: number } {
  // Logarithms: capacities stay positive, and a step means the same to a narrow path and to a wide one.
  const figuresAt = (point: readonly number[]): PathFigures => ({
    ...figures,
    ...Object.fromEntries(names.map((name, i) => [name, Math.exp(point[i]!)])),
  });
  const squares = (point: readonly number[]): number => {
    const at = figuresAt(point);
    const machine = pathMachine(at);
    return samples.reduce((sum, { threads, GBps }) => {
      const error = nodeStreamGBps(machine, 0, at.isLocal ? 0 : 1, threads, isWrite ? 1 : 0) / GBps - 1;
      return sum + error * error;
    }, 0);
  };
  const best = minimise(squares, names.map((name) => Math.log(start[name]!)), 0.1); // prettier-ignore
  return { figures: figuresAt(best), error: Math.sqrt(squares(best) / samples.length) };
}

/** A limit that only writes reach needs a pair of its own: one that reads fill just before their controller. */
export function pairBeside(pair: number, controller: number): number {
  return Math.min(pair, controller * (1 - 1e-4));
}

/** A machine of only this path: node 0 with the CPUs, and node 1 with the memory unless that is node 0's own. */
function pathMachine(figures: PathFigures): Machine {
  const { isLocal, cpus, ownNs, pathNs, memoryNs, controller, pair } = figures;
  const of = <Value>(value: Value): Figure<Value> => ({ value, source: 'assumed: while it is fitted' });
  const matrix = (own: number, path: number, back: number, far: number): number[][] =>
    isLocal
      ? [[path]]
      : [
          [own, path],
          [back, far],
        ];
  const spec: MachineSpec = {
    name: 'path',
    summary: 'one path of a machine that is being calibrated',
    sockets: 1,
    nodeSocket: isLocal ? [0] : [0, 0],
    nodeCpus: isLocal ? [cpus] : [cpus, 0],
    clockGHz: of(1),
    l1Bytes: of(1),
    l2Bytes: of(1),
    llcBytes: of(1),
    hitCycles: of({ l1: 1, l2: 1, llc: 1 }),
    memoryGiB: of(isLocal ? [1] : [1, 1]),
    memoryHoleGiB: of(0),
    slit: of(matrix(10, isLocal ? 10 : 20, 20, 10)),
    latencyNs: of(matrix(ownNs, pathNs, pathNs, memoryNs)),
    links: of(isLocal ? [] : [{ between: [0, 1], capacityGBps: WIDE_GBPS } as const]),
    nextHop: of(matrix(0, isLocal ? 0 : 1, 0, 1)),
    controllerGBps: of(isLocal ? [controller] : [figures.ownController, controller]),
    pairGBps: of(matrix(1, figures.pairWrite < WIDE_GBPS ? pairBeside(pair, controller) : pair, 1, 1)),
    pairWriteGBps: of(matrix(WIDE_GBPS, isLocal ? figures.controllerWrite : figures.pairWrite, 1, figures.controllerWrite)),
    oneThreadReadGBps: of(matrix(figures.ownThread, figures.thread || figures.ownThread, 1e-3, 1e-3)),
    oneThreadWriteGBps: of(matrix(figures.ownThread, figures.threadWrite || figures.ownThread, 1e-3, 1e-3)),
    loadedLatency: of(figures.loadedLatency),
  };
  return buildMachine(spec);
}
