import { KICK_PREEMPT, type Kernel } from '../../sim/policy-api.ts';
import { type CpuId, ms, NONE, type NodeId, type VcpuId } from '../../sim/units.ts';
import { floatingChoice, isCold, offerWaiting, takeOver } from './idle-balance.ts';
import { type Balance, type FairQueues, queueOf } from './linux/balance.ts';
import { claimNearestIdle, nearestWaiting, shortestQueue } from './nodes.ts';

const RETURN_PERIOD_NS = ms(10); // assumed
const OFFER_PERIOD_NS = ms(4); // as idle balancing has it
/** How long a vCPU runs while others wait: sched_min_granularity on eight CPUs and more. */
const FAIR_SLICE_NS = ms(3);
/** What SLIT calls local. */
const LOCAL_DISTANCE = 10;

export interface ApartOptions {
  /** How long a vCPU is thought to stay where it is taken. */
  readonly stayNs: number;
  /** Share of its time a vCPU is thought to wait for memory, 0..1. */
  readonly memoryShare: number;
}

/**
 * Each vCPU has a home node and no pin. It wakes at home if a CPU is idle there, else on the nearest idle CPU, else it waits at home.
 * A CPU without work takes one over only if the wait it is spared is longer than what its memory, then further away, will cost it:
 *     queue length * slice > (distance after - distance before) / local distance * memoryShare * stayNs
 * A vCPU that runs elsewhere is sent home once a CPU is idle there. vCPUs without a home float as in idle balancing.
 * After: A. Przywara, "Virtualizing NUMA", Linux Plumbers 2010: guests apart, like Xen, but without pinning.
 */
export function apart({ stayNs, memoryShare }: ApartOptions): Balance {
  const chooseFloating = floatingChoice();
  let queues: FairQueues;
  let wayHome = new Int32Array(0); // [vcpu] CPU claimed for it at home, or NONE

  const homeOf = (k: Kernel, vcpu: VcpuId): NodeId => k.homeNode(k.guestOf(vcpu));

  function isWorthIt(k: Kernel, vcpu: VcpuId, cpu: CpuId, from: CpuId): boolean {
    if (!isCold(k, vcpu)) return false;
    const home = homeOf(k, vcpu);
    if (home === NONE) return true;
    const further = k.distance(k.cpuNode(cpu), home) - k.distance(k.cpuNode(from), home);
    const waitNs = k.dsqNrQueued(queueOf(from)) * FAIR_SLICE_NS;
    return waitNs > (further / LOCAL_DISTANCE) * memoryShare * stayNs;
  }

  function sendHome(k: Kernel): void {
    for (let cpu = 0 as CpuId; cpu < k.cpuCount; cpu++) {
      const vcpu = k.cpuCurr(cpu);
      const home = vcpu === NONE ? NONE : homeOf(k, vcpu);
      if (home === NONE || home === k.cpuNode(cpu) || k.nrIdle(home) === 0) continue;
      const idle = k.pickIdleCpuNode(vcpu, home, k.nodeFirstCpu(home));
      if (idle === NONE) continue;
      wayHome[vcpu] = idle;
      k.kick(cpu, KICK_PREEMPT);
    }
  }

  return {
    name: 'apart',
    init(k, its) {
      queues = its;
      wayHome = new Int32Array(k.vcpuCount).fill(NONE);
      k.timer(OFFER_PERIOD_NS, (kernel) => offerWaiting(kernel, isWorthIt));
      k.timer(RETURN_PERIOD_NS, sendHome);
    },
    choose(k, vcpu, prev, flags) {
      wayHome[vcpu] = NONE;
      const home = homeOf(k, vcpu);
      if (home === NONE) return chooseFloating(k, vcpu, prev, flags);
      const wasHome = prev !== NONE && k.cpuNode(prev) === home;
      const idle = claimNearestIdle(k, vcpu, home, wasHome ? prev : k.nodeFirstCpu(home));
      return idle === NONE ? shortestQueue(k, home) : idle;
    },
    newidle: (k, cpu) => takeOver(k, queues, nearestWaiting(k, cpu, isWorthIt), cpu),
    requeue(k, vcpu, cpu) {
      const to = wayHome[vcpu]! as CpuId;
      wayHome[vcpu] = NONE;
      return to !== NONE && k.cpuCurr(to) === NONE ? to : cpu; // unless it was taken meanwhile
    },
  };
}
