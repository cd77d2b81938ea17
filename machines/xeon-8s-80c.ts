import type { Wiring } from '../sim/route.ts';
import type { LinkSpec, MachineSpec, Matrix } from '../sim/machine-spec.ts';
import { KiB, MiB } from '../sim/units.ts';
import { matrixByHop } from './by-hop.ts';
import { assumed, matrixOf, pooledLoadedLatency, unknownHole } from './figures.ts';

const E7_8870 = 'of a Xeon E7-8870: in January 2014 the Xeons with ten cores that eight sockets took were the E7-8800 (Westmere-EX)';
const FROM_E7 = 'transferred from xeon-e7-4s, whose sockets are of the same family and two generations later';
const LOCAL_NS = 125.6;
const ONE_HOP_NS = 238;
/** What the second hop adds of what the first one did, on opteron-6172-4s, the machine whose hops are measured. */
const SECOND_HOP = (162.7 - 124.3) / (124.3 - 67.1);
const TWO_HOPS_NS = ONE_HOP_NS + SECOND_HOP * (ONE_HOP_NS - LOCAL_NS);
const READ_GBPS = 38.9;
const LINK_GBPS = 12.8;

const nodes = [0, 1, 2, 3, 4, 5, 6, 7];
const RING_AND_OPPOSITE: readonly LinkSpec[] = [
  ...nodes.map((node): LinkSpec => ({ between: [node, (node + 1) % 8], capacityGBps: LINK_GBPS })),
  ...[0, 1, 2, 3].map((node): LinkSpec => ({ between: [node, node + 4], capacityGBps: LINK_GBPS })),
];

/** Steps around the ring from one node to another, taken as links of 1, -1 or 4: 2 goes by the next node, 3 and 5 by the opposite one. */
const FIRST_STEP = [0, 1, 1, 4, 4, 4, -1, -1];
const nextHop: Matrix = matrixOf(8, (from, to) => (from + FIRST_STEP[(to - from + 8) % 8]! + 8) % 8);
const wiring: Wiring = {
  name: 'xeon-8s-80c',
  nodeSocket: nodes,
  nextHop: assumed(nextHop, 'no socket is more than two links away'),
};

/** The machine of the published ladder of NUMA balancing, of which only the count of nodes and cores is known. */
export const xeon8s: MachineSpec = {
  ...wiring,
  summary: 'eight sockets of ten cores, a Xeon of 2014; all figures assumed',
  sockets: 8,
  nodeCpus: [10, 10, 10, 10, 10, 10, 10, 10],
  clockGHz: assumed(2.4, E7_8870),
  l1Bytes: assumed(KiB(32), E7_8870),
  l2Bytes: assumed(KiB(256), E7_8870),
  llcBytes: assumed(MiB(30), E7_8870),
  hitCycles: assumed({ l1: 4, l2: 10, llc: 55 }, 'those of xeon-e7-4s; the second level of Westmere is usually given 10 cycles'),
  memoryGiB: assumed([64, 64, 64, 64, 64, 64, 64, 64], 'the size of its memory was not found'),
  memoryHoleGiB: unknownHole,
  slit: assumed(
    matrixByHop(wiring, [10, 10, 15, 20]),
    'usual for firmware that tells one hop from two; none was published for this machine',
  ),
  latencyNs: assumed(
    matrixByHop(wiring, [LOCAL_NS, LOCAL_NS, ONE_HOP_NS, TWO_HOPS_NS]),
    `${FROM_E7}; the second hop adds two thirds of what the first does, as on opteron-6172-4s`,
  ),
  links: assumed(
    RING_AND_OPPOSITE,
    'without node controllers: three of four QPI links go to other sockets, here to both neighbours of a ring and to the opposite one; ' +
      'each carries what xeon-e7-4s was measured to read from another node (12.5 to 12.8)',
  ),
  controllerGBps: assumed(
    nodes.map(() => READ_GBPS),
    FROM_E7,
  ),
  pairWriteGBps: assumed(matrixByHop(wiring, [18.25, 18.25, 10.3, 10.3]), FROM_E7),
  linesInFlight: assumed(16, 'what one thread of xeon-e7-4s was measured to hold toward its own memory: 8.24 GB/s at 126 ns'),
  loadedLatency: pooledLoadedLatency,
};
