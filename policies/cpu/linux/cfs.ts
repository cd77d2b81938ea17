import type { CpuPolicy, Kernel } from '../../../sim/policy-api.ts';
import { type CpuId, ms, NONE, us, type VcpuId } from '../../../sim/units.ts';
import { type Balance, queueOf } from './balance.ts';
import { fairClass, type FairOrder } from './fair-class.ts';
import { type Hz, kernelWeight, tunableFactor, virtualNs } from './weights.ts';

/** sysctl_sched_latency, sysctl_sched_min_granularity, sysctl_sched_wakeup_granularity on one CPU. */
const LATENCY_NS = ms(6);
const MIN_GRANULARITY_NS = us(750);
const WAKEUP_GRANULARITY_NS = ms(1);
/** sched_nr_latency: beyond so many the period grows with their number. */
const NR_LATENCY = 8;

export interface CfsOptions {
  readonly hz?: Hz;
}

/**
 * CFS: a CPU runs the vCPU that had least of it, in time divided by weight (vruntime). Turns share a period by weight; a sleeper comes
 * back at most half a period behind the others (GENTLE_FAIR_SLEEPERS), a new one a turn ahead (START_DEBIT).
 * After: Linux 6.1 kernel/sched/fair.c: sched_slice, place_entity, check_preempt_tick, wakeup_preempt_entity, update_min_vruntime,
 * yield_task_fair. Not modelled: buddies (a wakee that preempts is the next only if it also has the least vruntime).
 */
export function cfs(balance: Balance, options: CfsOptions = {}): CpuPolicy {
  const hz = options.hz ?? 250;
  return fairClass(cfsOrder(), balance, hz);
}

export function cfsOrder(): FairOrder {
  let factor = 1;
  let vruntime = new Float64Array(0); //    [vcpu] whole ns; while on no clock: what it is ahead of minVruntime
  let weight = new Float64Array(0); //      [vcpu]
  let chargedNs = new Float64Array(0); //   [vcpu] CPU time that is in vruntime
  let sleptOn = new Int32Array(0); //       [vcpu] CPU whose clock its vruntime is of, while it sleeps, or NONE
  let turnNs = new Float64Array(0); //      [vcpu] CPU time it had when its turn began: prev_sum_exec_runtime
  let skipped = new Uint8Array(0); //       [vcpu] 1 if it yielded: cfs_rq->skip
  let minVruntime = new Float64Array(0); // [cpu] never goes back
  let weightSum = new Float64Array(0); //   [cpu]
  let counts = new Int32Array(0); //        [cpu]

  /** sched_slice: its part of the period, never less than the least. */
  function sliceOf(vcpu: VcpuId, others: number, othersWeight: number): number {
    const count = others + 1;
    const periodNs = count > NR_LATENCY ? count * MIN_GRANULARITY_NS * factor : LATENCY_NS * factor;
    const own = weight[vcpu]!;
    return Math.max(Math.floor((periodNs * own) / (othersWeight + own)), MIN_GRANULARITY_NS * factor);
  }

  function advanceMin(k: Kernel, cpu: CpuId, running: VcpuId): void {
    const first = k.dsqFirst(queueOf(cpu));
    const least = Math.min(running === NONE ? Infinity : vruntime[running]!, first === NONE ? Infinity : vruntime[first]!);
    if (least < Infinity) minVruntime[cpu] = Math.max(minVruntime[cpu]!, least);
  }

  return {
    name: 'cfs',
    init(k) {
      factor = tunableFactor(k.cpuCount);
      vruntime = new Float64Array(k.vcpuCount);
      weight = new Float64Array(k.vcpuCount);
      chargedNs = new Float64Array(k.vcpuCount);
      sleptOn = new Int32Array(k.vcpuCount).fill(NONE);
      turnNs = new Float64Array(k.vcpuCount);
      skipped = new Uint8Array(k.vcpuCount);
      minVruntime = new Float64Array(k.cpuCount);
      weightSum = new Float64Array(k.cpuCount);
      counts = new Int32Array(k.cpuCount);
    },
    join(k, vcpu, cpu, isNew, isWake) {
      if (isNew) weight[vcpu] = kernelWeight(k.weight(vcpu));
      chargedNs[vcpu] = k.runtimeNs(vcpu);
      const min = minVruntime[cpu]!;
      if (isNew) {
        const slice = sliceOf(vcpu, counts[cpu]!, weightSum[cpu]!);
        vruntime[vcpu] = min + virtualNs(slice, weight[vcpu]!);
      } else {
        const from = sleptOn[vcpu]!;
        if (from === NONE)
          vruntime[vcpu]! += min; // it left for a change, relative
        else if (from !== cpu) vruntime[vcpu]! += min - minVruntime[from]!; // migrate_task_rq_fair
        if (isWake) vruntime[vcpu] = Math.max(vruntime[vcpu]!, min - (LATENCY_NS * factor) / 2);
      }
      sleptOn[vcpu] = NONE;
      weightSum[cpu]! += weight[vcpu]!;
      counts[cpu]!++;
    },
    leave(k, vcpu, cpu, isSleep) {
      weightSum[cpu]! -= weight[vcpu]!;
      counts[cpu]!--;
      sleptOn[vcpu] = isSleep ? cpu : NONE;
      if (isSleep) advanceMin(k, cpu, k.cpuCurr(cpu) === vcpu ? NONE : k.cpuCurr(cpu));
      else vruntime[vcpu]! -= minVruntime[cpu]!;
      return true;
    },
    key: (vcpu) => vruntime[vcpu]!,
    charge(k, vcpu, cpu) {
      const runtimeNs = k.runtimeNs(vcpu);
      if (runtimeNs === chargedNs[vcpu]) return false; // also when it makes way for one that is out of the queue already
      vruntime[vcpu]! += virtualNs(runtimeNs - chargedNs[vcpu]!, weight[vcpu]!);
      chargedNs[vcpu] = runtimeNs;
      advanceMin(k, cpu, vcpu);
      return false;
    },
    /** check_preempt_tick. */
    isTickOver(k, vcpu, cpu) {
      if (counts[cpu] === 1) return false;
      const ranNs = k.runtimeNs(vcpu) - turnNs[vcpu]!;
      const own = weight[vcpu]!;
      const idealNs = Math.min(sliceOf(vcpu, counts[cpu]! - 1, weightSum[cpu]! - own), LATENCY_NS * factor);
      if (ranNs > idealNs) return true;
      if (ranNs < MIN_GRANULARITY_NS * factor) return false;
      const first = k.dsqFirst(queueOf(cpu));
      return first !== NONE && vruntime[vcpu]! - vruntime[first]! > idealNs;
    },
    start(k, vcpu) {
      turnNs[vcpu] = k.runtimeNs(vcpu);
      skipped[vcpu] = 0;
    },
    pick(k, cpu, current) {
      const first = k.dsqFirst(queueOf(cpu));
      if (first === NONE || current === NONE) return first === NONE ? current : first;
      const lead = vruntime[current]! - vruntime[first]!;
      if (lead >= 0) return first;
      // one that yielded stands back, unless the next is too far ahead of it
      const standsBack = skipped[current] === 1 && -lead <= virtualNs(WAKEUP_GRANULARITY_NS * factor, weight[current]!);
      skipped[current] = 0;
      return standsBack ? first : current;
    },
    preempts(_, vcpu, current) {
      const lead = vruntime[current]! - vruntime[vcpu]!;
      return lead > virtualNs(WAKEUP_GRANULARITY_NS * factor, weight[vcpu]!);
    },
    yield(_, vcpu) {
      skipped[vcpu] = 1;
    },
    setWeight(vcpu, value) {
      weight[vcpu] = kernelWeight(value);
    },
    forget(vcpu) {
      sleptOn[vcpu] = NONE;
      vruntime[vcpu] = 0;
    },
    nrRunning: (cpu) => counts[cpu]!,
    weightSum: (cpu) => weightSum[cpu]!,
  };
}
