import type { MachineSpec } from '../sim/machine-spec.ts';
import { KiB, MiB } from '../sim/units.ts';
import { assumed, localRemote, matrixOf, meshHops, meshLinks, pooledLoadedLatency, unknownHole } from './figures.ts';

const X7460 = 'of a Xeon X7460, the six-core Dunnington; the machine is only known as "4 x 6-core"';
const HUB_GBPS = 21.3;

/**
 * A machine without NUMA, for it has one memory hub: all latencies are equal. Its sockets are nodes here, because a node is what shares
 * a last-level cache. Memory lies on a node by name only: each node's controller stands for the whole hub, and what keeps the sum near
 * the hub's is that each socket fetches all its lines over a bus of its own.
 */
export const dunnington: MachineSpec = {
  name: 'dunnington-4s',
  summary: 'four sockets on one memory hub (no NUMA); all figures assumed',
  sockets: 4,
  nodeSocket: [0, 1, 2, 3],
  nodeCpus: [6, 6, 6, 6],
  clockGHz: assumed(2.66, X7460),
  l1Bytes: assumed(KiB(32), X7460),
  l2Bytes: assumed(KiB(1536), `half of the 3 MiB that two cores share, ${X7460}`),
  llcBytes: assumed(MiB(16), X7460),
  hitCycles: assumed({ l1: 3, l2: 15, llc: 110 }, `plausible; ${X7460}`),
  memoryGiB: assumed([16, 16, 16, 16], 'a quarter of the machine for each socket; 24 guests must fit'),
  memoryHoleGiB: unknownHole,
  slit: assumed(localRemote(4, 10, 11), 'the least distance that Linux accepts between nodes; the machine has one node'),
  latencyNs: assumed(
    matrixOf(4, () => 130),
    'usual for fully buffered DIMMs behind a front-side bus, the same for every socket',
  ),
  links: assumed(meshLinks(4, 1000), 'too wide to fill: what limits is the bus of a socket, which its port stands for'),
  nextHop: assumed(meshHops(4), 'every socket is as near to the hub'),
  controllerGBps: assumed(
    [HUB_GBPS, HUB_GBPS, HUB_GBPS, HUB_GBPS],
    'each is the whole hub: four channels of FB-DIMM-667, 21.3 GB/s raw for reads, interleaved',
  ),
  linesInFlight: assumed(7, 'about what a Core 2 keeps in flight: a thread then reads 3.4 GB/s'),
  loadedLatency: pooledLoadedLatency,
  clusters: assumed(
    { cpus: 6, capacityGBps: 6.4 },
    'front-side bus of a socket: 8.5 GB/s raw at 1066 MT/s, of which three quarters are usual',
  ),
};
