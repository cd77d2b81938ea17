import type { Kernel } from '../../../sim/policy-api.ts';
import { type GuestId, ms, us, type VcpuId } from '../../../sim/units.ts';

export const CAP_PERIOD_NS: number = ms(10);
const LEAST_QUOTA_NS = us(500);

/**
 * Caps by budget: a guest's pool gets its cap's worth of CPU time every period, and its vCPUs take their part of the pool when they
 * begin to run and give back what they did not need. What they ran too long is owed.
 */
export interface Caps {
  /** Whether any guest has a cap. */
  readonly any: boolean;
  /** Guests with a cap whose vCPUs may be able to go on since something was given back. */
  readonly isPending: Uint8Array; // [guest]
  has(vcpu: number): boolean;
  isSpent(vcpu: number): boolean;
  budgetNs(vcpu: number): number;
  burn(vcpu: number, ranNs: number): void;
  /** Whether a vCPU has budget, or gets some (unit_grab_budget). */
  grab(k: Kernel, vcpu: VcpuId): boolean;
  /** What a vCPU that stops has left goes back to the pool (unit_return_budget). */
  giveBack(k: Kernel, vcpu: VcpuId): void;
  /** A period begins. Whether the guest has budget now (replenish_domain_budget). */
  replenish(k: Kernel, guest: GuestId): boolean;
}

/** After: Xen, common/sched/credit2.c. All guests' periods begin together here, where Xen's begin when the cap was set. */
export function caps(k: Kernel): Caps {
  const budget = new Float64Array(k.vcpuCount).fill(Infinity); // [vcpu]
  const quota = new Float64Array(k.vcpuCount); //                 [vcpu]
  const pool = new Float64Array(k.guestCount); //                 [guest]
  const total = new Float64Array(k.guestCount); //                [guest] of a period; 0 without a cap
  const isPending = new Uint8Array(k.guestCount);
  for (let guest = 0 as GuestId; guest < k.guestCount; guest++) {
    if (k.cap(guest) === 0) continue;
    total[guest] = (CAP_PERIOD_NS * k.cap(guest)) / 100;
    pool[guest] = total[guest]!;
    const first = k.guestFirstVcpu(guest);
    const vcpus = k.guestVcpuCount(guest);
    for (let vcpu = first; vcpu < first + vcpus; vcpu++) {
      budget[vcpu] = 0;
      quota[vcpu] = Math.max(LEAST_QUOTA_NS, Math.floor(total[guest]! / vcpus));
    }
  }
  return {
    any: total.some((ns) => ns > 0),
    isPending,
    has: (vcpu) => budget[vcpu]! < Infinity,
    isSpent: (vcpu) => budget[vcpu]! <= 0,
    budgetNs: (vcpu) => budget[vcpu]!,
    burn(vcpu, ranNs) {
      budget[vcpu]! -= ranNs;
    },
    grab(kernel, vcpu) {
      if (budget[vcpu]! > 0) return true;
      const guest = kernel.guestOf(vcpu);
      pool[guest]! += budget[vcpu]!;
      budget[vcpu] = Math.max(0, Math.min(pool[guest]!, quota[vcpu]!));
      pool[guest]! -= budget[vcpu]!;
      return budget[vcpu]! > 0;
    },
    giveBack(kernel, vcpu) {
      if (budget[vcpu] === Infinity || budget[vcpu]! <= 0) return;
      const guest = kernel.guestOf(vcpu);
      pool[guest]! += budget[vcpu]!;
      budget[vcpu] = 0;
      if (pool[guest]! > 0) isPending[guest] = 1;
    },
    replenish(_kernel, guest) {
      if (total[guest] === 0) return false;
      pool[guest] = Math.min(total[guest]!, pool[guest]! + total[guest]!);
      return pool[guest]! > 0;
    },
  };
}
