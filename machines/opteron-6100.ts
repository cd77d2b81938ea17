import type { Figure, LinkSpec, MachineSpec } from '../sim/machine-spec.ts';

/** What all four-socket Opterons of the 6100 series share: two dies of six cores a package, each die a node. */
export const NODE_SOCKET = [0, 0, 1, 1, 2, 2, 3, 3] as const;
export const NODE_CPUS = [6, 6, 6, 6, 6, 6, 6, 6] as const;

/** Clock of the processor on which the 6100's latencies were measured, in cycles. */
export const OPTERON_6172_GHZ = 2.1;

const IN_PACKAGE_GBPS = 10.9;
const ACROSS_GBPS = 4.8;

/** HyperTransport links between these nodes, wide inside a package and narrow across. */
export function hyperTransport(edges: readonly (readonly [number, number])[], wiringSource: string): Figure<readonly LinkSpec[]> {
  return {
    value: edges.map(([a, b]) => ({
      between: [a, b],
      capacityGBps: NODE_SOCKET[a] === NODE_SOCKET[b] ? IN_PACKAGE_GBPS : ACROSS_GBPS,
    })),
    source:
      `assumed: ${IN_PACKAGE_GBPS} GB/s in a package and ${ACROSS_GBPS} across, inferred: below the raw rate of HyperTransport at 6.4 GT/s ` +
      '(12.8 on 16 bits, 6.4 on 8; chipsandcheese.com, "AMD\'s Magny-Cours and HyperTransport"; the 8 bits across are inferred too) ' +
      `and above all that one node was measured to read from another (5.3 and 4.23). Which nodes are linked: ${wiringSource}`,
  };
}

export const hitCycles: MachineSpec['hitCycles'] = {
  value: { l1: 3, l2: 15, llc: 43 },
  source: 'LPD-EPFL/mctop desc/lpd48core.mct, cache levels, in cycles of the core (on the 6164 transferred from the 6172)',
};

export const loadedLatency: MachineSpec['loadedLatency'] = {
  value: { rise: 0.3647, curve: 0.5346 },
  source:
    'assumed: pooled fit of four published Intel MLC curves by `numalab machine calibrate` (mean error 1.9 %), for no such curve was found for an Opteron',
};

export const memoryHoleGiB: MachineSpec['memoryHoleGiB'] = {
  value: 1,
  source: 'assumed: 1 GiB of device addresses below 4 GiB, the memory map was not found',
};
