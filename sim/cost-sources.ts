import type { Costs } from './scenario.ts';

/** Where each default of `DEFAULT_COSTS` comes from; text that begins with 'assumed' says that nobody measured it. */
export const COST_SOURCES: Readonly<Record<keyof Costs, string>> = {
  contextSwitchNs: 'assumed',
  exitNs: 'assumed, inside "a few hundred to a few thousand cycles" (AnandTech 2480, 2008)',
  ipiNs: 'assumed, the low end of 1-3 us of a shootdown round trip',
  guestFaultNs: 'assumed',
  hostFaultNs: 'assumed',
  coldCache: 'a vCPU that changes CPU fetches its cache anew',
  guestSliceNs: 'assumed',
  hookNs: 'assumed: a BPF program through its trampoline',
  helperNs: 'assumed: a kfunc',
  hintFaultNs: 'assumed; the measured 112-213 us of 128 and more threads are an upper bound, contention included',
  sampleNs: 'assumed',
  markNs: 'assumed',
  splitNs: 'assumed',
  remapNs: 'assumed',
  shootdownNs: 'in the range of 1-3 us that two secondary sources have for a shootdown',
  copyShare: 'by definition: a moved block is copied whole',
};
