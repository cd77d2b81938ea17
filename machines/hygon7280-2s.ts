import type { MachineSpec } from '../sim/machine-spec.ts';
import { KiB, MiB } from '../sim/units.ts';
import { assumed, DRAM_SHARE, localRemote, meshHops, meshLinks, pooledLoadedLatency, unknownHole } from './figures.ts';

const BLOG = 'lmbench and STREAM on a two-socket Hygon 7280, in a public report';
const CONTROLLER_GBPS = 8 * 21.33 * DRAM_SHARE;

const copyGBps: MachineSpec['oneThreadReadGBps'] = assumed(
  localRemote(2, 10.39517, 6.34803),
  `the measured STREAM copy of one thread, in which every second line is written (${BLOG}), taken for reads and for writes alike`,
);

export const hygon7280: MachineSpec = {
  name: 'hygon7280-2s',
  summary: 'two Hygon 7280, CPUs are its 64 cores',
  sockets: 2,
  nodeSocket: [0, 1],
  nodeCpus: [32, 32],
  clockGHz: assumed(2, 'the base clock of a Hygon 7280'),
  l1Bytes: assumed(KiB(32), 'of a Zen core, from which this one comes'),
  l2Bytes: assumed(KiB(512), 'of a Zen core, from which this one comes'),
  llcBytes: assumed(MiB(64), 'eight complexes of 8 MiB; here all cores share the sum, on the real one four cores share each'),
  hitCycles: assumed({ l1: 4, l2: 12, llc: 39 }, 'usual for Zen; not measured on this machine'),
  memoryGiB: assumed([128, 128], 'the size of its memory was not found'),
  memoryHoleGiB: unknownHole,
  slit: assumed(localRemote(2, 10, 32), "what firmware of AMD's two-socket EPYC says; none was published for this machine"),
  latencyNs: {
    value: localRemote(2, 149.065, 270.484),
    source: `${BLOG}: lat_mem_rd, local and remote, taken to be the same for both nodes`,
  },
  links: assumed(
    meshLinks(2, 67),
    'four xGMI links of 21.3 GB/s raw, at the 0.79 of raw that the QPI links of xeon-e7-4s were measured to carry',
  ),
  nextHop: assumed(meshHops(2), 'two sockets, linked'),
  controllerGBps: assumed(
    [CONTROLLER_GBPS, CONTROLLER_GBPS],
    'eight channels of DDR4-2666 (170.6 GB/s raw) at the 0.827 of raw that xeon-8269cy-2s-snc reaches',
  ),
  oneThreadReadGBps: copyGBps,
  oneThreadWriteGBps: copyGBps,
  loadedLatency: pooledLoadedLatency,
};
