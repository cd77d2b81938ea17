import type { Figure, MachineSpec } from '../sim/machine-spec.ts';
import { KiB } from '../sim/units.ts';

const invented = <Value>(value: Value): Figure<Value> => ({
  value,
  source: 'assumed: invented for tests, so that no two figures are alike',
});

/**
 * Three unequal nodes for tests. Nothing is symmetric: an index taken the wrong way round, or a route walked backwards, gives a
 * wrong answer instead of a lucky one. Data from node 2 reach node 0 through node 1; from node 0 to node 2 they go straight.
 */
export const lopsided: MachineSpec = {
  name: 'lopsided',
  summary: 'three unequal nodes, for tests',
  sockets: 2,
  nodeSocket: [0, 0, 1],
  nodeCpus: [3, 1, 2],
  clockGHz: invented(1.6),
  l1Bytes: invented(KiB(32)),
  l2Bytes: invented(KiB(384)),
  llcBytes: invented(KiB(3072)),
  hitCycles: invented({ l1: 4, l2: 14, llc: 40 }),
  memoryGiB: invented([5, 3, 7]),
  memoryHoleGiB: invented(2),
  slit: invented([
    [10, 13, 27],
    [14, 10, 19],
    [24, 18, 10],
  ]),
  latencyNs: invented([
    [80, 125, 215],
    [135, 90, 165],
    [175, 155, 70],
  ]),
  links: invented([
    { between: [0, 1], capacityGBps: 7 },
    { between: [1, 2], capacityGBps: 5 },
    { between: [0, 2], capacityGBps: 3 },
  ]),
  nextHop: invented([
    [0, 1, 2],
    [0, 1, 2],
    [1, 1, 2],
  ]),
  controllerGBps: invented([12, 9, 10]),
  pairGBps: invented([
    [12, 6, 4],
    [6.5, 9, 8], // 8 is above the 5 of its wire, so that this pair is no limit of its own
    [2.5, 4.5, 10],
  ]),
  pairWriteGBps: invented([
    [7.5, 4.8, 3.2],
    [5.2, 6, 4.4],
    [2, 3, 6.25],
  ]),
  oneThreadReadGBps: invented([
    [3.6, 2.2, 1.3],
    [2.1, 3.4, 1.7],
    [1.5, 1.8, 3.9],
  ]),
  oneThreadWriteGBps: invented([
    [2.8, 1.9, 1.1],
    [1.6, 2.7, 1.4],
    [1.2, 1.25, 2.6],
  ]),
  loadedLatency: invented({ rise: 0.3, curve: 0.45 }),
};
