import type { MachineSpec, Matrix } from '../sim/machine-spec.ts';
import { KiB } from '../sim/units.ts';
import { latencyCycles, lpd48core, LPD48CORE, nodeReadGBps, nodeWriteGBps, threadReadGBps, threadWriteGBps } from './lpd48core.ts';
import { hitCycles, hyperTransport, loadedLatency, memoryHoleGiB, NODE_CPUS, NODE_SOCKET, OPTERON_6172_GHZ } from './opteron-6100.ts';

/** The measured twin of the default machine: the same dies, wired for I/O instead of for distance, with every node pair measured. */
export const opteron6172: MachineSpec = {
  name: 'opteron-6172-4s',
  summary: 'four Opteron 6172, the measured twin of opteron-6164-4s (EPFL lpd48core)',
  sockets: 4,
  nodeSocket: NODE_SOCKET,
  nodeCpus: NODE_CPUS,
  clockGHz: {
    value: OPTERON_6172_GHZ,
    source: 'assumed: the clock of an Opteron 6172, for the measurements name neither model nor clock',
  },
  l1Bytes: { value: KiB(64), source: `${LPD48CORE}, cache levels` },
  l2Bytes: { value: KiB(512), source: `${LPD48CORE}, cache levels` },
  llcBytes: { value: KiB(5118), source: `${LPD48CORE}, cache levels` },
  hitCycles,
  memoryGiB: { value: NODE_SOCKET.map(() => 8), source: 'assumed: the size of its memory was not found' },
  memoryHoleGiB,
  slit: {
    value: [
      [10, 16, 16, 22, 16, 22, 16, 22],
      [16, 10, 22, 16, 22, 16, 22, 16],
      [16, 22, 10, 16, 16, 22, 16, 22],
      [22, 16, 16, 10, 22, 16, 22, 16],
      [16, 22, 16, 22, 10, 16, 16, 22],
      [22, 16, 22, 16, 16, 10, 22, 16],
      [16, 22, 16, 22, 16, 22, 10, 16],
      [22, 16, 22, 16, 22, 16, 16, 10],
    ],
    source: 'hwloc test suite, 32amd64-4s2n4c-cgroup2: a Supermicro H8QG6 (Opteron 6134) with the same link graph',
  },
  latencyNs: {
    value: latencyCycles.map((row) => row.map((cycles) => cycles / OPTERON_6172_GHZ)),
    source: `${LPD48CORE}, in cycles, at the assumed clock of ${OPTERON_6172_GHZ} GHz`,
  },
  links: hyperTransport(
    [
      [0, 1],
      [0, 2],
      [0, 4],
      [0, 6],
      [1, 3],
      [1, 5],
      [1, 7],
      [2, 3],
      [2, 4],
      [2, 6],
      [3, 5],
      [3, 7],
      [4, 5],
      [4, 6],
      [5, 7],
      [6, 7],
    ],
    lpd48core.nextHop.source,
  ),
  nextHop: lpd48core.nextHop,
  controllerGBps: { value: diagonal(nodeReadGBps), source: `${LPD48CORE}, six threads of a node read its own memory` },
  pairGBps: { value: nodeReadGBps, source: `${LPD48CORE}, six threads of a node read another's memory` },
  pairWriteGBps: { value: nodeWriteGBps, source: `${LPD48CORE}, six threads of a node write` },
  oneThreadReadGBps: { value: threadReadGBps, source: `${LPD48CORE}, one thread reads` },
  oneThreadWriteGBps: { value: threadWriteGBps, source: `${LPD48CORE}, one thread writes` },
  loadedLatency,
};

function diagonal(matrix: Matrix): number[] {
  return matrix.map((row, node) => row[node]!);
}
