import type { MachineSpec, Matrix } from '../sim/machine-spec.ts';
import type { Wiring } from '../sim/route.ts';
import { KiB, LINE_BYTES, MiB } from '../sim/units.ts';
import { type ByHop, matrixByHop, meanByHop } from './by-hop.ts';
import { latencyCycles, lpd48core, LPD48CORE, nodeReadGBps, nodeWriteGBps, threadReadGBps, threadWriteGBps } from './lpd48core.ts';
import { hitCycles, hyperTransport, loadedLatency, memoryHoleGiB, NODE_CPUS, NODE_SOCKET, OPTERON_6172_GHZ } from './opteron-6100.ts';

const DUMP = 'hwloc test suite, linux/48amd64-4pa2n6c-sparse (AMD Drachma board, Engineering Sample 1700 MHz)';
const CACHES = 'hwloc test suite, x86/AMD-K10-MagnyCours-2xOpteron-6164HE';
const TRANSFERRED = 'by hop class, transferred from the 6172';

const wiring: Wiring = {
  name: 'opteron-6164-4s',
  nodeSocket: NODE_SOCKET,
  nextHop: {
    value: [
      [0, 1, 2, 2, 4, 4, 6, 6],
      [0, 1, 3, 3, 4, 4, 7, 7],
      [0, 0, 2, 3, 4, 5, 6, 7],
      [1, 1, 2, 3, 4, 5, 2, 2],
      [0, 1, 2, 3, 4, 5, 6, 6],
      [4, 4, 2, 3, 4, 5, 7, 7],
      [0, 0, 2, 2, 4, 4, 6, 7],
      [1, 1, 2, 2, 5, 5, 6, 7],
    ],
    source: 'coreboot AGESA htGraph8DoubloonM.c, renumbered to the order of Linux in which its hop counts equal the SLIT',
  },
};

const latencyNs = meanByHop(lpd48core, latencyCycles).map((cycles) => cycles / OPTERON_6172_GHZ);
const nodeRead = meanByHop(lpd48core, nodeReadGBps);
const nodeWrite = meanByHop(lpd48core, nodeWriteGBps);

/** Lines that all CPUs of a node together keep in flight towards another node: in the package, and across by one hop or two. */
const IN_PACKAGE_LINES = 9.7;
const ACROSS_LINES = 5.2;
const pairLines: ByHop = [Infinity, IN_PACKAGE_LINES, ACROSS_LINES, ACROSS_LINES];
const pairRead = pairLines.map((lines, hop) => Math.min(nodeRead[0]!, (lines * LINE_BYTES) / latencyNs[hop]!));
const pairWrite = pairRead.map((read, hop) => read / (nodeRead[hop]! / nodeWrite[hop]!));

const byHop = (values: ByHop): Matrix => matrixByHop(wiring, values);

/**
 * The machine of the deck "Virtualizing NUMA" (A. Przywara, 2010), as far as it is public: AMD's reference board with the wiring
 * that its firmware calls "MCM max performance". Its own memory was never measured; what the same dies do at each distance was.
 */
export const opteron6164: MachineSpec = {
  ...wiring,
  summary: "four Opteron 6164 HE on AMD's Drachma board, nodes of 8 and 16 GiB in turn",
  sockets: 4,
  nodeCpus: NODE_CPUS,
  clockGHz: { value: 1.7, source: DUMP },
  l1Bytes: { value: KiB(64), source: CACHES },
  l2Bytes: { value: KiB(512), source: CACHES },
  llcBytes: { value: MiB(5), source: `${CACHES}: 6 MiB a die, of which 1 MiB is the probe filter` },
  hitCycles,
  memoryGiB: { value: [8, 16, 8, 16, 8, 16, 8, 16], source: DUMP },
  memoryHoleGiB,
  slit: {
    value: [
      [10, 16, 16, 22, 16, 22, 16, 22],
      [16, 10, 22, 16, 16, 22, 22, 16],
      [16, 22, 10, 16, 16, 16, 16, 16],
      [22, 16, 16, 10, 16, 16, 22, 22],
      [16, 16, 16, 16, 10, 16, 16, 22],
      [22, 22, 16, 16, 16, 10, 22, 16],
      [16, 22, 16, 22, 16, 22, 10, 16],
      [22, 16, 16, 22, 22, 16, 16, 10],
    ],
    source: DUMP,
  },
  latencyNs: { value: byHop(latencyNs), source: `${LPD48CORE}, ${TRANSFERRED} in ns at its assumed ${OPTERON_6172_GHZ} GHz` },
  links: hyperTransport(
    [
      [0, 1],
      [0, 2],
      [0, 4],
      [0, 6],
      [1, 3],
      [1, 4],
      [1, 7],
      [2, 3],
      [2, 4],
      [2, 5],
      [2, 6],
      [2, 7],
      [3, 4],
      [3, 5],
      [4, 5],
      [4, 6],
      [5, 7],
      [6, 7],
    ],
    wiring.nextHop.source,
  ),
  controllerGBps: { value: NODE_SOCKET.map(() => nodeRead[0]!), source: `${LPD48CORE}, six threads read, ${TRANSFERRED}` },
  pairGBps: {
    value: byHop(pairRead),
    source:
      `assumed: inferred, lines in flight / latency with ${IN_PACKAGE_LINES} lines in a package and ${ACROSS_LINES} across, ` +
      'after what six threads read on the 6172',
  },
  pairWriteGBps: {
    value: byHop(pairWrite),
    source:
      "assumed: on the diagonal what six threads write on the 6172; elsewhere the assumed limit of reads, divided by the 6172's " +
      `measured ratio of reads to writes at that distance (${LPD48CORE})`,
  },
  oneThreadReadGBps: { value: byHop(meanByHop(lpd48core, threadReadGBps)), source: `${LPD48CORE}, one thread reads, ${TRANSFERRED}` },
  oneThreadWriteGBps: { value: byHop(meanByHop(lpd48core, threadWriteGBps)), source: `${LPD48CORE}, one thread writes, ${TRANSFERRED}` },
  loadedLatency,
};
