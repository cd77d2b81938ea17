import type { Kernel } from '../../../sim/policy-api.ts';
import { type CpuId, NONE, type NodeId, type VcpuId } from '../../../sim/units.ts';
import { queueOf } from './run-queues.ts';
import type { SoftAffinity } from './soft-affinity.ts';

/** Another socket must be more than this many times as idle. */
const SOCKET_FACTOR = 2;

/** Where a vCPU that belongs to `home` would be best off; `home` itself if nowhere better. */
export type Pick = (k: Kernel, vcpu: VcpuId, home: CpuId) => CpuId;

/**
 * A CPU with the most idle neighbours, as the credit scheduler of today picks it: first within the soft affinity, then, if no idle one
 * was found there, among all the vCPU may use. A CPU that is not idle gives way to the next idle one by number; then each socket that
 * is more than twice as idle as the one found so far is better, and there the CPU after the one picked last. Within a socket CPUs are
 * alike, as no CPU has SMT siblings here.
 * After: Xen, common/sched/credit.c, _csched_cpu_pick.
 */
export function creditPick(k: Kernel, soft: SoftAffinity): Pick {
  const left = new Uint8Array(k.cpuCount); // [cpu] idle ones still to be looked at
  const idleBias = new Int32Array(k.cpuCount).fill(k.cpuCount - 1); // [cpu that led to a socket] CPU picked last

  /** The next CPU by number, after `cpu` and round, that is left, and on `socket` unless that is NONE. */
  function nextLeft(kernel: Kernel, cpu: number, socket: number): CpuId {
    for (let i = 1; i <= kernel.cpuCount; i++) {
      const next = ((cpu + i) % kernel.cpuCount) as CpuId;
      if (left[next] === 1 && (socket === NONE || socketOf(kernel, next) === socket)) return next;
    }
    return NONE;
  }

  /** Marks the idle CPUs that suit; one that has only this vCPU counts as idle. Returns how many there are. */
  function mark(kernel: Kernel, vcpu: VcpuId, isSoft: boolean, selfIdle: CpuId): number {
    let count = 0;
    left.fill(0);
    for (let node = 0 as NodeId; node < kernel.nodeCount; node++) {
      const hasSelf = selfIdle !== NONE && kernel.cpuNode(selfIdle) === node;
      if ((!hasSelf && kernel.nrIdle(node) === 0) || !kernel.allowsNode(vcpu, node)) continue;
      const first = kernel.nodeFirstCpu(node);
      for (let i = 0; i < kernel.nodeCpuCount(node); i++) {
        const cpu = (first + i) as CpuId;
        if ((cpu !== selfIdle && !kernel.isIdle(cpu)) || !soft.suits(kernel, vcpu, cpu, isSoft)) continue;
        left[cpu] = 1;
        count++;
      }
    }
    return count;
  }

  function idleOnSocket(kernel: Kernel, socket: number, selfIdle: CpuId): number {
    let idle = selfIdle !== NONE && !kernel.isIdle(selfIdle) && socketOf(kernel, selfIdle) === socket ? 1 : 0;
    for (let node = 0 as NodeId; node < kernel.nodeCount; node++) if (kernel.nodeSocket(node) === socket) idle += kernel.nrIdle(node);
    return idle;
  }

  /** Goes on from an idle CPU to idler sockets. */
  function idlest(kernel: Kernel, from: CpuId, selfIdle: CpuId): CpuId {
    let cpu = from;
    left[cpu] = 0;
    for (let next = nextLeft(kernel, cpu, NONE); next !== NONE; next = nextLeft(kernel, cpu, NONE)) {
      const here = socketOf(kernel, cpu);
      const there = socketOf(kernel, next);
      if (here === there) {
        left[next] = 0;
      } else if (idleOnSocket(kernel, here, selfIdle) * SOCKET_FACTOR < idleOnSocket(kernel, there, selfIdle)) {
        cpu = nextLeft(kernel, idleBias[next]!, there);
        idleBias[next] = cpu;
        left[cpu] = 0;
      } else {
        for (let other = nextLeft(kernel, next - 1, there); other !== NONE; other = nextLeft(kernel, other, there)) left[other] = 0;
      }
    }
    return cpu;
  }

  return (kernel, vcpu, home) => {
    let cpu = home;
    for (let step = soft.matters(kernel, vcpu) ? 0 : 1; step < 2; step++) {
      const isSoft = step === 0;
      cpu = home;
      if (!soft.suits(kernel, vcpu, home, isSoft)) cpu = nextSuitable(kernel, soft, vcpu, home, isSoft);
      const selfIdle = cpu === home && kernel.dsqNrQueued(queueOf(home)) === 0 ? home : NONE;
      if (mark(kernel, vcpu, isSoft, selfIdle) === 0) continue;
      if (left[cpu] === 0) cpu = nextLeft(kernel, cpu, NONE);
      return idlest(kernel, cpu, selfIdle);
    }
    return cpu;
  };
}

function nextSuitable(k: Kernel, soft: SoftAffinity, vcpu: VcpuId, cpu: CpuId, isSoft: boolean): CpuId {
  for (let i = 1; i <= k.cpuCount; i++) {
    const next = ((cpu + i) % k.cpuCount) as CpuId;
    if (soft.suits(k, vcpu, next, isSoft)) return next;
  }
  return cpu;
}

const socketOf = (k: Kernel, cpu: CpuId): number => k.nodeSocket(k.cpuNode(cpu));
