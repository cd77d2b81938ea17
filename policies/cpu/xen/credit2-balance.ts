import type { Kernel } from '../../../sim/policy-api.ts';
import { type CpuId, NONE, type VcpuId } from '../../../sim/units.ts';
import { tickle } from './credit2-tickle.ts';
import { assign, QUEUED, queueDsq, SCHEDULED, tickleCpu, type Units, vtimeOf } from './credit2-units.ts';

const UNDERLOAD_TOLERANCE = 1; // vCPUs: 2^0
const OVERLOAD_TOLERANCE = 0.125; // 2^-3

/**
 * The CPU, and with it the run queue, that a vCPU without one goes to: the queue that expects least load, of those in its soft affinity
 * if there are any; there the CPU after the one picked last.
 * After: Xen, common/sched/credit2.c, csched2_res_pick.
 */
export function pickCpu(k: Kernel, u: Units, vcpu: VcpuId): void {
  const { expected, ofVcpu } = u.loads;
  const hasSoft = u.soft.matters(k, vcpu);
  let least: number = NONE;
  let leastSoft: number = NONE;
  let leastLoad = Infinity;
  let leastSoftLoad = Infinity;
  for (let queue = 0; queue < u.queues.count; queue++) {
    if (!u.queues.admits(k, queue, vcpu, false)) continue;
    const load = u.queue[vcpu] === queue ? Math.max(0, expected[queue]! - ofVcpu[vcpu]!) : expected[queue]!;
    if (hasSoft && load < leastSoftLoad && u.queues.admits(k, queue, vcpu, true)) {
      leastSoftLoad = load;
      leastSoft = queue;
    }
    if (load >= leastLoad) continue;
    leastLoad = load;
    least = queue;
  }
  const queue = leastSoft === NONE ? least : leastSoft;
  const bias = u.options.isFaithful ? least : queue; // the original rotates by the wrong queue
  const cpu = u.queues.next(k, queue, vcpu, leastSoft !== NONE, u.pickBias[bias]!);
  u.pickBias[bias] = cpu;
  assign(k, u, vcpu, queue);
  u.cpu[vcpu] = cpu;
}

/** To the CPU after the one picked last of a run queue that it was asked to move to. False if it may not run there. */
export function pickIn(k: Kernel, u: Units, vcpu: VcpuId, queue: number): boolean {
  const cpu = u.queues.next(k, queue, vcpu, false, u.pickBias[queue]!);
  if (cpu === NONE) return false;
  u.pickBias[queue] = cpu;
  assign(k, u, vcpu, queue);
  u.cpu[vcpu] = cpu;
  return true;
}

/**
 * Brings the loads of a run queue and of the one most unlike it closer together, by the one vCPU to push, to pull, or the two to swap
 * that do it best; unless they differ by little. Soft affinity is not asked for.
 * After: Xen, common/sched/credit2.c, balance_load, consider and migrate.
 */
export function balance(k: Kernel, u: Units, own: number): void {
  const { loads, queues } = u;
  const { nowNs } = k;
  loads.updateQueue(own, nowNs);
  let other: number = NONE;
  let delta = 0;
  for (let queue = 0; queue < queues.count; queue++) {
    if (queue === own) continue;
    loads.updateQueue(queue, nowNs);
    const apart = Math.abs(loads.expected[own]! - loads.expected[queue]!);
    if (apart <= delta) continue;
    delta = apart;
    other = queue;
  }
  if (other === NONE) return;
  const tested = u.options.isFaithful ? queues.count - 1 : other; // the original asks the queue it looked at last
  const mostLoad = Math.max(loads.expected[own]!, loads.expected[tested]!);
  const mostCpus = Math.max(queues.onlineCount(k, own), queues.onlineCount(k, tested));
  if (delta < (mostLoad < mostCpus ? UNDERLOAD_TOLERANCE : OVERLOAD_TOLERANCE)) return;
  exchange(k, u, own, other, delta);
}

function exchange(k: Kernel, u: Units, own: number, other: number, apart: number): void {
  const { loads } = u;
  const { nowNs } = k;
  const gap = loads.expected[own]! - loads.expected[other]!;
  let delta = apart;
  let push: VcpuId = NONE;
  let pull: VcpuId = NONE;
  for (let vcpu = u.first[other]!; vcpu !== NONE; vcpu = u.next[vcpu]!) loads.updateVcpu(vcpu, nowNs);
  for (let mine = u.first[own]! as VcpuId; mine !== NONE; mine = u.next[mine] as VcpuId) {
    loads.updateVcpu(mine, nowNs);
    if (!isMigrateable(k, u, mine, other)) continue;
    const after = gap - 2 * loads.ofVcpu[mine]!;
    for (let theirs = u.first[other]! as VcpuId; theirs !== NONE; theirs = u.next[theirs] as VcpuId) {
      const swapped = Math.abs(after + 2 * loads.ofVcpu[theirs]!);
      if (swapped >= delta || !isMigrateable(k, u, theirs, own)) continue;
      delta = swapped;
      push = mine;
      pull = theirs;
    }
    if (Math.abs(after) >= delta) continue;
    delta = Math.abs(after);
    push = mine;
    pull = NONE;
  }
  for (let theirs = u.first[other]! as VcpuId; theirs !== NONE; theirs = u.next[theirs] as VcpuId) {
    const pulled = Math.abs(gap + 2 * loads.ofVcpu[theirs]!);
    if (pulled >= delta || !isMigrateable(k, u, theirs, own)) continue;
    delta = pulled;
    push = NONE;
    pull = theirs;
  }
  if (push !== NONE) migrate(k, u, push, other);
  if (pull !== NONE) migrate(k, u, pull, own);
}

function isMigrateable(k: Kernel, u: Units, vcpu: VcpuId, queue: number): boolean {
  return u.moveTo[vcpu] === NONE && u.queues.admits(k, queue, vcpu, false);
}

/** One that runs is asked to move when it has left its CPU, which it does soon; any other moves now. */
function migrate(k: Kernel, u: Units, vcpu: VcpuId, queue: number): void {
  if (u.state[vcpu] === SCHEDULED || k.isRunning(vcpu)) {
    u.moveTo[vcpu] = queue;
    tickleCpu(k, u, u.cpu[vcpu]! as CpuId);
    return;
  }
  if (!pickIn(k, u, vcpu, queue) || u.state[vcpu] !== QUEUED) return;
  k.dsqMoveVtime(vcpu, queueDsq(queue), vtimeOf(u, vcpu));
  tickle(k, u, vcpu);
}
