import type { Kernel } from '../../../sim/policy-api.ts';
import { type GuestId, ms, type VcpuId } from '../../../sim/units.ts';

/** Priorities of a vCPU. IDLE is that of a CPU without one. */
export const IDLE = 0;
export const OVER = 1;
export const UNDER = 2;
export const BOOST = 3;

const CREDIT_NS = 100_000; // 10 credits per ms

/** In what the accounting of one Xen differs from another's. */
export interface AccountRules {
  /** Accounting period and time slice; its credits are what a CPU can run in it, and no vCPU saves or owes more. */
  readonly periodNs: number;
  /** Whether a weight is the guest's as a whole (4.0) or counts for each of its active vCPUs (today). */
  readonly weighs: 'guest' | 'vcpu';
  /** What is left to a vCPU that saved too much and leaves the accounting: nothing (4.0) or half. */
  readonly keeps: 'nothing' | 'half';
}

export const RULES_OF_4_0: AccountRules = { periodNs: ms(30), weighs: 'guest', keeps: 'nothing' };

/** Credits and priorities of all vCPUs. */
export interface CreditAccounts {
  readonly priority: Int8Array; //   [vcpu]
  readonly credits: Float64Array; // [vcpu]
  readonly isActive: Uint8Array; //  [vcpu] takes part in accounting
  readonly isParked: Uint8Array; //  [vcpu] its guest has had its cap
  /** Takes credits for the CPU time since the last time. */
  burn(k: Kernel, vcpu: VcpuId): void;
  activate(k: Kernel, vcpu: VcpuId): void;
  /** It leaves the host. */
  forget(k: Kernel, vcpu: VcpuId): void;
  /** Shares the credits of a period out among the guests by weight, and sets priorities anew. */
  account(k: Kernel): void;
}

/** Told when a vCPU is to stop for want of credits under its cap, and when it may go on. */
export type Parking = (k: Kernel, vcpu: VcpuId, isParked: boolean) => void;

/**
 * After: Xen 4.0, common/sched_credit.c, and today's common/sched/credit.c: burn_credits, __csched_vcpu_acct_start and csched_acct. A
 * vCPU becomes active when a tick finds it running, and inactive when it has saved more than a period's credits. The order in which
 * guests are served is by id at first, where Xen has that in which they became active.
 */
export function creditAccounts(k: Kernel, rules: AccountRules = RULES_OF_4_0, parking: Parking = () => undefined): CreditAccounts {
  const periodCredits = rules.periodNs / CREDIT_NS;
  const priority = new Int8Array(k.vcpuCount).fill(UNDER);
  const credits = new Float64Array(k.vcpuCount);
  const isActive = new Uint8Array(k.vcpuCount);
  const isParked = new Uint8Array(k.vcpuCount);
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

  function forget(kernel: Kernel, vcpu: VcpuId): void {
    const guest = kernel.guestOf(vcpu);
    const first = kernel.guestFirstVcpu(guest);
    for (let i = 0; i < activeCount[guest]!; i++) if (activeVcpus[first + i] === vcpu) deactivate(guest, first, i);
    isParked[vcpu] = 0;
  }

  function deactivate(guest: GuestId, first: number, i: number): void {
    isActive[activeVcpus[first + i]!] = 0;
    activeVcpus[first + i] = activeVcpus[first + --activeCount[guest]!]!;
  }

  function burn(kernel: Kernel, vcpu: VcpuId): void {
    const spent = Math.round((kernel.runtimeNs(vcpu) - chargedNs[vcpu]!) / CREDIT_NS);
    credits[vcpu]! -= spent;
    chargedNs[vcpu]! += spent * CREDIT_NS;
  }

  function account(kernel: Kernel): void {
    let weightTotal = 0;
    for (let guest = 0; guest < order.length; guest++) weightTotal += activeWeight(kernel, guest as GuestId);
    const debt = Math.max(0, -balance);
    let toShare = periodCredits * onlineCpus(kernel) + debt;
    let weightLeft = weightTotal;
    let someGetLess = false; // than they could use
    balance = 0;
    for (let i = 0; i < order.length; i++) {
      const guest = order[i]! as GuestId;
      const active = activeCount[guest]!;
      if (active === 0) continue;
      const weight = activeWeight(kernel, guest);
      weightLeft -= weight;
      let peak = active * periodCredits + Math.ceil((debt * weight) / weightTotal);
      const cap = Math.ceil((kernel.cap(guest) * periodCredits) / 100);
      if (cap > 0) peak = Math.min(peak, cap);
      let fair = Math.ceil((toShare * weight) / weightTotal);
      if (fair < peak) {
        someGetLess = true;
      } else {
        if (weightLeft > 0) toShare += Math.ceil(((fair - peak) * weightTotal) / weightLeft);
        if (someGetLess) toHead(order, i); // next time its surplus comes in time for all
        fair = peak;
      }
      payOut(kernel, guest, Math.ceil(fair / active), cap > 0 ? Math.ceil(cap / active) : Infinity);
    }
  }

  function activeWeight(kernel: Kernel, guest: GuestId): number {
    const active = activeCount[guest]!;
    if (active === 0) return 0;
    return kernel.weight(kernel.guestFirstVcpu(guest)) * (rules.weighs === 'vcpu' ? active : 1);
  }

  /** @param capShare what a vCPU may owe before it is parked */
  function payOut(kernel: Kernel, guest: GuestId, share: number, capShare: number): void {
    const first = kernel.guestFirstVcpu(guest);
    for (let i = activeCount[guest]! - 1; i >= 0; i--) {
      const vcpu = activeVcpus[first + i]! as VcpuId;
      const earned = credits[vcpu]! + share;
      let credit = Math.max(-periodCredits, earned);
      priority[vcpu] = credit < 0 ? OVER : UNDER;
      if (earned < -capShare) park(kernel, vcpu, 1);
      else if (credit >= 0) park(kernel, vcpu, 0);
      if (credit > periodCredits) {
        credit = rules.keeps === 'half' ? Math.floor(credit / 2) : 0;
        deactivate(guest, first, i);
      }
      credits[vcpu] = credit;
      balance += credit;
    }
  }

  function park(kernel: Kernel, vcpu: VcpuId, parked: number): void {
    if (isParked[vcpu] === parked) return;
    isParked[vcpu] = parked;
    parking(kernel, vcpu, parked === 1);
  }

  return { priority, credits, isActive, isParked, burn, activate, forget, account };
}

function onlineCpus(k: Kernel): number {
  let count = 0;
  for (let cpu = 0; cpu < k.cpuCount; cpu++) if (k.isOnline(cpu as never)) count++;
  return count;
}

function toHead(order: Int32Array, i: number): void {
  const guest = order[i]!;
  order.copyWithin(1, 0, i);
  order[0] = guest;
}
