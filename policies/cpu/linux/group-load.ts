import type { Kernel } from '../../../sim/policy-api.ts';
import type { CpuId } from '../../../sim/units.ts';
import type { Group } from './domains.ts';
import { FULL, type RunQueues } from './run-queues.ts';

/** How busy a group is, from least to most (enum group_type): a busier one gives to a less busy one. */
export const HAS_SPARE = 0;
export const FULLY_BUSY = 1;
export const SMT_BALANCE = 2;
export const IMBALANCED = 3;
export const OVERLOADED = 4;

/** What is summed up of a group to compare it with others: struct sg_lb_stats. One object is used over and over. */
export class GroupLoad {
  group: Group | null = null;
  type = HAS_SPARE;
  load = 0;
  util = 0;
  runnable = 0;
  running = 0; // vCPUs that run or wait
  settled = 0; // of them those that prefer some node, and those that prefer the one they are on; 0 without NUMA balancing
  content = 0;
  idleCpus = 0;
  weight = 0; //  CPUs that are on line
  /** Load a CPU; of a group that is not overloaded only where a rule asks for it. */
  averageLoad = 0;

  get capacity(): number {
    return this.weight * FULL;
  }

  /**
   * @param left [cpu] 1 for CPUs that are left out of the sums; null for none
   * @param leaving CPU whose last vCPU is just leaving, so that it does not count as idle yet; NONE without
   */
  sum(k: Kernel, queues: RunQueues, group: Group, left: Uint8Array | null, leaving: CpuId): void {
    const { nr, load, util, runnable, locality } = queues;
    this.group = group;
    this.load = this.util = this.runnable = this.averageLoad = 0;
    this.running = this.idleCpus = this.weight = this.settled = this.content = 0;
    const { cpus } = group;
    for (let i = 0; i < cpus.length; i++) {
      const cpu = cpus[i]!;
      if (!k.isOnline(cpu as CpuId)) continue;
      this.weight++;
      if (left !== null && left[cpu] === 1) continue;
      this.load += load[cpu]!;
      this.util += util[cpu]! < FULL ? util[cpu]! : FULL;
      this.runnable += runnable[cpu]!;
      this.running += nr[cpu]!;
      if (locality !== null) {
        this.settled += locality.settled[cpu]!;
        this.content += locality.content[cpu]!;
      }
      if (nr[cpu] === 0 && cpu !== leaving) this.idleCpus++;
    }
  }

  /** group_classify. */
  classify(imbalancePct: number, isImbalanced: boolean, isSmtBalance: boolean): void {
    this.type = this.isOverloaded(imbalancePct)
      ? OVERLOADED
      : isImbalanced
        ? IMBALANCED
        : isSmtBalance
          ? SMT_BALANCE
          : this.hasCapacity(imbalancePct)
            ? HAS_SPARE
            : FULLY_BUSY;
  }

  setAverageLoad(): void {
    this.averageLoad = (this.load * FULL) / this.capacity;
  }

  copy(from: GroupLoad): void {
    this.group = from.group;
    this.type = from.type;
    this.load = from.load;
    this.util = from.util;
    this.runnable = from.runnable;
    this.running = from.running;
    this.settled = from.settled;
    this.content = from.content;
    this.idleCpus = from.idleCpus;
    this.weight = from.weight;
    this.averageLoad = from.averageLoad;
  }

  private isOverloaded(imbalancePct: number): boolean {
    if (this.running <= this.weight) return false;
    return this.capacity * 100 < this.util * imbalancePct || this.capacity * imbalancePct < this.runnable * 100;
  }

  private hasCapacity(imbalancePct: number): boolean {
    if (this.running < this.weight) return true;
    if (this.capacity * imbalancePct < this.runnable * 100) return false;
    return this.capacity * 100 > this.util * imbalancePct;
  }
}

/** A difference between NUMA groups that is let be while few run: vCPUs that talk to each other stay together (adjust_numa_imbalance). */
export function adjustNumaImbalance(imbalance: number, running: number, imbNumaNr: number): number {
  return running <= imbNumaNr && imbalance <= NUMA_IMBALANCE_MIN ? 0 : imbalance;
}

const NUMA_IMBALANCE_MIN = 2;
