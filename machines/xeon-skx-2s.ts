import type { MachineSpec } from '../sim/machine-spec.ts';
import { KiB } from '../sim/units.ts';
import { assumed, localRemote, meshHops, meshLinks, unknownHole } from './figures.ts';
import { SKYLAKE_L1, SKYLAKE_L2, skylakeHits, UPI_GBPS } from './xeon.ts';

const MLC = 'FD.io CSIT, Xeon Skylake HW Calibration (Intel MLC 3.5)';

/** Half of MLC's peak of two sockets, "ALL Reads"; and half of the written half of its "1:1 Reads-Writes". */
export const SOCKET_READ_GBPS: number = 216.87573 / 2;
export const SOCKET_WRITE_GBPS: number = 149.48527 / 2 / 2;

export const skxLatencyNs: MachineSpec['latencyNs'] = {
  value: [
    [81.4, 131.1],
    [131.1, 81.3],
  ],
  source: `${MLC}, latency matrix`,
};

export const skxLoadedLatency: MachineSpec['loadedLatency'] = {
  value: { rise: 0.528, curve: 0.1676 },
  source: `${MLC}, loaded latencies, fitted by \`numalab machine calibrate\``,
};

export const xeonSkx: MachineSpec = {
  name: 'xeon-skx-2s',
  summary: 'two Xeon 8180, CPUs are its 56 cores (FD.io testbed)',
  sockets: 2,
  nodeSocket: [0, 1],
  nodeCpus: [28, 28],
  clockGHz: { value: 2.5, source: 'FD.io CSIT, physical testbeds, 2n-skx: two Xeon Platinum 8180, 2.5 GHz, 28 cores, 38.5 MB cache' },
  l1Bytes: SKYLAKE_L1,
  l2Bytes: SKYLAKE_L2,
  llcBytes: { value: KiB(28 * 1408), source: 'FD.io CSIT, physical testbeds, 2n-skx: 38.5 MB cache' },
  hitCycles: skylakeHits,
  memoryGiB: assumed([96, 96], 'the size of its memory was not found'),
  memoryHoleGiB: unknownHole,
  slit: assumed(localRemote(2, 10, 21), 'what firmware of two-socket Xeons says; none was published for this machine'),
  latencyNs: skxLatencyNs,
  links: assumed(meshLinks(2, UPI_GBPS), 'three UPI links together, at what xeon-8269cy-2s-snc carries over as many'),
  nextHop: assumed(meshHops(2), 'two sockets, linked'),
  controllerGBps: { value: [SOCKET_READ_GBPS, SOCKET_READ_GBPS], source: `${MLC}, half of the peak of all reads (216.9 GB/s)` },
  pairWriteGBps: assumed(
    localRemote(2, SOCKET_WRITE_GBPS, UPI_GBPS),
    'at home half of the written half of MLC\'s "1:1 Reads-Writes" (149.5 GB/s); between the sockets no limit but the links\'',
  ),
  linesInFlight: assumed(
    17,
    "by Little's law from the fullest point of its curve of loaded latency: 215.7 GB/s at 282.7 ns are 953 lines of 56 cores",
  ),
  loadedLatency: skxLoadedLatency,
};
