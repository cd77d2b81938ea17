import { KICK_IDLE, type Kernel, WAKE_FORK } from '../../sim/policy-api.ts';
import { type CpuId, ms, NONE, type NodeId, us, type VcpuId } from '../../sim/units.ts';
import { type Balance, type FairQueues, queueOf } from './linux/balance.ts';
import { allowsNode, idleTaker, type MayTake, nearestWaiting, shortestQueue } from './nodes.ts';

/** A vCPU that ran this recently still has its cache: sched_migration_cost. */
const CACHE_HOT_NS = us(500);
/** sd->imbalance_pct of domains above the cores of a CPU. */
const IMBALANCE_PCT = 125;
/** How often idle CPUs are offered what waits elsewhere: a tick of 250 per second. */
const BALANCE_PERIOD_NS = ms(4);

/**
 * vCPUs float over all CPUs they may use. A new one goes to the idlest node. A waking one is drawn to the CPU that handles its wake if
 * that has no load, or hardly more than its last; there it takes that CPU if idle, its last if that is idle on the same node (they
 * share the last-level cache), or another idle CPU of the node; else it waits. So an interrupt taken on another node takes it there,
 * away from its memory. A CPU that runs out of work pulls from the nearest node where one waits that is not cache hot.
 * After: Linux kernel/sched/fair.c: wake_affine as of 2.6.38, and find_idlest_group, select_idle_sibling, newidle_balance, task_hot as
 * of 6.1. Not modelled: periodic balancing between busy CPUs.
 */
export function idleBalance(mayTake: MayTake = isCold): Balance {
  let queues: FairQueues;
  return {
    name: 'idle-balance',
    init(k, its) {
      queues = its;
      k.timer(BALANCE_PERIOD_NS, (kernel) => offerWaiting(kernel, mayTake));
    },
    choose: floatingChoice(),
    newidle: (k, cpu) => takeOver(k, queues, nearestWaiting(k, cpu, mayTake), cpu),
  };
}

export function takeOver(k: Kernel, queues: FairQueues, vcpu: VcpuId, cpu: CpuId): boolean {
  return vcpu !== NONE && queues.migrate(k, vcpu, cpu);
}

/** The choice of a CPU at a wake, for vCPUs without a home. */
export function floatingChoice(): Balance['choose'] {
  let placed = new Int32Array(0); // [node] vCPUs that started there
  return (k, vcpu, prev, flags) => {
    if (placed.length === 0) placed = new Int32Array(k.nodeCount);
    if (flags & WAKE_FORK || prev === NONE || !k.allows(vcpu, prev)) return startCpu(k, vcpu, placed);
    const waker = k.wakerCpu;
    const target = k.allows(vcpu, waker) && isDrawn(k, waker, prev) ? waker : prev;
    const near = k.cpuNode(target);
    const isPrevNear = k.cpuNode(prev) === near && k.isIdle(prev);
    const idle = k.pickIdleCpuNode(vcpu, near, isPrevNear && !k.isIdle(target) ? prev : target);
    return idle === NONE ? target : idle;
  };
}

/** wake_affine: the waking CPU has no load, or with the wakee no more than the last CPU would have plus half of imbalance_pct. */
function isDrawn(k: Kernel, waker: CpuId, prev: CpuId): boolean {
  const load = loadOf(k, waker);
  return load === 0 || 100 * (load + 1) <= (100 + (IMBALANCE_PCT - 100) / 2) * (loadOf(k, prev) + 1);
}

function loadOf(k: Kernel, cpu: CpuId): number {
  return k.dsqNrQueued(queueOf(cpu)) + (k.cpuCurr(cpu) === NONE ? 0 : 1);
}

/** Not cache hot, so no loss to take over. */
export function isCold(k: Kernel, vcpu: VcpuId): boolean {
  const stoppedNs = k.stoppedNs(vcpu);
  return stoppedNs === 0 || k.nowNs - stoppedNs >= CACHE_HOT_NS;
}

/** Wakes, for each vCPU that waits, the nearest idle CPU that may take it over. */
export function offerWaiting(k: Kernel, mayTake: MayTake): void {
  let idle = 0;
  for (let node = 0; node < k.nodeCount; node++) idle += k.nrIdle(node as NodeId);
  for (let from = 0 as CpuId; from < k.cpuCount && idle > 0; from++) {
    if (k.cpuCurr(from) === NONE) continue; // about to run its own
    for (let vcpu = k.dsqFirst(queueOf(from)); vcpu !== NONE && idle > 0; vcpu = k.dsqNext(vcpu)) {
      const cpu = idleTaker(k, vcpu, from, mayTake);
      if (cpu === NONE || !k.testAndClearIdle(cpu)) continue;
      k.kick(cpu, KICK_IDLE);
      idle--;
    }
  }
}

function startCpu(k: Kernel, vcpu: VcpuId, placed: Int32Array): CpuId {
  const node = idlestNode(k, vcpu, placed);
  placed[node]!++;
  const idle = k.pickIdleCpuNode(vcpu, node, k.nodeFirstCpu(node));
  return idle === NONE ? shortestQueue(k, node) : idle;
}

/** The allowed node with the smallest share of its CPUs busy; ties by vCPUs started there, then by id. */
function idlestNode(k: Kernel, vcpu: VcpuId, placed: Int32Array): NodeId {
  let best: NodeId = NONE;
  let bestShare = Infinity;
  for (let node = 0 as NodeId; node < k.nodeCount; node++) {
    if (!allowsNode(k, vcpu, node)) continue;
    const busyShare = 1 - k.nrIdle(node) / k.nodeCpuCount(node);
    if (busyShare < bestShare || (busyShare === bestShare && placed[node]! < placed[best]!)) {
      best = node;
      bestShare = busyShare;
    }
  }
  return best;
}
