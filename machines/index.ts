import type { MachineSpec } from '../sim/machine-spec.ts';
import { amd8x4 } from './amd-8x4-2009.ts';
import { dunnington } from './dunnington-4s.ts';
import { hygon7280 } from './hygon7280-2s.ts';
import { kunpeng920 } from './kunpeng920-2s-96c.ts';
import { lopsided } from './lopsided.ts';
import { opteron6164 } from './opteron-6164-4s.ts';
import { opteron6172 } from './opteron-6172-4s.ts';
import { sparc } from './sparc-4s-256hwc.ts';
import { uniform } from './uniform.ts';
import { vm2cpu } from './vm-2cpu.ts';
import { xeon8167m } from './xeon-8167m-2s.ts';
import { xeon8s } from './xeon-8s-80c.ts';
import { xeon8269cy } from './xeon-8269cy-2s-snc.ts';
import { xeonDramPmem } from './xeon-dram-pmem-2s.ts';
import { xeonE52680v2 } from './xeon-e5-2680v2-2s.ts';
import { xeonE7 } from './xeon-e7-4s.ts';
import { xeonSkx } from './xeon-skx-2s.ts';

/** The machines users can name, the default first. */
export const machines: readonly MachineSpec[] = [
  opteron6164,
  opteron6172,
  amd8x4,
  xeonE52680v2,
  xeonE7,
  xeon8s,
  xeon8269cy,
  xeonSkx,
  xeon8167m,
  xeonDramPmem,
  kunpeng920,
  hygon7280,
  sparc,
  dunnington,
  uniform,
  vm2cpu,
  lopsided,
];

export function machineNamed(name: string): MachineSpec | undefined {
  return machines.find((machine) => machine.name === name);
}
