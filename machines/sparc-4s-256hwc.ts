import type { MachineSpec, Matrix } from '../sim/machine-spec.ts';
import { KiB, MiB } from '../sim/units.ts';
import { assumed, diagonalOf, inNs, localRemote, meshHops, meshLinks, pooledLoadedLatency } from './figures.ts';

const MCT = 'LPD-EPFL/mctop desc/ol-collab1.mct';
const CLOCK_GHZ = 3;

const nodeReadGBps: Matrix = [
  [28.173, 15.277, 15.168, 15.126],
  [15.277, 28.243, 15.064, 15.127],
  [15.126, 15.088, 28.549, 15.276],
  [15.15, 15.19, 15.294, 28.617],
];

/** Its CPUs are hardware threads: the eight threads of a core fill the memory that one thread a core could not. */
export const sparc: MachineSpec = {
  name: 'sparc-4s-256hwc',
  summary: 'four SPARC, CPUs are hardware threads, eight a core (ol-collab1)',
  sockets: 4,
  nodeSocket: [0, 1, 2, 3],
  nodeCpus: [64, 64, 64, 64],
  clockGHz: assumed(CLOCK_GHZ, 'the clock of a SPARC T4, which has 8 cores of 8 threads; the measurements name neither model nor clock'),
  l1Bytes: assumed(KiB(2), 'an eighth of the 16 KiB of a SPARC T4 core, for its eight threads share them'),
  l2Bytes: assumed(KiB(16), 'an eighth of the 128 KiB of a SPARC T4 core, for its eight threads share them'),
  llcBytes: assumed(MiB(4), 'of a SPARC T4'),
  hitCycles: assumed({ l1: 3, l2: 20, llc: 50 }, 'plausible for a SPARC T4; not measured on this machine'),
  memoryGiB: assumed([64, 64, 64, 64], 'the size of its memory was not found'),
  memoryHoleGiB: assumed(0, 'a SPARC has no hole of device addresses below 4 GiB'),
  slit: assumed(localRemote(4, 10, 20), 'the distances Linux takes when firmware names none; none was published for this machine'),
  latencyNs: {
    value: inNs(
      [
        [479, 679, 689, 688],
        [681, 480, 691, 684],
        [688, 690, 481, 681],
        [688, 686, 679, 480],
      ],
      CLOCK_GHZ,
    ),
    source: `${MCT}, in cycles, at the assumed clock of ${CLOCK_GHZ} GHz`,
  },
  links: assumed(meshLinks(4, 15.3), 'each socket linked to each other, at what a node was measured to read from another (15.1 to 15.3)'),
  nextHop: assumed(meshHops(4), 'all latencies between sockets are within 2 %, so none is two links away'),
  controllerGBps: { value: diagonalOf(nodeReadGBps), source: `${MCT}, the threads of a node read its own memory` },
  pairGBps: { value: nodeReadGBps, source: `${MCT}, the threads of a node read another's memory` },
  pairWriteGBps: {
    value: [
      [12.6, 5.533, 5.418, 5.481],
      [5.61, 12.621, 5.42, 5.635],
      [5.544, 5.405, 12.53, 5.554],
      [5.544, 5.463, 5.484, 12.556],
    ],
    source: `${MCT}, the threads of a node write`,
  },
  oneThreadReadGBps: {
    value: [
      [4.042, 3.007, 2.964, 2.973],
      [2.942, 4.098, 2.972, 3.004],
      [2.933, 2.961, 4.036, 3.017],
      [2.957, 3.004, 2.996, 4.09],
    ],
    source: `${MCT}, one thread reads`,
  },
  loadedLatency: pooledLoadedLatency,
};
