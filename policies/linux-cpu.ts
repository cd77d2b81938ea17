import type { CpuPolicy } from '../sim/policy-api.ts';
import { fair } from './cpu/fair.ts';
import { idleBalance } from './cpu/idle-balance.ts';

/** The scheduler of a Linux host under masks and memory policies that users set by hand. */
export const linuxCpu = (): CpuPolicy => fair(idleBalance());

export const LINUX_CPU = 'Linux 6.1 kernel/sched/fair.c (CFS)';
