import type { Matrix, MachineSpec } from '../sim/machine-spec.ts';
import { KiB, MiB } from '../sim/units.ts';
import { assumed, DRAM_SHARE, TWO_PAIRS, unknownHole } from './figures.ts';

const BLOG = 'lmbench and STREAM on a two-socket Kunpeng 920 of 96 cores, in a public blog (plantegg)';
const CLUSTER_PATCH = 'cluster scheduling domain patch for Linux';
const CONTROLLER_GBPS = 4 * 23.464 * DRAM_SHARE;

const slit: Matrix = [
  [10, 12, 20, 22],
  [12, 10, 22, 24],
  [20, 22, 10, 12],
  [22, 24, 12, 10],
];

/** A matrix whose node pairs have the figure of their SLIT distance. */
function bySlit(figures: Readonly<Record<number, number>>): Matrix {
  return slit.map((row) => row.map((distance) => figures[distance]!));
}

/** Nothing was published of the way between nodes 1 and 3: the latency of both halves of it, and as many lines in flight as from 3. */
const FARTHEST_NS = 219.416 + (135.337 - 117.323);
const copyGBps: MachineSpec['oneThreadReadGBps'] = assumed(
  bySlit({ 10: 8.70075, 12: 7.80245, 20: 4.55686, 22: 4.06425, 24: (4.06425 * 219.416) / FARTHEST_NS }),
  `STREAM copy of one thread of node 0, in which every second line is written (${BLOG}), by SLIT distance for the other nodes, taken ` +
    'for reads and for writes alike; the farthest distance extrapolated',
);

export const kunpeng920: MachineSpec = {
  name: 'kunpeng920-2s-96c',
  summary: 'two Kunpeng 920 of two nodes each, cores in clusters of four',
  sockets: 2,
  nodeSocket: [0, 0, 1, 1],
  nodeCpus: [24, 24, 24, 24],
  clockGHz: assumed(2.6, 'the clock of a Kunpeng 920-4826, which has 48 cores'),
  l1Bytes: assumed(KiB(64), 'of a TaiShan v110 core'),
  l2Bytes: assumed(KiB(512), 'of a TaiShan v110 core'),
  llcBytes: assumed(MiB(24), '1 MiB for each core of the node'),
  hitCycles: assumed({ l1: 4, l2: 10, llc: 55 }, 'plausible for a TaiShan v110; not measured on this machine'),
  memoryGiB: { value: [188, 189, 189, 189], source: `${BLOG}, numactl --hardware` },
  memoryHoleGiB: unknownHole,
  slit: { value: slit, source: `${BLOG}, numactl --hardware` },
  latencyNs: assumed(
    bySlit({ 10: 117.323, 12: 135.337, 20: 197.782, 22: 219.416, 24: FARTHEST_NS }),
    `measured toward node 0 only (${BLOG}: 117.3, 135.3, 197.8 and 219.4 ns), by SLIT distance for the other nodes; the farthest ` +
      'distance, which node 0 does not see, is the sum of the ways it is made of',
  ),
  links: assumed(
    [
      { between: [0, 1], capacityGBps: 300 },
      { between: [2, 3], capacityGBps: 300 },
      { between: [0, 2], capacityGBps: 70 },
    ],
    'no measurement fills them: three links of 30 GB/s raw between the sockets at the 0.79 of raw that xeon-e7-4s was measured to ' +
      'carry, and between the dies of a package too much to fill',
  ),
  nextHop: assumed(TWO_PAIRS, 'the way that the SLIT tells: 20 between nodes 0 and 2, and 2 more for each node beside the way'),
  controllerGBps: assumed(
    [CONTROLLER_GBPS, CONTROLLER_GBPS, CONTROLLER_GBPS, CONTROLLER_GBPS],
    'four channels of DDR4-2933 (93.9 GB/s raw) at the 0.827 of raw that xeon-8269cy-2s-snc reaches',
  ),
  oneThreadReadGBps: copyGBps,
  oneThreadWriteGBps: copyGBps,
  loadedLatency: assumed(
    { rise: 0.042, curve: 0.5346 },
    `rise fitted so that six threads on six clusters copy 47.6 GB/s (STREAM -P 6, ${CLUSTER_PATCH}); curve of the pooled fit of four Intel MLC curves`,
  ),
  clusters: assumed(
    { cpus: 4, capacityGBps: 11.04 },
    `clusters of four are published; the capacity is fitted so that spreading six copying threads over the clusters of a node brings 1.217 ` +
      `times what threads placed at random get (${CLUSTER_PATCH}: 47.6 against 39.1 GB/s)`,
  ),
};
