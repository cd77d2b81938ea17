import type { MachineSpec } from '../sim/machine-spec.ts';
import { KiB, MiB } from '../sim/units.ts';
import { assumed } from './figures.ts';

/** What one node of xeon-8269cy-2s-snc was measured to read over the three UPI links of its socket. */
export const UPI_GBPS = 50.6;

/** Caches of Skylake-SP and Cascade Lake cores: documented sizes; cycles are not. */
export const SKYLAKE_L1: MachineSpec['l1Bytes'] = {
  value: KiB(32),
  source: 'Intel Xeon Scalable data sheet: first-level data cache of a core',
};
export const SKYLAKE_L2: MachineSpec['l2Bytes'] = { value: MiB(1), source: 'Intel Xeon Scalable data sheet: second-level cache of a core' };
export const skylakeHits: MachineSpec['hitCycles'] = assumed(
  { l1: 4, l2: 14, llc: 70 },
  'usual for Skylake-SP, whose mesh makes the last level slow; not measured on this machine',
);
