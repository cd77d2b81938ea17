import { type CpuPolicy, DSQ_LOCAL, SLICE_DEFAULT_NS } from '../../sim/policy-api.ts';
import type { CpuId } from '../../sim/units.ts';

/** A CPU drawn anew at every wake among those allowed, first come first served on it, and no balancing: a floor. */
export function random(): CpuPolicy {
  return {
    name: 'random',
    selectCpu(k, vcpu) {
      let cpu = Math.floor(k.random() * k.cpuCount) as CpuId;
      while (!k.allows(vcpu, cpu)) cpu = Math.floor(k.random() * k.cpuCount) as CpuId;
      return cpu;
    },
    enqueue(k, vcpu) {
      k.dsqInsert(vcpu, DSQ_LOCAL, SLICE_DEFAULT_NS, 0);
    },
  };
}
