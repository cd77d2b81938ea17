import type { Kernel } from '../../sim/policy-api.ts';
import type { GuestId, VcpuId } from '../../sim/units.ts';

/** Priorities of a vCPU. IDLE is that of a CPU without one. */
export const IDLE = 0;
export const OVER = 1;
export const UNDER = 2;
export const BOOST = 3;

const CREDIT_NS = 100_000; // 10 credits per ms
/** What a CPU can run in an accounting period of 30 ms; no vCPU saves or owes more. */
const CREDITS_PER_PERIOD = 300;

/** Credits and priorities of all vCPUs. */
export interface CreditAccounts {
  readonly priority: Int8Array; //   [vcpu]
  readonly credits: Float64Array; // [vcpu]
  readonly isActive: Uint8Array; //  [vcpu] takes part in accounting
  /** Takes credits for the CPU time since the last time. */
  burn(k: Kernel, vcpu: VcpuId): void;
  activate(k: Kernel, vcpu: VcpuId): void;
  /** Shares the credits of a period out among the guests by weight, and sets priorities anew. */
  account(k: Kernel): void;
}

/**
 * After: Xen 4.0, common/sched_credit.c: burn_credits, __csched_vcpu_acct_start and csched_acct. A vCPU becomes active when a tick
 * finds it running, and inactive when it has saved more than a period's credits. Not modelled: caps, which the kernel view does not have.
 */
export function creditAccounts(k: Kernel): CreditAccounts {
  const priority = new Int8Array(k.vcpuCount).fill(UNDER);
  const credits = new Float64Array(k.vcpuCount);
  const isActive = new Uint8Array(k.vcpuCount);
  const chargedNs = new Float64Array(k.vcpuCount);
  const activeVcpus = new Int32Array(k.vcpuCount); //  the active ones of each guest, from its first vCPU's place on
  const activeCount = new Int32Array(k.guestCount);
  const order = Int32Array.from({ length: k.guestCount }, (_, guest) => guest); // guests in the order they are served
  let balance = 0; // sum of the active vCPUs' credits at the last accounting

  function activate(kernel: Kernel, vcpu: VcpuId): void {
    if (isActive[vcpu]) return;
    const guest = kernel.guestOf(vcpu);
    isActive[vcpu] = 1;
    activeVcpus[kernel.guestFirstVcpu(guest) + activeCount[guest]!++] = vcpu;
  }

  function burn(kernel: Kernel, vcpu: VcpuId): void {
    const spent = Math.round((kernel.runtimeNs(vcpu) - chargedNs[vcpu]!) / CREDIT_NS);
    credits[vcpu]! -= spent;
    chargedNs[vcpu]! += spent * CREDIT_NS;
  }

  function account(kernel: Kernel): void {
    let weightTotal = 0;
    for (let guest = 0; guest < order.length; guest++) if (activeCount[guest]! > 0) weightTotal += weightOf(kernel, guest as GuestId);
    const debt = Math.max(0, -balance);
    let toShare = CREDITS_PER_PERIOD * kernel.cpuCount + debt;
    let weightLeft = weightTotal;
    let someGetLess = false; // than they could use
    balance = 0;
    for (let i = 0; i < order.length; i++) {
      const guest = order[i]! as GuestId;
      const active = activeCount[guest]!;
      if (active === 0) continue;
      const weight = weightOf(kernel, guest);
      weightLeft -= weight;
      const peak = active * CREDITS_PER_PERIOD + Math.ceil((debt * weight) / weightTotal);
      let fair = Math.ceil((toShare * weight) / weightTotal);
      if (fair < peak) {
        someGetLess = true;
      } else {
        if (weightLeft > 0) toShare += Math.ceil(((fair - peak) * weightTotal) / weightLeft);
        if (someGetLess) toHead(order, i); // next time its surplus comes in time for all
        fair = peak;
      }
      payOut(kernel, guest, Math.ceil(fair / active));
    }
  }

  function payOut(kernel: Kernel, guest: GuestId, share: number): void {
    const first = kernel.guestFirstVcpu(guest);
    for (let i = activeCount[guest]! - 1; i >= 0; i--) {
      const vcpu = activeVcpus[first + i]!;
      let credit = Math.max(-CREDITS_PER_PERIOD, credits[vcpu]! + share);
      priority[vcpu] = credit < 0 ? OVER : UNDER;
      if (credit > CREDITS_PER_PERIOD) {
        credit = 0;
        isActive[vcpu] = 0;
        activeVcpus[first + i] = activeVcpus[first + --activeCount[guest]!]!;
      }
      credits[vcpu] = credit;
      balance += credit;
    }
  }

  return { priority, credits, isActive, burn, activate, account };
}

function weightOf(k: Kernel, guest: GuestId): number {
  return k.weight(k.guestFirstVcpu(guest));
}

function toHead(order: Int32Array, i: number): void {
  const guest = order[i]!;
  order.copyWithin(1, 0, i);
  order[0] = guest;
}
