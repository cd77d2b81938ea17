import type { MachineSpec } from '../sim/machine-spec.ts';
import { KiB } from '../sim/units.ts';
import { assumed, localRemote, meshHops, meshLinks, unknownHole } from './figures.ts';
import { skylakeHits, UPI_GBPS } from './xeon.ts';
import { SOCKET_READ_GBPS, SOCKET_WRITE_GBPS, skxLatencyNs, skxLoadedLatency } from './xeon-skx-2s.ts';

const HYSER = 'LKML 20231216001801.3015832-1-chris.hyser@oracle.com: two-socket Xeon Platinum 8167M, 104 CPUs, 2 nodes';
const FROM_SKX = 'transferred from xeon-skx-2s, a machine of the same generation';

/** Its CPUs are hardware threads, because what was published of it is about 104 of them, each with a load of its own. */
export const xeon8167m: MachineSpec = {
  name: 'xeon-8167m-2s',
  summary: 'two Xeon 8167M, CPUs are hardware threads, two a core',
  sockets: 2,
  nodeSocket: [0, 1],
  nodeCpus: [52, 52],
  threadsPerCore: 2,
  threadShare: assumed(0.625, 'two busy threads do a quarter more than one; Intel (Marr et al. 2002) says up to 30 % more'),
  clockGHz: { value: 2, source: `${HYSER}, 2.0 GHz` },
  l1Bytes: assumed(KiB(16), 'half of the 32 KiB of a core, for its two threads share them'),
  l2Bytes: assumed(KiB(512), 'half of the 1 MiB of a core, for its two threads share it'),
  llcBytes: assumed(KiB(26 * 1408), '1.375 MiB for each of 26 cores, as in all Skylake-SP processors of that size'),
  hitCycles: skylakeHits,
  memoryGiB: assumed([384, 384], 'the size of its memory was not found'),
  memoryHoleGiB: unknownHole,
  slit: assumed(localRemote(2, 10, 21), 'what firmware of two-socket Xeons says; none was published for this machine'),
  latencyNs: assumed(skxLatencyNs.value, FROM_SKX),
  links: assumed(meshLinks(2, UPI_GBPS), 'three UPI links together, at what xeon-8269cy-2s-snc carries over as many'),
  nextHop: assumed(meshHops(2), 'two sockets, linked'),
  controllerGBps: assumed([SOCKET_READ_GBPS, SOCKET_READ_GBPS], FROM_SKX),
  pairWriteGBps: assumed(localRemote(2, SOCKET_WRITE_GBPS, UPI_GBPS), FROM_SKX),
  linesInFlight: assumed(8.5, 'half of the 17 lines of a core of xeon-skx-2s, for two threads share a core'),
  loadedLatency: assumed(skxLoadedLatency.value, FROM_SKX),
};
