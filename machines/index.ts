import type { MachineSpec } from '../sim/machine-spec.ts';
import { amd8x4 } from './amd-8x4-2009.ts';
import { lopsided } from './lopsided.ts';
import { opteron6164 } from './opteron-6164-4s.ts';
import { opteron6172 } from './opteron-6172-4s.ts';
import { uniform } from './uniform.ts';

/** The machines users can name, the default first. */
export const machines: readonly MachineSpec[] = [opteron6164, opteron6172, amd8x4, uniform, lopsided];

export function machineNamed(name: string): MachineSpec | undefined {
  return machines.find((machine) => machine.name === name);
}
