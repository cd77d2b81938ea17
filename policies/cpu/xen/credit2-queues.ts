import type { Kernel } from '../../../sim/policy-api.ts';
import { type CpuId, NONE, type NodeId, type VcpuId } from '../../../sim/units.ts';

/** Which CPUs share a run queue: credit2_runqueue. A core has one CPU here, as there are no SMT siblings. */
export type Arrangement = 'socket' | 'node' | 'core' | 'all';

/** Run queues and their CPUs, which do not change; a queue's number is its place in the order in which Xen goes through them. */
export interface RunQueues {
  readonly count: number;
  readonly ofCpu: Int32Array; //   [cpu]
  /** The i-th CPU of a queue, in order of number. */
  cpu(queue: number, i: number): CpuId;
  cpuCount(queue: number): number;
  onlineCount(k: Kernel, queue: number): number;
  /** Whether a vCPU may run on some CPU of the queue (and, with `isSoft`, would rather). */
  admits(k: Kernel, queue: number, vcpu: VcpuId, isSoft: boolean): boolean;
  /** The next CPU of a queue by number, after `after` and round, that it may run on; NONE without. */
  next(k: Kernel, queue: number, vcpu: VcpuId, isSoft: boolean, after: number): CpuId;
}

/**
 * CPUs join in order of number the queue of their socket, node or core that has fewest, and a new one when all are full; a queue takes
 * no more than an even share of the machine, and no more than `mostCpus`.
 * After: Xen, common/sched/credit2.c, cpu_add_to_runqueue and cpu_runqueue_match.
 */
export function runQueues(k: Kernel, arrangement: Arrangement, mostCpus: number): RunQueues {
  const share = Math.floor(k.cpuCount / Math.ceil(k.cpuCount / mostCpus));
  const ofCpu = new Int32Array(k.cpuCount);
  const lists: CpuId[][] = [];
  for (let cpu = 0 as CpuId; cpu < k.cpuCount; cpu++) {
    const group = groupOf(k, cpu, arrangement);
    let queue: number = NONE;
    for (let other = 0; other < lists.length; other++) {
      const list = lists[other]!;
      if (groupOf(k, list[0]!, arrangement) !== group || list.length >= share) continue;
      if (queue === NONE || list.length < lists[queue]!.length) queue = other;
    }
    if (queue === NONE) queue = lists.push([]) - 1;
    lists[queue]!.push(cpu);
    ofCpu[cpu] = queue;
  }
  const suits = (kernel: Kernel, vcpu: VcpuId, cpu: CpuId, isSoft: boolean): boolean =>
    kernel.allows(vcpu, cpu) && (!isSoft || kernel.prefers(vcpu, cpu));

  function next(kernel: Kernel, queue: number, vcpu: VcpuId, isSoft: boolean, after: number): CpuId {
    const list = lists[queue]!;
    let start = 0;
    while (start < list.length && list[start]! <= after) start++;
    for (let i = 0; i < list.length; i++) {
      const cpu = list[(start + i) % list.length]!;
      if (suits(kernel, vcpu, cpu, isSoft)) return cpu;
    }
    return NONE;
  }

  return {
    count: lists.length,
    ofCpu,
    cpu: (queue, i) => lists[queue]![i]!,
    cpuCount: (queue) => lists[queue]!.length,
    onlineCount(kernel, queue) {
      let online = 0;
      for (const cpu of lists[queue]!) if (kernel.isOnline(cpu)) online++;
      return online;
    },
    admits: (kernel, queue, vcpu, isSoft) =>
      (!isSoft && kernel.nrAllowed(vcpu) === kernel.cpuCount) || next(kernel, queue, vcpu, isSoft, NONE) !== NONE,
    next,
  };
}

function groupOf(k: Kernel, cpu: CpuId, arrangement: Arrangement): number {
  const node: NodeId = k.cpuNode(cpu);
  switch (arrangement) {
    case 'socket':
      return k.nodeSocket(node);
    case 'node':
      return node;
    case 'core':
      return cpu;
    case 'all':
      return 0;
  }
}
