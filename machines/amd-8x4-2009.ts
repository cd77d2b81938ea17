import type { Figure, MachineSpec } from '../sim/machine-spec.ts';
import type { Wiring } from '../sim/route.ts';
import { KiB, MiB } from '../sim/units.ts';
import { type ByHop, matrixByHop } from './by-hop.ts';
import { loadedLatency, memoryHoleGiB } from './opteron-6100.ts';
import { opteron6164 } from './opteron-6164-4s.ts';

const NODES = [0, 1, 2, 3, 4, 5, 6, 7];
const assumed = <Value>(value: Value, why: string): Figure<Value> => ({ value, source: `assumed: ${why}` });
const FIT = "fitted to the table of lmbench rd in Xen commit 22b984ae9a (2009) with numalab's own runs";
const AS_TWIN = 'as measured on the Opteron 6172, LPD-EPFL/mctop desc/lpd48core.mct';

/** What the controller has only sets the scale: the table has ratios. */
const LOCAL_NS = 54;
const CONTROLLER_GBPS = 1.6;
const ONE_HOP = 1.62;
const TWO_HOPS = 1.74;
const LINK_GBPS = 1.2;
/** Lines that a core keeps in flight: alone it would read 2.8 times what the controller has. */
const LINES = 3.84;
/** Read lines that a written line costs a controller. */
const WRITTEN_LINE_WEIGHT = 1.74;

const wiring: Wiring = {
  name: 'amd-8x4-2009',
  nodeSocket: NODES,
  nextHop: assumed(opteron6164.nextHop.value, 'the wiring was not published; that of the same author’s machine of 2010'),
};
const byHop = (values: ByHop): number[][] => matrixByHop(wiring, values).map((row) => [...row]);

/**
 * The machine on which numa=off and numa=on of Xen were compared in 2009: eight nodes of four cores, and nothing else of it is
 * published. Its figures are fitted to the lmbench half of the published table, and the other half then checks them
 * (`numalab validate xen-2009-rd xen-2009-kernbench`).
 */
export const amd8x4: MachineSpec = {
  ...wiring,
  summary: "eight nodes of four cores, on which Xen's numa=off and numa=on were compared in 2009; fitted, not measured",
  sockets: 8,
  nodeCpus: NODES.map(() => 4),
  clockGHz: assumed(2, 'an Opteron of four cores of its time, such as the 8350'),
  l1Bytes: assumed(KiB(64), 'an Opteron of four cores'),
  l2Bytes: assumed(KiB(512), 'an Opteron of four cores'),
  llcBytes: assumed(MiB(2), 'an Opteron of four cores, the first with a shared cache'),
  hitCycles: assumed({ l1: 3, l2: 15, llc: 43 }, AS_TWIN),
  memoryGiB: assumed(
    NODES.map(() => 8),
    'room for 15 guests of 2 GiB in the upper half, which is what the table shows in use (four controllers)',
  ),
  memoryHoleGiB,
  slit: assumed(byHop([10, 16, 16, 22]), 'as on the same author’s machine of 2010, by hops'),
  latencyNs: assumed(
    byHop([1, ONE_HOP, ONE_HOP, TWO_HOPS].map((ratio) => ratio * LOCAL_NS)),
    `${LOCAL_NS} ns as another Opteron of 2009 (J. McCalpin, sites.utexas.edu/jdm4372/2010/10/01); ${ONE_HOP} and ${TWO_HOPS} times that at one and two hops, ${FIT}`,
  ),
  links: assumed(
    opteron6164.links.value.map((link) => ({ ...link, capacityGBps: LINK_GBPS })),
    `${LINK_GBPS} GB/s, 0.75 of a controller, ${FIT}`,
  ),
  controllerGBps: assumed(
    NODES.map(() => CONTROLLER_GBPS),
    `less than a core could read alone, as two guests of one node get half each (${FIT})`,
  ),
  pairGBps: assumed(
    NODES.map(() => NODES.map(() => CONTROLLER_GBPS)),
    'no limit but controllers and links',
  ),
  pairWriteGBps: assumed(
    NODES.map(() => NODES.map(() => CONTROLLER_GBPS / WRITTEN_LINE_WEIGHT)),
    `a written line weighs ${WRITTEN_LINE_WEIGHT} read ones, ${AS_TWIN}`,
  ),
  linesInFlight: assumed(LINES, AS_TWIN),
  loadedLatency,
};
