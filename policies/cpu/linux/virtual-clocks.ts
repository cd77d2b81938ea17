import type { CpuId, VcpuId } from '../../../sim/units.ts';

/**
 * The virtual time V of each CPU: the mean of the virtual times of all that run or wait there, by weight.
 *     V = sum(w_i * v_i) / sum(w_i), kept as reference + sum(w_i * (v_i - reference)) / sum(w_i)
 * as cfs_rq->avg_vruntime and avg_load keep it (kernel/sched/fair.c: avg_vruntime_add, avg_vruntime, vruntime_eligible), but with the one
 * that runs among the others. Weights and times are whole and the reference follows V, so the sums are exact up to 2^53: at a weight sum
 * of 100 tasks of nice 0 that is a spread of virtual times of 88 s.
 */
export class VirtualClocks {
  readonly vruntime: Float64Array; // [vcpu] whole ns of its CPU's clock
  readonly weight: Float64Array; //   [vcpu]
  readonly weightSum: Float64Array; // [cpu]
  readonly counts: Int32Array; //     [cpu]
  private readonly reference: Float64Array; // [cpu]
  private readonly keySum: Float64Array; //    [cpu] sum of weight * (vruntime - reference)

  constructor(vcpus: number, cpus: number) {
    this.vruntime = new Float64Array(vcpus);
    this.weight = new Float64Array(vcpus);
    this.weightSum = new Float64Array(cpus);
    this.counts = new Int32Array(cpus);
    this.reference = new Float64Array(cpus);
    this.keySum = new Float64Array(cpus);
  }

  add(cpu: CpuId, vcpu: VcpuId): void {
    const weight = this.weight[vcpu]!;
    this.counts[cpu]!++;
    this.weightSum[cpu]! += weight;
    this.keySum[cpu]! += weight * (this.vruntime[vcpu]! - this.reference[cpu]!);
    this.follow(cpu);
  }

  remove(cpu: CpuId, vcpu: VcpuId): void {
    const weight = this.weight[vcpu]!;
    this.counts[cpu]!--;
    this.weightSum[cpu]! -= weight;
    this.keySum[cpu]! -= weight * (this.vruntime[vcpu]! - this.reference[cpu]!);
    this.follow(cpu);
  }

  /** It is on the clock and has run. */
  advance(cpu: CpuId, vcpu: VcpuId, ns: number): void {
    this.vruntime[vcpu]! += ns;
    this.keySum[cpu]! += this.weight[vcpu]! * ns;
    this.follow(cpu);
  }

  /** V, rounded down. A clock that nobody is on stands still. */
  now(cpu: CpuId): number {
    const sum = this.weightSum[cpu]!;
    return this.reference[cpu]! + (sum > 0 ? Math.floor(this.keySum[cpu]! / sum) : 0);
  }

  /** Whether it has had no more than its share: v <= V, without the rounding. */
  isEligible(cpu: CpuId, vcpu: VcpuId): boolean {
    return (this.vruntime[vcpu]! - this.reference[cpu]!) * this.weightSum[cpu]! <= this.keySum[cpu]!;
  }

  /** Moves the reference to V, so that keys stay small. */
  private follow(cpu: CpuId): void {
    const sum = this.weightSum[cpu]!;
    if (sum === 0) return;
    const step = Math.floor(this.keySum[cpu]! / sum);
    this.reference[cpu]! += step;
    this.keySum[cpu]! -= step * sum;
  }
}
