import type { CpuPolicy, Kernel } from '../../../sim/policy-api.ts';
import { type CpuId, NONE, us, type VcpuId } from '../../../sim/units.ts';
import { type Balance, queueOf } from './balance.ts';
import { fairClass, type FairOrder } from './fair-class.ts';
import { VirtualClocks } from './virtual-clocks.ts';
import { type Hz, kernelWeight, tunableFactor, virtualNs } from './weights.ts';

/** sysctl_sched_base_slice on one CPU. */
const BASE_SLICE_NS = us(700);
/** What a thread may ask for: __setparam_fair. */
const LEAST_SLICE_NS = us(100);
const MOST_SLICE_NS = us(100_000);

export interface EevdfOptions {
  readonly hz?: Hz;
  /** Length of a request; left out: the kernel's, by number of CPUs. */
  readonly sliceNs?: number;
}

/**
 * EEVDF: of the vCPUs that have had no more than their share, the one whose request is due first. What a vCPU is owed or owes (lag) is
 * kept while it sleeps. A sleeper that owes stays on the clock until it no longer does (DELAY_DEQUEUE). One that runs is not preempted
 * before its request is done, as long as it is eligible (RUN_TO_PARITY).
 * After: Linux 6.12 kernel/sched/fair.c: place_entity, pick_eevdf, update_curr, update_entity_lag, dequeue_entity;
 * I. Stoica, H. Abdel-Wahab, "Earliest Eligible Virtual Deadline First", 1995. A thread may ask for requests of another length
 * (sched_setattr: custom slices of 6.12, 0.1 to 100 ms); one of shorter requests that wakes breaks the protection of one with longer
 * (PREEMPT_SHORT). Where all are of one length, slice protection as of 6.17 (the shortest waiting slice) is the same as that of 6.12.
 */
export function eevdf(balance: Balance, options: EevdfOptions = {}): CpuPolicy {
  const hz = options.hz ?? 250;
  return fairClass(eevdfOrder(hz, options.sliceNs), balance, hz);
}

export function eevdfOrder(hz: number, fixedSliceNs?: number): FairOrder {
  const tickNs = Math.round(1e9 / hz);
  let sliceNs = 0;
  let clocks = new VirtualClocks(0, 0);
  let deadline = new Float64Array(0); //  [vcpu] virtual time by which its request should be done
  let parity = new Float64Array(0); //    [vcpu] deadline of the request it was chosen for: while the same, it is protected
  let lag = new Float64Array(0); //       [vcpu] V - v when it left its clock
  let ahead = new Float64Array(0); //     [vcpu] deadline - v when it left for a change, or NaN
  let chargedNs = new Float64Array(0); // [vcpu] CPU time that is in its virtual time
  let ownSliceNs = new Float64Array(0); // [vcpu] length of its requests
  // Sleepers that owe, by CPU: a list in the order they fell asleep
  let sleepsOn = new Int32Array(0); //     [vcpu] or NONE
  let nextSleeper = new Int32Array(0); //  [vcpu]
  let firstSleeper = new Int32Array(0); // [cpu]
  let sleepers = new Int32Array(0); //     [cpu] how many

  const requestNs = (vcpu: VcpuId): number => virtualNs(ownSliceNs[vcpu]!, clocks.weight[vcpu]!);

  function lagOf(cpu: CpuId, vcpu: VcpuId): number {
    const limit = virtualNs(Math.max(2 * ownSliceNs[vcpu]!, tickNs), clocks.weight[vcpu]!);
    return Math.max(-limit, Math.min(limit, clocks.now(cpu) - clocks.vruntime[vcpu]!));
  }

  /** place_entity: so that its lag is what it was, with its own weight in V. */
  function place(cpu: CpuId, vcpu: VcpuId, isNew: boolean): void {
    const weight = clocks.weight[vcpu]!;
    const others = clocks.weightSum[cpu]!;
    const kept = others === 0 ? 0 : Math.trunc((lag[vcpu]! * (others + weight)) / others);
    const v = clocks.now(cpu) - kept;
    clocks.vruntime[vcpu] = v;
    if (Number.isNaN(ahead[vcpu]!)) deadline[vcpu] = v + (isNew ? Math.floor(requestNs(vcpu) / 2) : requestNs(vcpu));
    else deadline[vcpu] = v + ahead[vcpu]!;
    ahead[vcpu] = NaN;
    clocks.add(cpu, vcpu);
  }

  /** The lag it is owed is forfeited: DELAY_ZERO. */
  function wakeOnClock(vcpu: VcpuId): void {
    const cpu = sleepsOn[vcpu]! as CpuId;
    unlink(vcpu);
    lag[vcpu] = lagOf(cpu, vcpu);
    if (lag[vcpu]! <= 0) return;
    lag[vcpu] = 0;
    clocks.remove(cpu, vcpu);
    place(cpu, vcpu, false);
  }

  function endSleepOnClock(vcpu: VcpuId): void {
    const cpu = sleepsOn[vcpu]! as CpuId;
    unlink(vcpu);
    lag[vcpu] = Math.min(0, lagOf(cpu, vcpu));
    clocks.remove(cpu, vcpu);
  }

  function link(cpu: CpuId, vcpu: VcpuId): void {
    sleepsOn[vcpu] = cpu;
    nextSleeper[vcpu] = NONE;
    sleepers[cpu]!++;
    let last = firstSleeper[cpu]!;
    if (last === NONE) firstSleeper[cpu] = vcpu;
    else {
      while (nextSleeper[last] !== NONE) last = nextSleeper[last]!;
      nextSleeper[last] = vcpu;
    }
  }

  function unlink(vcpu: VcpuId): void {
    const cpu = sleepsOn[vcpu]!;
    sleepsOn[vcpu] = NONE;
    sleepers[cpu]!--;
    let before = firstSleeper[cpu]!;
    if (before === vcpu) {
      firstSleeper[cpu] = nextSleeper[vcpu]!;
      return;
    }
    while (nextSleeper[before] !== vcpu) before = nextSleeper[before]!;
    nextSleeper[before] = nextSleeper[vcpu]!;
  }

  /** do_preempt_short: a shorter request than that which runs need not wait for its end. */
  function isShortPreemption(cpu: CpuId, vcpu: VcpuId, current: VcpuId): boolean {
    if (ownSliceNs[vcpu]! >= ownSliceNs[current]! || !clocks.isEligible(cpu, vcpu)) return false;
    return deadline[vcpu]! < deadline[current]! || !clocks.isEligible(cpu, current);
  }

  /** pick_eevdf: waiting ones before `current` at equal deadlines, those that wait in order of their deadlines. */
  function pickEevdf(k: Kernel, cpu: CpuId, current: VcpuId): VcpuId {
    const isEligible = current !== NONE && clocks.isEligible(cpu, current);
    if (isEligible && parity[current] === deadline[current]) return current;
    let best: VcpuId = k.dsqFirst(queueOf(cpu));
    const first = best;
    while (best !== NONE && !clocks.isEligible(cpu, best)) best = k.dsqNext(best);
    for (let vcpu = firstSleeper[cpu]! as VcpuId; vcpu !== NONE; vcpu = nextSleeper[vcpu]! as VcpuId) {
      if (clocks.isEligible(cpu, vcpu) && (best === NONE || deadline[vcpu]! < deadline[best]!)) best = vcpu;
    }
    if (best === NONE || (isEligible && deadline[current]! < deadline[best]!)) best = isEligible ? current : best;
    if (best !== NONE) return best;
    return first === NONE ? current : first; // none: one that is eligible is on its way to the CPU
  }

  return {
    name: 'eevdf',
    init(k) {
      sliceNs = fixedSliceNs ?? BASE_SLICE_NS * tunableFactor(k.cpuCount);
      clocks = new VirtualClocks(k.vcpuCount, k.cpuCount);
      deadline = new Float64Array(k.vcpuCount);
      parity = new Float64Array(k.vcpuCount).fill(NaN);
      lag = new Float64Array(k.vcpuCount);
      ahead = new Float64Array(k.vcpuCount).fill(NaN);
      chargedNs = new Float64Array(k.vcpuCount);
      ownSliceNs = new Float64Array(k.vcpuCount);
      sleepsOn = new Int32Array(k.vcpuCount).fill(NONE);
      nextSleeper = new Int32Array(k.vcpuCount).fill(NONE);
      firstSleeper = new Int32Array(k.cpuCount).fill(NONE);
      sleepers = new Int32Array(k.cpuCount);
    },
    join(k, vcpu, cpu, isNew) {
      if (isNew) {
        clocks.weight[vcpu] = kernelWeight(k.weight(vcpu));
        lag[vcpu] = 0;
      }
      chargedNs[vcpu] = k.runtimeNs(vcpu);
      const asked = k.sliceHint(vcpu);
      ownSliceNs[vcpu] = asked === 0 ? sliceNs : Math.min(MOST_SLICE_NS, Math.max(LEAST_SLICE_NS, asked));
      if (sleepsOn[vcpu] === cpu) wakeOnClock(vcpu);
      else {
        if (sleepsOn[vcpu] !== NONE) endSleepOnClock(vcpu);
        place(cpu, vcpu, isNew);
      }
    },
    leave(_, vcpu, cpu, isSleep) {
      if (isSleep && !clocks.isEligible(cpu, vcpu)) {
        link(cpu, vcpu);
        return false;
      }
      lag[vcpu] = lagOf(cpu, vcpu);
      if (!isSleep) ahead[vcpu] = deadline[vcpu]! - clocks.vruntime[vcpu]!;
      clocks.remove(cpu, vcpu);
      return true;
    },
    key: (vcpu) => deadline[vcpu]!,
    charge(k, vcpu, cpu) {
      const runtimeNs = k.runtimeNs(vcpu);
      const ranNs = runtimeNs - chargedNs[vcpu]!;
      if (ranNs === 0) return false;
      chargedNs[vcpu] = runtimeNs;
      clocks.advance(cpu, vcpu, virtualNs(ranNs, clocks.weight[vcpu]!));
      const isDone = clocks.vruntime[vcpu]! >= deadline[vcpu]!;
      if (isDone) deadline[vcpu] = clocks.vruntime[vcpu]! + requestNs(vcpu);
      if (clocks.counts[cpu] === 1) return false;
      return isDone || (parity[vcpu] !== deadline[vcpu] && !clocks.isEligible(cpu, vcpu)); // did_preempt_short
    },
    start(_, vcpu) {
      parity[vcpu] = deadline[vcpu]!;
    },
    pick(k, cpu, current) {
      for (;;) {
        if (clocks.counts[cpu] === 0) return NONE;
        const best = pickEevdf(k, cpu, current);
        if (best === NONE || sleepsOn[best] === NONE) return best;
        endSleepOnClock(best);
      }
    },
    preempts(k, vcpu, current, cpu) {
      if (parity[current] === deadline[current] && isShortPreemption(cpu, vcpu, current)) parity[current] = NaN;
      return pickEevdf(k, cpu, current) === vcpu;
    },
    yield(_, vcpu) {
      deadline[vcpu]! += requestNs(vcpu);
    },
    setWeight(vcpu, weight) {
      const before = clocks.weight[vcpu]!;
      const after = kernelWeight(weight);
      if (sleepsOn[vcpu] !== NONE) endSleepOnClock(vcpu);
      clocks.weight[vcpu] = after;
      if (before === 0) return;
      lag[vcpu] = Math.trunc((lag[vcpu]! * before) / after);
      ahead[vcpu] = Math.trunc((ahead[vcpu]! * before) / after);
    },
    sleepsOn: (vcpu) => sleepsOn[vcpu]! as CpuId,
    forget(vcpu) {
      if (sleepsOn[vcpu] !== NONE) endSleepOnClock(vcpu);
      lag[vcpu] = 0;
      ahead[vcpu] = NaN;
    },
    forgetSleepers(cpu) {
      while (firstSleeper[cpu] !== NONE) endSleepOnClock(firstSleeper[cpu]! as VcpuId);
    },
    nrRunning: (cpu) => clocks.counts[cpu]! - sleepers[cpu]!,
    weightSum: (cpu) => clocks.weightSum[cpu]!,
  };
}
