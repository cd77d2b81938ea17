import type { Balance } from '../../../../policies/cpu/linux/balance.ts';
import type { CpuId } from '../../../../sim/units.ts';

/** No choice of a CPU: all run on CPU 0. */
export const oneCpu: Balance = { name: 'one-cpu', choose: () => 0 as CpuId, newidle: () => false };
