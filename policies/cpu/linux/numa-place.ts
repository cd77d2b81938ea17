import type { Kernel } from '../../../sim/policy-api.ts';
import { type CpuId, NONE, type NodeId, type VcpuId } from '../../../sim/units.ts';
import type { NumaBalancing } from '../../memory/linux/numa-balancing.ts';
import type { NumaTask } from '../../memory/linux/numa-faults.ts';
import type { Domain, Domains, Group } from './domains.ts';
import { adjustNumaImbalance, GroupLoad, HAS_SPARE } from './group-load.ts';
import type { BalanceParts } from './linux-balance.ts';
import type { LoadBalance } from './load-balance.ts';
import type { RunQueues } from './run-queues.ts';
import type { WakePlacement } from './wake.ts';

/** A swap must gain so much of 1998, both vCPUs together, or it is not worth two cold caches: SMALLIMP. */
const SMALL_GAIN = 30;

/**
 * Finds a vCPU a CPU nearer to its memory: an idle one on its preferred node, or one whose vCPU it can change places with; else on another
 * node that is better than its own.
 * After: Linux 6.12 kernel/sched/fair.c: task_numa_migrate, task_numa_find_cpu, task_numa_compare, update_numa_stats. Two searches do not
 * overlap here (numa_migrate_on), but a CPU that was found at this instant is not taken again.
 */
export class NumaPlacement {
  private readonly balancing: NumaBalancing;
  private readonly domains: Domains;
  private readonly queues: RunQueues;
  private readonly loads: LoadBalance;
  private readonly wakes: WakePlacement;
  private readonly nodes: readonly Group[];
  private readonly chosenNs: Float64Array; // [cpu] when it was found last
  private readonly source = new GroupLoad();
  private readonly target = new GroupLoad();
  // Of the present search:
  private from: CpuId = NONE;
  private fromNode: NodeId = NONE;
  private toNode: NodeId = NONE;
  private distance = 0;
  private idleCpu: CpuId = NONE; //   of the node that is looked at
  private ownGain = 0; //             of the vCPU, and of its group, in thousandths of their faults
  private groupGain = 0;
  private bestCpu: CpuId = NONE;
  private bestVcpu: VcpuId = NONE; // that it changes places with, or NONE
  private bestGain = 0;

  constructor(k: Kernel, balancing: NumaBalancing, { domains, queues, loads, wakes }: BalanceParts) {
    this.balancing = balancing;
    this.domains = domains;
    this.queues = queues;
    this.loads = loads;
    this.wakes = wakes;
    this.nodes = Array.from({ length: k.nodeCount }, (_, node) => groupOf(k, node as NodeId));
    this.chosenNs = new Float64Array(k.cpuCount).fill(NONE);
  }

  /** task_numa_migrate. */
  migrate(k: Kernel, task: NumaTask): void {
    this.from = k.taskCpu(task.vcpu);
    this.fromNode = k.cpuNode(this.from);
    const domain = this.numaDomain(this.from);
    if (domain === null) {
      this.balancing.prefer(k, task, this.fromNode);
      return;
    }
    this.search(k, task, domain);
    const { bestCpu, bestVcpu } = this;
    if (task.group) {
      const settles = bestCpu === NONE ? this.fromNode : k.cpuNode(bestCpu);
      if (settles !== task.preferred) this.balancing.prefer(k, task, settles);
    }
    if (bestCpu === NONE) return;
    this.chosenNs[bestCpu] = k.nowNs;
    this.loads.pushRunning(k, this.from, bestCpu, task.vcpu);
    if (bestVcpu !== NONE) this.loads.pushRunning(k, bestCpu, this.from, bestVcpu);
  }

  private search(k: Kernel, task: NumaTask, domain: Domain): void {
    this.bestCpu = NONE;
    this.bestVcpu = NONE;
    this.bestGain = 0;
    this.source.sum(k, this.queues, this.nodes[this.fromNode]!, null, NONE);
    const { preferred } = task;
    this.aimAt(k, task, preferred);
    this.tryNode(k, task, domain);
    if (this.bestCpu !== NONE && !(task.group && task.group.activeNodes > 1)) return;
    for (let node = 0 as NodeId; node < k.nodeCount; node++) {
      if (node === this.fromNode || node === preferred || k.nodeCpuCount(node) === 0) continue;
      this.aimAt(k, task, node);
      if (this.ownGain >= 0 || this.groupGain >= 0) this.tryNode(k, task, domain);
    }
  }

  /** What a move to a node would gain. */
  private aimAt(k: Kernel, task: NumaTask, node: NodeId): void {
    const { weights } = this.balancing;
    const distance = k.distance(this.fromNode, node);
    this.toNode = node;
    this.distance = distance;
    this.ownGain = weights.ofTask(task, node, distance) - weights.ofTask(task, this.fromNode, distance);
    this.groupGain = weights.ofGroup(task, node, distance) - weights.ofGroup(task, this.fromNode, distance);
  }

  /** task_numa_find_cpu. */
  private tryNode(k: Kernel, task: NumaTask, domain: Domain): void {
    const { source, target } = this;
    const { cpus } = this.nodes[this.toNode]!;
    target.sum(k, this.queues, this.nodes[this.toNode]!, null, NONE);
    target.classify(100 + Math.floor((domain.imbalancePct - 100) / 2), false, false);
    this.idleCpu = this.findIdle(k, task.vcpu, cpus);
    let mayMove: boolean;
    if (target.type === HAS_SPARE) {
      const difference = Math.max(0, target.running + 1 - (source.running - 1));
      mayMove = adjustNumaImbalance(difference, target.running + 1, domain.imbNumaNr) === 0;
      if (mayMove && this.idleCpu !== NONE) {
        this.choose(this.idleCpu, NONE, 0);
        return;
      }
    } else mayMove = !this.isWorseBalanced(this.loadOf(k, task.vcpu));
    for (let i = 0; i < cpus.length; i++) {
      const cpu = cpus[i] as CpuId;
      if (k.allows(task.vcpu, cpu) && this.isFree(k, cpu) && this.compare(k, task, cpu, mayMove)) return;
    }
  }

  /** task_numa_compare: whether to go to a CPU, or change places with what runs there. @returns whether to look no further */
  private compare(k: Kernel, task: NumaTask, cpu: CpuId, mayMove: boolean): boolean {
    const moveGain = task.group ? this.groupGain : this.ownGain;
    const current = k.cpuCurr(cpu);
    if (current === NONE) return mayMove && moveGain >= this.bestGain && this.move(k, cpu, moveGain);
    if (!k.allows(current, this.from)) return false;
    const goesHome = this.balancing.preferred(current) === this.fromNode;
    const bestGoesHome = this.bestVcpu !== NONE && this.balancing.preferred(this.bestVcpu) === this.fromNode;
    if (bestGoesHome && !goesHome) return false;
    const other = this.balancing.tasks[current];
    if ((other?.group ?? null) === task.group && this.target.type === HAS_SPARE) return false; // it would help one as it harms the other
    const gain = this.swapGain(task, other, goesHome);
    if (mayMove && moveGain > gain && moveGain > this.bestGain) return this.move(k, cpu, moveGain);
    const replacesOneAway = this.bestVcpu !== NONE && goesHome && !bestGoesHome;
    if (!replacesOneAway) {
      if (gain < SMALL_GAIN || gain <= this.bestGain + SMALL_GAIN / 2) return false;
      const more = this.loadOf(k, task.vcpu) - this.loadOf(k, current);
      if (more !== 0 && this.isWorseBalanced(more)) return false;
    }
    this.choose(cpu, current, gain);
    return !mayMove && goesHome;
  }

  /** What both gain that change places. */
  private swapGain(task: NumaTask, other: NumaTask | undefined, goesHome: boolean): number {
    const { weights } = this.balancing;
    const { fromNode, toNode, distance } = this;
    let gain: number;
    if ((other?.group ?? null) === task.group) {
      gain = this.ownGain + weights.ofTask(other, fromNode, distance) - weights.ofTask(other, toNode, distance);
      if (task.group) gain -= Math.trunc(gain / 16); // members of a group should not swap for nothing
    } else if (task.group && other?.group) {
      gain = this.groupGain + weights.ofGroup(other, fromNode, distance) - weights.ofGroup(other, toNode, distance);
    } else {
      gain = task.group ? this.groupGain : this.ownGain;
      gain += weights.ofTask(other, fromNode, distance) - weights.ofTask(other, toNode, distance);
    }
    if (other && other.preferred === toNode) gain -= Math.trunc(gain / 16);
    if (goesHome) gain += Math.trunc(gain / 8);
    return gain;
  }

  /** A move to the idle CPU of the node; one already found that still idles is kept where there is none. */
  private move(k: Kernel, cpu: CpuId, gain: number): boolean {
    let to = this.idleCpu === NONE ? cpu : this.idleCpu;
    const isBestIdle = this.bestCpu !== NONE && this.queues.isIdle(k, this.bestCpu);
    if (!this.queues.isIdle(k, to) && isBestIdle) to = this.bestCpu;
    this.choose(to, NONE, gain);
    return this.queues.isIdle(k, to);
  }

  private choose(cpu: CpuId, vcpu: VcpuId, gain: number): void {
    this.bestCpu = cpu;
    this.bestVcpu = vcpu;
    this.bestGain = gain;
  }

  /** The first idle CPU of a node; of an idle core where there are hardware threads. */
  private findIdle(k: Kernel, vcpu: VcpuId, cpus: Int32Array): CpuId {
    let found: CpuId = NONE;
    for (let i = 0; i < cpus.length; i++) {
      const cpu = cpus[i] as CpuId;
      if (!this.queues.isIdle(k, cpu) || !k.allows(vcpu, cpu) || !this.isFree(k, cpu)) continue;
      if (this.wakes.isCoreIdle(k, cpu)) return cpu;
      if (found === NONE) found = cpu;
    }
    return found;
  }

  private isFree(k: Kernel, cpu: CpuId): boolean {
    return this.chosenNs[cpu] !== k.nowNs;
  }

  /** load_too_imbalanced: whether so much load more on the other node and less here would be further from even. */
  private isWorseBalanced(more: number): boolean {
    const { source, target } = this;
    const before = Math.abs(target.load * source.capacity - source.load * target.capacity);
    return Math.abs((target.load + more) * source.capacity - (source.load - more) * target.capacity) > before;
  }

  private loadOf(k: Kernel, vcpu: VcpuId): number {
    this.queues.advanceVcpu(k, vcpu);
    return this.queues.vcpuLoad[vcpu]!;
  }

  /** The smallest domain over nodes that a CPU has (sd_numa); null on one node. */
  private numaDomain(cpu: CpuId): Domain | null {
    let domain = this.domains.base[cpu] ?? null;
    while (domain && domain.level !== 'numa') domain = domain.parent;
    return domain;
  }
}

function groupOf(k: Kernel, node: NodeId): Group {
  const first = k.nodeFirstCpu(node);
  const cpus = Int32Array.from({ length: k.nodeCpuCount(node) }, (_, i) => first + i);
  return { id: NONE, cpus, balanceCpus: cpus, cores: cpus.length, isCore: false };
}
