import { type CpuPolicy, DEQ_SAVE, DEQ_SLEEP, DSQ_LOCAL_ON, ENQ_RESTORE, type Kernel } from '../../../sim/policy-api.ts';
import { type CpuId, type DsqId, type GuestId, NONE, us, type VcpuId } from '../../../sim/units.ts';
import { balance, pickCpu, pickIn } from './credit2-balance.ts';
import { candidate } from './credit2-candidate.ts';
import { CAP_PERIOD_NS } from './credit2-caps.ts';
import { tickle } from './credit2-tickle.ts';
import {
  assign,
  burn,
  CREDIT_INIT_NS,
  type Credit2Options,
  findMaxWeight,
  PARKED,
  parkedDsq,
  QUEUED,
  queueDsq,
  reset,
  SCHEDULED,
  SLEEPS,
  type Units,
  units,
  vtimeOf,
} from './credit2-units.ts';

const MIN_TIMER_NS = us(500);
const MAX_TIMER_NS = CREDIT_INIT_NS;
const MIGRATE_COMPENSATION_NS = us(50);
const AT_ONCE_NS = 1;

/**
 * Xen's credit2: the CPUs of a socket share a run queue in order of credit, which runs out the faster the less a vCPU weighs; when the
 * head has none left, all are given credits anew, and the loads of run queues are balanced. A vCPU that wakes takes an idle CPU of its
 * queue, or one from a vCPU with fewer credits; it changes queues by balancing only.
 * After: Xen, common/sched/credit2.c (csched2_schedule, csched2_runtime, csched2_unit_wake, csched2_context_saved). What a capped vCPU
 * gives back can be used from the next schedule on. Not modelled: power-saving packing of SMT siblings.
 */
export function credit2(options: Credit2Options): CpuPolicy {
  let u: Units;
  let keepNs = new Float64Array(0); //    [vcpu] slice of one that goes on running on its CPU though its slice was over; 0 otherwise
  let yields = new Uint8Array(0); //      [vcpu]
  let goesOn = new Uint8Array(0); //      [vcpu] it leaves its CPU only to be given a new slice there
  let isPicked = new Uint8Array(0); //    [vcpu] its run queue is to be picked anew

  /** Sees to it that a vCPU has a run queue and a CPU it may run on. */
  function place(k: Kernel, vcpu: VcpuId): void {
    const to = u.moveTo[vcpu]!;
    u.moveTo[vcpu] = NONE;
    if (u.queue[vcpu] === NONE) {
      u.credit[vcpu] = CREDIT_INIT_NS;
      u.chargedNs[vcpu] = k.runtimeNs(vcpu);
      u.loads.begin(vcpu, k.nowNs);
      pickCpu(k, u, vcpu);
    } else if (to !== NONE && pickIn(k, u, vcpu, to)) {
      return;
    } else if (isPicked[vcpu] === 1 || !k.allows(vcpu, u.cpu[vcpu]! as CpuId)) pickCpu(k, u, vcpu);
    isPicked[vcpu] = 0;
  }

  /** A guest has budget again: what was parked goes on (unpark_parked_units). */
  function unpark(k: Kernel, guest: GuestId): void {
    const first = k.guestFirstVcpu(guest);
    u.caps.isPending[guest] = 0;
    for (let vcpu = first; vcpu < first + k.guestVcpuCount(guest); vcpu++) {
      if (u.state[vcpu] !== PARKED) continue;
      if (k.isRunning(vcpu)) {
        u.state[vcpu] = SCHEDULED;
        continue;
      }
      u.state[vcpu] = QUEUED;
      u.loads.set(vcpu, u.queue[vcpu]!, true, k.nowNs);
      k.dsqMoveVtime(vcpu, queueDsq(u.queue[vcpu]!), vtimeOf(u, vcpu));
      tickle(k, u, vcpu);
    }
  }

  /** Until its credits are those of the next, or used up; no longer than its budget; and neither too short nor too long. */
  function sliceNs(k: Kernel, vcpu: VcpuId, isRunning: boolean): number {
    const queue = u.queue[vcpu]!;
    const { ratelimitNs } = options;
    const leftNs = isRunning ? u.startedNs[vcpu]! + ratelimitNs - k.nowNs : ratelimitNs;
    const leastNs = Math.max(MIN_TIMER_NS, ratelimitNs > 0 ? leftNs : 0);
    const waiting = k.dsqFirst(queueDsq(queue));
    let credit = u.credit[vcpu]!;
    if (waiting !== NONE && u.credit[waiting]! > 0) credit -= u.credit[waiting]!;
    const timeNs = credit > 0 ? Math.floor((credit * u.weight[vcpu]!) / u.maxWeight[queue]!) : 0;
    const budgetedNs = u.caps.has(vcpu) ? Math.min(timeNs, u.caps.budgetNs(vcpu)) : timeNs;
    return Math.ceil(Math.min(MAX_TIMER_NS, Math.max(leastNs, budgetedNs)));
  }

  /** A vCPU has been picked for a CPU: its epoch may end, and it is told how long it may run. */
  function begin(k: Kernel, vcpu: VcpuId, cpu: CpuId, prev: VcpuId): void {
    const queue = u.queue[vcpu]!;
    u.state[vcpu] = SCHEDULED;
    const head = k.dsqFirst(queueDsq(queue));
    if (u.credit[vcpu]! <= 0 && (head === NONE || u.credit[head]! <= 0)) {
      reset(k, u, queue, vcpu);
      balance(k, u, queue);
    }
    u.tickledCpu[vcpu] = NONE;
    if (u.cpu[vcpu] !== cpu) {
      u.credit[vcpu]! += MIGRATE_COMPENSATION_NS;
      u.cpu[vcpu] = cpu;
    }
    const slice = u.again || u.moveTo[vcpu] !== NONE ? AT_ONCE_NS : sliceNs(k, vcpu, vcpu === prev);
    if (vcpu === prev) keepNs[vcpu] = slice;
    else k.setSlice(vcpu, slice);
  }

  return {
    name: 'credit2',
    enqLast: true,
    init(k) {
      u = units(k, options);
      keepNs = new Float64Array(k.vcpuCount);
      yields = new Uint8Array(k.vcpuCount);
      goesOn = new Uint8Array(k.vcpuCount);
      isPicked = new Uint8Array(k.vcpuCount);
      if (!u.caps.any) return;
      k.timer(CAP_PERIOD_NS, (kernel) => {
        for (let guest = 0 as GuestId; guest < kernel.guestCount; guest++) if (u.caps.replenish(kernel, guest)) unpark(kernel, guest);
      });
    },
    selectCpu(k, vcpu) {
      place(k, vcpu);
      return u.cpu[vcpu]! as CpuId;
    },
    enqueue(k, vcpu, flags) {
      const slice = keepNs[vcpu]!;
      if (slice > 0) {
        keepNs[vcpu] = 0;
        k.dsqInsert(vcpu, (DSQ_LOCAL_ON + u.cpu[vcpu]!) as DsqId, slice, 0);
        return;
      }
      place(k, vcpu);
      if (u.state[vcpu] === PARKED && !(flags & ENQ_RESTORE)) {
        u.loads.set(vcpu, u.queue[vcpu]!, false, k.nowNs);
        k.dsqInsert(vcpu, parkedDsq(u), MAX_TIMER_NS, 0);
        return;
      }
      u.state[vcpu] = QUEUED;
      u.loads.set(vcpu, u.queue[vcpu]!, true, k.nowNs);
      k.dsqInsertVtime(vcpu, queueDsq(u.queue[vcpu]!), MAX_TIMER_NS, vtimeOf(u, vcpu), 0);
      tickle(k, u, vcpu);
    },
    dispatch(k, cpu, prev) {
      u.isTickled[cpu] = 0;
      u.deciding = cpu;
      u.again = false;
      if (u.caps.any) for (let guest = 0 as GuestId; guest < k.guestCount; guest++) if (u.caps.isPending[guest]) unpark(k, guest);
      let isYielding = false;
      if (prev !== NONE) {
        keepNs[prev] = 0;
        isYielding = yields[prev] === 1;
        yields[prev] = 0;
        burn(k, u, prev);
        if (u.caps.isSpent(prev) && !u.caps.grab(k, prev)) u.state[prev] = PARKED;
      }
      const next = candidate(k, u, cpu, prev, isYielding);
      if (next === NONE) u.loads.updateQueue(u.queues.ofCpu[cpu]!, k.nowNs);
      else if (next === prev || k.dsqMove(next)) begin(k, next, cpu, prev);
      u.deciding = NONE;
    },
    running(k, vcpu, cpu) {
      u.state[vcpu] = SCHEDULED;
      u.cpu[vcpu] = cpu;
      u.loads.set(vcpu, u.queue[vcpu]!, true, k.nowNs);
      if (goesOn[vcpu] === 0) u.startedNs[vcpu] = k.nowNs;
      goesOn[vcpu] = 0;
    },
    stopping(k, vcpu, _cpu, runnable) {
      burn(k, u, vcpu);
      goesOn[vcpu] = runnable && keepNs[vcpu]! > 0 ? 1 : 0;
      if (goesOn[vcpu] === 0) u.caps.giveBack(k, vcpu);
    },
    quiescent(k, vcpu, flags) {
      u.state[vcpu] = SLEEPS;
      keepNs[vcpu] = 0;
      if (flags & DEQ_SAVE) u.soft.forget(vcpu); // it may be that a CPU went
      u.loads.set(vcpu, u.queue[vcpu]!, false, k.nowNs);
      if (flags & DEQ_SLEEP && u.moveTo[vcpu] !== NONE) place(k, vcpu);
    },
    yield(k, vcpu) {
      yields[vcpu] = 1;
      k.setSlice(vcpu, 0);
    },
    setWeight(_k, vcpu, weight) {
      u.weight[vcpu] = weight;
      if (u.queue[vcpu] !== NONE) findMaxWeight(u, u.queue[vcpu]!);
    },
    setCpumask(_k, vcpu) {
      u.soft.forget(vcpu);
      isPicked[vcpu] = 1;
    },
    exitTask(k, vcpu) {
      assign(k, u, vcpu, NONE);
      u.moveTo[vcpu] = NONE;
      u.tickledCpu[vcpu] = NONE;
      u.state[vcpu] = SLEEPS;
    },
    cpuOnline() {
      u.soft.forgetAll();
    },
  };
}
