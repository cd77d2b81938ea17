import type { MachineSpec, Matrix } from '../sim/machine-spec.ts';
import { KiB } from '../sim/units.ts';
import { assumed, diagonalOf, matrixOf, TWO_PAIRS, unknownHole } from './figures.ts';
import { SKYLAKE_L1, SKYLAKE_L2, skylakeHits, UPI_GBPS } from './xeon.ts';

const MLC = 'Intel MLC on a two-socket Xeon 8269CY with SNC, in a public blog (plantegg)';

const nodeReadGBps: Matrix = [
  [58.9089, 59.066, 50.548, 50.4796],
  [59.1113, 58.8826, 50.539, 50.4793],
  [50.5417, 50.4958, 58.9502, 58.934],
  [50.5263, 50.4924, 59.1719, 58.7015],
];

export const xeon8269cy: MachineSpec = {
  name: 'xeon-8269cy-2s-snc',
  summary: 'two Xeon 8269CY of two nodes each, CPUs are its 52 cores',
  sockets: 2,
  nodeSocket: [0, 0, 1, 1],
  nodeCpus: [13, 13, 13, 13],
  clockGHz: assumed(2.5, 'the base clock of a Xeon Platinum 8269CY; the clock while measuring is not published'),
  l1Bytes: SKYLAKE_L1,
  l2Bytes: SKYLAKE_L2,
  llcBytes: assumed(KiB(13 * 1408), '1.375 MiB for each core of the node, as in all Cascade Lake processors of 26 cores'),
  hitCycles: skylakeHits,
  memoryGiB: { value: [64, 64, 64, 64], source: `${MLC}, numactl --hardware` },
  memoryHoleGiB: unknownHole,
  slit: {
    value: [
      [10, 11, 21, 21],
      [11, 10, 21, 21],
      [21, 21, 10, 11],
      [21, 21, 11, 10],
    ],
    source: `${MLC}, numactl --hardware`,
  },
  latencyNs: {
    value: [
      [77.3, 81.6, 129.8, 136.1],
      [82.1, 78.1, 134.1, 137.6],
      [129.8, 135.8, 73.5, 81.7],
      [134.4, 137.7, 81.7, 78.5],
    ],
    source: `${MLC}, latency matrix`,
  },
  links: assumed(
    [
      { between: [0, 1], capacityGBps: 120 },
      { between: [2, 3], capacityGBps: 120 },
      { between: [0, 2], capacityGBps: UPI_GBPS },
    ],
    'one way between the sockets (three UPI links together), at what a node was measured to read across it (50.5), and a mesh inside ' +
      'a socket, too wide to fill: a node reads there as fast as at home',
  ),
  nextHop: assumed(TWO_PAIRS, 'both nodes of a socket share its UPI links; latencies are shortest between nodes 0 and 2'),
  controllerGBps: { value: diagonalOf(nodeReadGBps), source: `${MLC}, bandwidth matrix` },
  pairGBps: { value: nodeReadGBps, source: `${MLC}, bandwidth matrix` },
  pairWriteGBps: assumed(
    matrixOf(4, (row, column) => (row === column ? 197.4307 / 2 / 4 : nodeReadGBps[row]![column]!)),
    'at home a quarter of the written half of MLC\'s "1:1 Reads-Writes" (197.4 GB/s); between nodes no limit of its own was measured',
  ),
  linesInFlight: assumed(
    17.6,
    "by Little's law from the fullest point of its curve of loaded latency: 233.5 GB/s at 250.3 ns are 913 lines of 52 cores",
  ),
  loadedLatency: { value: { rise: 0.3456, curve: 0.4621 }, source: `${MLC}, loaded latencies, fitted by \`numalab machine calibrate\`` },
};
