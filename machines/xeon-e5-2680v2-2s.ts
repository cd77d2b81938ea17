import type { MachineSpec } from '../sim/machine-spec.ts';
import { KiB, MiB } from '../sim/units.ts';
import { assumed, DRAM_SHARE, inNs, localRemote, meshHops, meshLinks, pooledLoadedLatency, unknownHole } from './figures.ts';

const MCT = 'LPD-EPFL/mctop desc/lpdxeon2680.mct';
const CLOCK_GHZ = 2.8;
const CONTROLLER_GBPS = 59.7 * DRAM_SHARE;
const QPI_GBPS = 32 * (12.6 / 16);

/** What the CPUs of a node reach together is predicted by a rule, not taken from its measurement. */
export const xeonE52680v2: MachineSpec = {
  name: 'xeon-e5-2680v2-2s',
  summary: 'two Xeon E5-2680 v2, CPUs are its 20 cores (EPFL lpdxeon2680)',
  sockets: 2,
  nodeSocket: [0, 1],
  nodeCpus: [10, 10],
  clockGHz: assumed(CLOCK_GHZ, 'the clock of a Xeon E5-2680 v2; the measurements name neither model nor clock, only their host does'),
  l1Bytes: assumed(KiB(32), 'of the Xeon that the host is named for'),
  l2Bytes: assumed(KiB(256), 'of the Xeon that the host is named for'),
  llcBytes: assumed(MiB(25), 'of the Xeon that the host is named for'),
  hitCycles: assumed({ l1: 4, l2: 12, llc: 45 }, 'usual for Ivy Bridge; not measured on this machine'),
  memoryGiB: assumed([64, 64], 'the size of its memory was not found'),
  memoryHoleGiB: unknownHole,
  slit: assumed(localRemote(2, 10, 21), 'what firmware of two-socket Xeons says; none was published for this machine'),
  latencyNs: {
    value: inNs(
      [
        [259, 505],
        [505, 259],
      ],
      CLOCK_GHZ,
    ),
    source: `${MCT}, in cycles, at the assumed clock of ${CLOCK_GHZ} GHz`,
  },
  links: assumed(meshLinks(2, QPI_GBPS), 'two QPI links of 16 GB/s raw, at the 0.79 of raw that xeon-e7-4s was measured to carry'),
  nextHop: assumed(meshHops(2), 'two sockets, linked'),
  controllerGBps: assumed(
    [CONTROLLER_GBPS, CONTROLLER_GBPS],
    'by rule, not from its measurement: four channels of DDR3-1866 (59.7 GB/s raw) at the 0.827 of raw that xeon-8269cy-2s-snc reaches',
  ),
  oneThreadReadGBps: {
    value: [
      [13.603, 8.634],
      [8.596, 13.484],
    ],
    source: `${MCT}, one thread reads`,
  },
  loadedLatency: pooledLoadedLatency,
};
