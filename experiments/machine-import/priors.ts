import { KiB, MiB } from '../../sim/units.ts';

/**
 * What is taken for a figure of a machine that its description does not have: round figures between those of the machines that have
 * been measured (machines/). Each is marked `assumed`, and swept in sensitivity checks.
 */
export const PRIORS = {
  /** Of a node's own memory, idle; the presets have 54 to 160. */
  localLatencyNs: 90,
  /** Linux's own where the firmware says nothing (include/linux/topology.h: LOCAL_DISTANCE, REMOTE_DISTANCE). */
  localDistance: 10,
  remoteDistance: 20,
  /** No further apart are the nodes of one socket as AMD (NPS: 12) and Intel (SNC: 11 to 12) have them; the next socket is at 20 and more. */
  socketDistance: 12,
  /** Of a node's memory controllers, for each core that it has; 3.2 to 4.9 on the Xeons, Kunpeng and Hygon of machines/. */
  controllerGBpsPerCore: 4,
  /** Of a link in each direction, as a share of the mean controller: half of what a node reads from its own memory. */
  linkShare: 0.5,
  clockGHz: 2.5,
  l1Bytes: KiB(32),
  l2Bytes: MiB(1),
  llcBytesPerCore: MiB(1.5),
  hitCycles: { l1: 4, l2: 14, llc: 50 },
  /** Of a core, over all its threads; line fill buffers of Intel's cores since Nehalem. */
  linesInFlight: 10,
  /** What each doubling of a core's busy threads adds, in the work of one: two do 1.25 times as much, as on xeon-8167m-2s, four 1.5. */
  workPerDoubling: 0.25,
  memoryBytesPerCpu: 4 * 1024 ** 3,
} as const;
