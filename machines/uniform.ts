import type { Figure, LinkSpec, MachineSpec, Matrix } from '../sim/machine-spec.ts';
import { KiB, MiB } from '../sim/units.ts';

const NODES = [0, 1, 2, 3, 4, 5, 6, 7];
const WIDE_GBPS = 100_000; // 48 CPUs ask for a five-hundredth of it
const assumed = <Value>(value: Value, why: string): Figure<Value> => ({ value, source: `assumed: ${why}` });
const AS_DEFAULT = 'as the default machine, to compare with it';
const EQUAL = 'the same from everywhere, so that place does not matter';

const links: LinkSpec[] = NODES.flatMap((a) => NODES.filter((b) => a < b).map((b) => ({ between: [a, b], capacityGBps: WIDE_GBPS })));
const equal = (value: number): Matrix => NODES.map(() => NODES.map(() => value));

/**
 * Shaped like the default machine and without any effect of NUMA: memory is equally far from all CPUs and never busy. Firmware
 * still names nodes, so policies do what they do; where they differ here, it is not by the place of memory.
 */
export const uniform: MachineSpec = {
  name: 'uniform',
  summary: 'eight nodes on which the place of memory does not matter',
  sockets: 4,
  nodeSocket: [0, 0, 1, 1, 2, 2, 3, 3],
  nodeCpus: [6, 6, 6, 6, 6, 6, 6, 6],
  clockGHz: assumed(1.7, AS_DEFAULT),
  l1Bytes: assumed(KiB(64), AS_DEFAULT),
  l2Bytes: assumed(KiB(512), AS_DEFAULT),
  llcBytes: assumed(MiB(5), AS_DEFAULT),
  hitCycles: assumed({ l1: 3, l2: 15, llc: 43 }, AS_DEFAULT),
  memoryGiB: assumed(
    NODES.map(() => 16),
    'the same on every node',
  ),
  memoryHoleGiB: assumed(1, AS_DEFAULT),
  slit: assumed(
    NODES.map((a) => NODES.map((b) => (a === b ? 10 : 20))),
    'the distances Linux takes when firmware names none; it accepts no 10 between two nodes',
  ),
  latencyNs: assumed(equal(67), EQUAL),
  links: assumed(links, 'every node linked to every other, too wide to fill'),
  nextHop: assumed(
    NODES.map(() => NODES),
    'every node is a neighbour of every other',
  ),
  controllerGBps: assumed(
    NODES.map(() => WIDE_GBPS),
    'too wide to fill',
  ),
  linesInFlight: assumed(4, 'about that of the default machine'),
  loadedLatency: assumed({ rise: 0, curve: 0 }, 'load does not slow memory down'),
};
