import { DEFAULT_WEIGHT, type Kernel } from '../../../sim/policy-api.ts';
import { type CpuId, ms, NONE, us, type VcpuId } from '../../../sim/units.ts';
import type { Locality } from './locality.ts';

/** Averages forget half of what was in this time (PELT, LOAD_AVG_PERIOD). */
const HALF_LIFE_NS = ms(32);
const DECAY_PER_NS = Math.LN2 / HALF_LIFE_NS;

/** One CPU busy all the time, and the load of one vCPU of nice 0 that always wants to run. */
export const FULL = 1024;

/** A CPU that was idle for less than this on average is not worth a search (twice sysctl_sched_migration_cost, where it starts). */
const MOST_AVERAGE_IDLE_NS = 2 * us(500);

/**
 * What balancing knows of each CPU's queue and of each vCPU: how many, and exponentially decayed averages of the weight that wants to
 * run (load), of the number that do (runnable), both of a vCPU's own wish to run, and of running (util). As in the kernel the averages
 * of other CPUs are read as of their last event or tick. Only this class may change what it keeps.
 * After: Linux 6.12 kernel/sched/pelt.c; the decay is exact, not in steps of 1024 us. Without util_est and cgroups.
 */
export class RunQueues {
  readonly nr: Int32Array; //         [cpu] vCPUs that run or wait
  readonly curr: Int32Array; //       [cpu] the one that runs, or NONE
  readonly load: Float64Array; //     [cpu]
  readonly runnable: Float64Array; // [cpu]
  readonly util: Float64Array; //     [cpu]
  readonly idleSinceNs: Float64Array; //   [cpu] when it last found nothing to do (idle_stamp); NONE when busy
  readonly averageIdleNs: Float64Array; // [cpu] avg_idle
  readonly vcpuLoad: Float64Array; // [vcpu]
  readonly vcpuUtil: Float64Array; // [vcpu]
  /** CPUs with more than one vCPU (root domain's overloaded, kept exactly). */
  overloaded = 0;
  /** Null without NUMA balancing. */
  readonly locality: Locality | null;
  private readonly weights: Float64Array; //      [cpu] sum over those that run or wait
  private readonly sinceNs: Float64Array; //      [cpu] averages are as of then
  private readonly vcpuSinceNs: Float64Array; //  [vcpu]
  private readonly vcpuRunnable: Float64Array; // [vcpu]
  private readonly weight: Float64Array; //       [vcpu] as it was queued with
  private readonly queuedOn: Int32Array; //       [vcpu] CPU it runs or waits on; NONE while it sleeps
  private readonly countedOn: Int32Array; //      [vcpu] CPU whose averages it is part of; NONE at first

  constructor(k: Kernel, locality: Locality | null = null) {
    const { cpuCount, vcpuCount } = k;
    this.locality = locality;
    this.nr = new Int32Array(cpuCount);
    this.curr = new Int32Array(cpuCount).fill(NONE);
    this.load = new Float64Array(cpuCount);
    this.runnable = new Float64Array(cpuCount);
    this.util = new Float64Array(cpuCount);
    this.idleSinceNs = new Float64Array(cpuCount);
    this.averageIdleNs = new Float64Array(cpuCount).fill(MOST_AVERAGE_IDLE_NS);
    this.vcpuLoad = new Float64Array(vcpuCount);
    this.vcpuUtil = new Float64Array(vcpuCount);
    this.weights = new Float64Array(cpuCount);
    this.sinceNs = new Float64Array(cpuCount);
    this.vcpuSinceNs = new Float64Array(vcpuCount);
    this.vcpuRunnable = new Float64Array(vcpuCount);
    this.weight = new Float64Array(vcpuCount);
    this.queuedOn = new Int32Array(vcpuCount).fill(NONE);
    this.countedOn = new Int32Array(vcpuCount).fill(NONE);
  }

  isIdle(k: Kernel, cpu: CpuId): boolean {
    return this.nr[cpu] === 0 && k.isOnline(cpu);
  }

  /** It wants to run from now on, on this CPU; or runs there although it was thought elsewhere. */
  enqueue(k: Kernel, vcpu: VcpuId, cpu: CpuId): void {
    const from = this.queuedOn[vcpu]! as CpuId;
    if (from === cpu) return;
    if (from !== NONE) this.unqueue(k, vcpu, from);
    else this.advanceVcpu(k, vcpu);
    this.advance(k, cpu);
    this.countOn(k, vcpu, cpu);
    const weight = (k.weight(vcpu) * FULL) / DEFAULT_WEIGHT;
    this.weight[vcpu] = weight;
    this.weights[cpu]! += weight;
    this.queuedOn[vcpu] = cpu;
    this.locality?.queued(k, vcpu, cpu);
    const nr = ++this.nr[cpu]!;
    if (nr === 2) this.overloaded++;
    if (nr === 1) this.endIdle(k, cpu);
  }

  /** It sleeps, or is taken out for a change. */
  dequeue(k: Kernel, vcpu: VcpuId): void {
    const cpu = this.queuedOn[vcpu]! as CpuId;
    if (cpu !== NONE) this.unqueue(k, vcpu, cpu);
  }

  run(k: Kernel, vcpu: VcpuId, cpu: CpuId): void {
    this.enqueue(k, vcpu, cpu); // if it is not there yet
    this.advanceVcpu(k, vcpu);
    this.advance(k, cpu);
    this.curr[cpu] = vcpu;
  }

  stop(k: Kernel, vcpu: VcpuId, cpu: CpuId): void {
    this.advanceVcpu(k, vcpu);
    this.advance(k, cpu);
    this.curr[cpu] = NONE;
  }

  /** The class has emptied the queue of a CPU that goes off line. */
  findMoved(k: Kernel, gone: CpuId): void {
    for (let vcpu = 0 as VcpuId; vcpu < k.vcpuCount; vcpu++) {
      if (this.queuedOn[vcpu] !== gone || this.curr[gone] === vcpu) continue;
      const queue = k.dsqOf(vcpu) as number;
      if (queue >= 0 && queue < k.cpuCount) this.enqueue(k, vcpu, queue as CpuId);
    }
  }

  /** The averages of a CPU up to now. */
  advance(k: Kernel, cpu: CpuId): void {
    const elapsedNs = k.nowNs - this.sinceNs[cpu]!;
    if (elapsedNs <= 0) return;
    this.sinceNs[cpu] = k.nowNs;
    const keep = Math.exp(-elapsedNs * DECAY_PER_NS);
    const load = this.weights[cpu]!;
    const runnable = this.nr[cpu]! * FULL;
    const util = this.curr[cpu] === NONE ? 0 : FULL;
    this.load[cpu] = load + (this.load[cpu]! - load) * keep;
    this.runnable[cpu] = runnable + (this.runnable[cpu]! - runnable) * keep;
    this.util[cpu] = util + (this.util[cpu]! - util) * keep;
  }

  /** The averages of a vCPU up to now. */
  advanceVcpu(k: Kernel, vcpu: VcpuId): void {
    const elapsedNs = k.nowNs - this.vcpuSinceNs[vcpu]!;
    if (elapsedNs <= 0) return;
    this.vcpuSinceNs[vcpu] = k.nowNs;
    const keep = Math.exp(-elapsedNs * DECAY_PER_NS);
    const cpu = this.queuedOn[vcpu]!;
    const wants = cpu === NONE ? 0 : 1;
    const load = wants * this.weight[vcpu]!;
    const runnable = wants * FULL;
    const util = wants === 1 && this.curr[cpu] === vcpu ? FULL : 0;
    this.vcpuLoad[vcpu] = load + (this.vcpuLoad[vcpu]! - load) * keep;
    this.vcpuRunnable[vcpu] = runnable + (this.vcpuRunnable[vcpu]! - runnable) * keep;
    this.vcpuUtil[vcpu] = util + (this.vcpuUtil[vcpu]! - util) * keep;
  }

  private unqueue(k: Kernel, vcpu: VcpuId, cpu: CpuId): void {
    this.advanceVcpu(k, vcpu);
    this.advance(k, cpu);
    this.weights[cpu]! -= this.weight[vcpu]!;
    this.queuedOn[vcpu] = NONE;
    this.locality?.unqueued(k, vcpu, cpu);
    if (--this.nr[cpu]! === 1) this.overloaded--;
    if (this.nr[cpu] === 0) this.weights[cpu] = 0;
  }

  /** Its averages go with it; those of a new vCPU are as large as they can be, as nothing is known of it (post_init_entity_util_avg). */
  private countOn(k: Kernel, vcpu: VcpuId, cpu: CpuId): void {
    const from = this.countedOn[vcpu]! as CpuId;
    if (from === cpu) return;
    this.countedOn[vcpu] = cpu;
    if (from === NONE) {
      const weight = (k.weight(vcpu) * FULL) / DEFAULT_WEIGHT;
      const most = Math.max(0, (FULL - this.util[cpu]!) / 2);
      const usual = this.util[cpu] === 0 ? most : (this.util[cpu]! * weight) / (this.load[cpu]! + 1);
      this.vcpuLoad[vcpu] = weight;
      this.vcpuUtil[vcpu] = Math.min(most, usual);
      this.vcpuRunnable[vcpu] = this.vcpuUtil[vcpu]!;
    } else {
      this.advance(k, from);
      this.load[from] = Math.max(0, this.load[from]! - this.vcpuLoad[vcpu]!);
      this.runnable[from] = Math.max(0, this.runnable[from]! - this.vcpuRunnable[vcpu]!);
      this.util[from] = Math.max(0, this.util[from]! - this.vcpuUtil[vcpu]!);
    }
    this.load[cpu]! += this.vcpuLoad[vcpu]!;
    this.runnable[cpu]! += this.vcpuRunnable[vcpu]!;
    this.util[cpu]! += this.vcpuUtil[vcpu]!;
  }

  /** A wake ends the idling of a CPU: an eighth of the average is new (update_avg). */
  private endIdle(k: Kernel, cpu: CpuId): void {
    const sinceNs = this.idleSinceNs[cpu]!;
    if (sinceNs < 0) return;
    this.idleSinceNs[cpu] = NONE;
    const averageNs = this.averageIdleNs[cpu]! + (k.nowNs - sinceNs - this.averageIdleNs[cpu]!) / 8;
    this.averageIdleNs[cpu] = Math.min(averageNs, MOST_AVERAGE_IDLE_NS);
  }
}
