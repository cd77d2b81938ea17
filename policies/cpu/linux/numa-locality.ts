import type { Kernel } from '../../../sim/policy-api.ts';
import { type CpuId, NONE, type NodeId, type VcpuId } from '../../../sim/units.ts';
import type { NumaBalancing } from '../../memory/linux/numa-balancing.ts';
import type { NumaTask } from '../../memory/linux/numa-faults.ts';
import { BETTER, type Locality, UNKNOWN, WORSE } from './locality.ts';

/**
 * What load balancing learns from NUMA balancing: which vCPUs are on the node they prefer, and which moves would take them from their memory.
 * After: Linux 6.12 kernel/sched/fair.c: migrate_degrades_locality, account_numa_enqueue, account_numa_dequeue.
 */
export class NumaLocality implements Locality {
  readonly settled: Int32Array;
  readonly content: Int32Array;
  private readonly balancing: NumaBalancing;
  private readonly queuedOn: Int32Array; // [vcpu] CPU where it is counted, or NONE

  constructor(k: Kernel, balancing: NumaBalancing) {
    this.balancing = balancing;
    this.settled = new Int32Array(k.cpuCount);
    this.content = new Int32Array(k.cpuCount);
    this.queuedOn = new Int32Array(k.vcpuCount).fill(NONE);
  }

  queued(k: Kernel, vcpu: VcpuId, cpu: CpuId): void {
    this.queuedOn[vcpu] = cpu;
    this.count(k, this.balancing.preferred(vcpu), cpu, 1);
  }

  unqueued(k: Kernel, vcpu: VcpuId, cpu: CpuId): void {
    this.queuedOn[vcpu] = NONE;
    this.count(k, this.balancing.preferred(vcpu), cpu, -1);
  }

  /** A vCPU is about to prefer another node. */
  prefers(k: Kernel, { vcpu, preferred }: NumaTask, node: NodeId): void {
    const cpu = this.queuedOn[vcpu]! as CpuId;
    if (cpu === NONE) return;
    this.count(k, preferred, cpu, -1);
    this.count(k, node, cpu, 1);
  }

  judge(k: Kernel, vcpu: VcpuId, fromCpu: CpuId, toCpu: CpuId, running: number, isIdle: boolean): number {
    const task = this.balancing.tasks[vcpu];
    const from = k.cpuNode(fromCpu);
    const to = k.cpuNode(toCpu);
    if (!task || from === to) return UNKNOWN;
    if (from === task.preferred) return running > this.content[fromCpu]! ? WORSE : UNKNOWN; // if others are worth taking more
    if (to === task.preferred) return BETTER;
    if (isIdle) return UNKNOWN;
    const { weights } = this.balancing;
    const distance = k.distance(from, to);
    const here = task.group ? weights.ofGroup(task, from, distance) : weights.ofTask(task, from, distance);
    const there = task.group ? weights.ofGroup(task, to, distance) : weights.ofTask(task, to, distance);
    return there < here ? WORSE : BETTER;
  }

  private count(k: Kernel, preferred: NodeId, cpu: CpuId, by: number): void {
    if (preferred === NONE) return;
    this.settled[cpu]! += by;
    if (preferred === k.cpuNode(cpu)) this.content[cpu]! += by;
  }
}
