import type { Figure, MachineSpec } from '../sim/machine-spec.ts';
import { KiB, MiB } from '../sim/units.ts';

const assumed = <Value>(value: Value): Figure<Value> => ({ value, source: 'assumed: schedulers are looked at here, not memory' });

/** The smallest machine on which vCPUs can move: two CPUs that share everything. */
export const vm2cpu: MachineSpec = {
  name: 'vm-2cpu',
  summary: 'two CPUs of one node, such as a small virtual machine has: for looking at schedulers',
  sockets: 1,
  nodeSocket: [0],
  nodeCpus: [2],
  clockGHz: assumed(2.5),
  l1Bytes: assumed(KiB(32)),
  l2Bytes: assumed(MiB(1)),
  llcBytes: assumed(MiB(32)),
  hitCycles: assumed({ l1: 4, l2: 14, llc: 50 }),
  memoryGiB: assumed([16]),
  memoryHoleGiB: assumed(1),
  slit: assumed([[10]]),
  latencyNs: assumed([[100]]),
  links: assumed([]),
  nextHop: assumed([[0]]),
  controllerGBps: assumed([20]),
  linesInFlight: assumed(10),
  loadedLatency: assumed({ rise: 0.2, curve: 0.9 }),
};
