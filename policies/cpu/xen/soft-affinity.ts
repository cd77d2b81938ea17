import type { Kernel } from '../../../sim/policy-api.ts';
import type { CpuId, VcpuId } from '../../../sim/units.ts';

/** The first step of a search is for CPUs of the soft affinity, the second for all it may use (for_each_affinity_balance_step). */
export interface SoftAffinity {
  /** Whether the soft mask of a vCPU makes a difference: it has CPUs that it may use, and not all of these. */
  matters(k: Kernel, vcpu: VcpuId): boolean;
  /** Whether the vCPU may run on the CPU, and, in the soft step, would rather. */
  suits(k: Kernel, vcpu: VcpuId, cpu: CpuId, isSoft: boolean): boolean;
  /** Its masks have changed. */
  forget(vcpu: VcpuId): void;
  /** CPUs have come or gone. */
  forgetAll(): void;
}

const UNKNOWN = 0;
const USELESS = 1;
const USEFUL = 2;

/** After: Xen, common/sched/private.h, has_soft_affinity and affinity_balance_cpumask. What is found is kept until it changes. */
export function softAffinity(k: Kernel): SoftAffinity {
  const found = new Uint8Array(k.vcpuCount); // [vcpu]
  return {
    matters(kernel, vcpu) {
      if (!kernel.hasSoft(vcpu)) return false;
      if (found[vcpu] === UNKNOWN) found[vcpu] = isUseful(kernel, vcpu) ? USEFUL : USELESS;
      return found[vcpu] === USEFUL;
    },
    suits: (kernel, vcpu, cpu, isSoft) => kernel.allows(vcpu, cpu) && (!isSoft || kernel.prefers(vcpu, cpu)),
    forget(vcpu) {
      found[vcpu] = UNKNOWN;
    },
    forgetAll() {
      found.fill(UNKNOWN);
    },
  };
}

function isUseful(k: Kernel, vcpu: VcpuId): boolean {
  let preferred = 0;
  for (let cpu = 0 as CpuId; cpu < k.cpuCount; cpu++) if (k.allows(vcpu, cpu) && k.prefers(vcpu, cpu)) preferred++;
  return preferred > 0 && preferred < k.nrAllowed(vcpu);
}
