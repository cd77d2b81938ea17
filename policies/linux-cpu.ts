import type { CpuPolicy, PolicyClaims } from '../sim/policy-api.ts';
import { cfs } from './cpu/linux/cfs.ts';
import { balanced } from './cpu/linux/linux-balance.ts';

/** The scheduler of a Linux host under masks and memory policies that users set by hand. */
export const linuxCpu = (): CpuPolicy => balanced(cfs);

export const LINUX_CPU = 'Linux 6.1 kernel/sched/fair.c (CFS)';

/** Of the vCPUs of one CPU; between CPUs load is balanced, which is coarser. */
export const FAIR: PolicyClaims = { weights: true };
