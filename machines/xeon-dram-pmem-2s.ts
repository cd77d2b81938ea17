import type { MachineSpec } from '../sim/machine-spec.ts';
import { KiB } from '../sim/units.ts';
import { assumed, unknownHole } from './figures.ts';
import { skxLatencyNs, skxLoadedLatency, SOCKET_READ_GBPS, SOCKET_WRITE_GBPS } from './xeon-skx-2s.ts';
import { SKYLAKE_L1, SKYLAKE_L2, skylakeHits, UPI_GBPS } from './xeon.ts';

const POSTED = 'Y. Huang, "NUMA balancing: fix NUMA topology for systems with CPU-less nodes" v3, LKML 2022-02-14 (now Linux 0fb3978b0aac)';
const OPTANE = 'J. Izraelevitz et al., arXiv:1903.05714 (2019), six interleaved modules of a socket';

/** Random loads; where they follow one another a line takes 169 ns, which this machine does not tell apart. */
const PMEM_NS = 305;
const PMEM_READ_GBPS = 39.4;
const PMEM_WRITE_GBPS = 13.9;
/** What the way to the other socket adds to DRAM. */
const CROSS_NS = skxLatencyNs.value[0]![1]! - skxLatencyNs.value[0]![0]!;
const PMEM_FAR_NS = PMEM_NS + CROSS_NS;

/** One after the other, so that a line that is fetched, changed and written back takes the time of both. */
const pmemWrittenGBps = 1 / (1 / PMEM_READ_GBPS + 1 / PMEM_WRITE_GBPS);

/**
 * Two sockets, each with a node of CPUs and DRAM (0, 1) and a node of persistent memory without CPUs (2, 3): the machine of those who
 * wrote Linux's memory tiering, or one like it. Simplified: DRAM and persistent memory of a socket share memory channels, and here
 * have a controller each; persistent memory reads and writes unlike fast, and here a written line weighs 3.8 read ones on one
 * capacity, so that a mixture is never slower than its parts, as real modules are.
 */
export const xeonDramPmem: MachineSpec = {
  name: 'xeon-dram-pmem-2s',
  summary: 'two Cascade Lake Xeons, CPUs are their 48 cores, a node of DRAM and one of Optane memory without CPUs each',
  sockets: 2,
  nodeSocket: [0, 1, 0, 1],
  nodeCpus: [24, 24, 0, 0],
  clockGHz: assumed(2.4, 'the base clock of Cascade Lake Xeons of 24 cores; which they were is not published'),
  l1Bytes: SKYLAKE_L1,
  l2Bytes: SKYLAKE_L2,
  llcBytes: assumed(KiB(24 * 1408), '1.375 MiB for each core, as in most Cascade Lake processors'),
  hitCycles: skylakeHits,
  memoryGiB: { value: [64136 / 1024, 64466 / 1024, 248, 248], source: `${POSTED}, numactl -H` },
  memoryHoleGiB: unknownHole,
  slit: {
    value: [
      [10, 21, 17, 28],
      [21, 10, 28, 17],
      [17, 28, 10, 28],
      [28, 17, 28, 10],
    ],
    source: `${POSTED}, numactl -H`,
  },
  latencyNs: assumed(
    [
      [...skxLatencyNs.value[0]!, PMEM_NS, PMEM_FAR_NS],
      [...skxLatencyNs.value[1]!, PMEM_FAR_NS, PMEM_NS],
      [PMEM_NS, PMEM_FAR_NS, PMEM_NS, PMEM_FAR_NS], // no CPU is there to see these two rows, but for the diagonal
      [PMEM_FAR_NS, PMEM_NS, PMEM_FAR_NS, PMEM_NS],
    ],
    `DRAM as xeon-skx-2s; persistent memory 305 ns for random loads (${OPTANE}), from the other socket as much more as DRAM`,
  ),
  links: assumed(
    [
      { between: [0, 1], capacityGBps: UPI_GBPS },
      { between: [0, 2], capacityGBps: 120 },
      { between: [1, 3], capacityGBps: 120 },
    ],
    'UPI as on xeon-8269cy-2s-snc; inside a socket a mesh, too wide to fill',
  ),
  nextHop: assumed(
    [
      [0, 1, 2, 1],
      [0, 1, 0, 3],
      [0, 0, 2, 0],
      [1, 1, 1, 3],
    ],
    'persistent memory is reached through its own socket',
  ),
  controllerGBps: assumed(
    [SOCKET_READ_GBPS, SOCKET_READ_GBPS, PMEM_READ_GBPS, PMEM_READ_GBPS],
    `DRAM as xeon-skx-2s; persistent memory 39.4 GB/s of reads (${OPTANE}); how many modules this machine has is not published`,
  ),
  pairWriteGBps: assumed(
    [
      [SOCKET_WRITE_GBPS, UPI_GBPS, PMEM_READ_GBPS, UPI_GBPS],
      [UPI_GBPS, SOCKET_WRITE_GBPS, UPI_GBPS, PMEM_READ_GBPS],
      [UPI_GBPS, UPI_GBPS, pmemWrittenGBps, UPI_GBPS],
      [UPI_GBPS, UPI_GBPS, UPI_GBPS, pmemWrittenGBps],
    ],
    `DRAM as xeon-skx-2s; persistent memory 13.9 GB/s of writes (${OPTANE}) with the reads they begin with; between nodes no limit but the links'`,
  ),
  linesInFlight: assumed(17, 'as xeon-skx-2s'),
  loadedLatency: assumed(skxLoadedLatency.value, 'that of xeon-skx-2s, for persistent memory too'),
};
