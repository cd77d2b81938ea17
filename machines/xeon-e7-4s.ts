import type { MachineSpec, Matrix } from '../sim/machine-spec.ts';
import { KiB, MiB } from '../sim/units.ts';
import { assumed, diagonalOf, inNs, localRemote, meshHops, meshLinks, pooledLoadedLatency, unknownHole } from './figures.ts';

const MCT = 'LPD-EPFL/mctop desc/lpdquad.mct';
const CLOCK_GHZ = 2.1;

const nodeReadGBps: Matrix = [
  [39.078, 12.624, 12.578, 12.775],
  [12.548, 38.848, 12.762, 12.6],
  [12.541, 12.499, 38.945, 12.63],
  [12.511, 12.647, 12.637, 38.805],
];

export const xeonE7: MachineSpec = {
  name: 'xeon-e7-4s',
  summary: 'four Xeon E7, CPUs are its 48 cores (EPFL lpdquad)',
  sockets: 4,
  nodeSocket: [0, 1, 2, 3],
  nodeCpus: [12, 12, 12, 12],
  clockGHz: assumed(CLOCK_GHZ, 'the clock of a Xeon E7-4830 v3, which has 12 cores; the measurements name neither model nor clock'),
  l1Bytes: assumed(KiB(32), 'of a Xeon E7-4830 v3'),
  l2Bytes: assumed(KiB(256), 'of a Xeon E7-4830 v3'),
  llcBytes: assumed(MiB(30), 'of a Xeon E7-4830 v3'),
  hitCycles: assumed({ l1: 4, l2: 12, llc: 55 }, 'usual for Haswell-EX; not measured on this machine'),
  memoryGiB: assumed([128, 128, 128, 128], 'the size of its memory was not found'),
  memoryHoleGiB: unknownHole,
  slit: assumed(localRemote(4, 10, 21), 'what firmware of Xeons with all sockets linked says; none was published for this machine'),
  latencyNs: {
    value: inNs(
      [
        [265, 510, 492, 502],
        [514, 263, 492, 500],
        [497, 500, 263, 494],
        [511, 497, 489, 263],
      ],
      CLOCK_GHZ,
    ),
    source: `${MCT}, in cycles, at the assumed clock of ${CLOCK_GHZ} GHz`,
  },
  links: assumed(meshLinks(4, 12.8), 'each socket linked to each other, at what a node was measured to read from another (12.5 to 12.8)'),
  nextHop: assumed(meshHops(4), 'all latencies between sockets are within 5 %, so none is two links away'),
  controllerGBps: { value: diagonalOf(nodeReadGBps), source: `${MCT}, the threads of a node read its own memory` },
  pairGBps: { value: nodeReadGBps, source: `${MCT}, the threads of a node read another's memory` },
  pairWriteGBps: {
    value: [
      [18.084, 10.501, 10.112, 10.384],
      [10.211, 18.29, 10.436, 10.131],
      [10.212, 10.274, 18.226, 10.408],
      [10.209, 10.475, 10.332, 18.399],
    ],
    source: `${MCT}, the threads of a node write`,
  },
  oneThreadReadGBps: {
    value: [
      [8.035, 5.307, 5.44, 5.926],
      [5.301, 8.303, 5.435, 5.362],
      [5.889, 5.839, 8.311, 5.864],
      [5.557, 5.248, 5.68, 8.314],
    ],
    source: `${MCT}, one thread reads`,
  },
  loadedLatency: pooledLoadedLatency,
};
