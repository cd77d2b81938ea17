import { type CpuPolicy, DEQ_SLEEP, ENQ_RESTORE, ENQ_WAKEUP, KICK_IDLE, KICK_PREEMPT, type Kernel } from '../../../sim/policy-api.ts';
import { type CpuId, NONE, type VcpuId } from '../../../sim/units.ts';
import { type Balance, type FairQueues, queueOf } from './balance.ts';

/** What tells CFS and EEVDF apart: the order in which vCPUs of one CPU run. Called on the hot path: must not allocate. */
export interface FairOrder {
  readonly name: string;
  init(k: Kernel): void;
  /** Puts a vCPU on a CPU's virtual clock: place_entity. `isNew` for its first time ever, `isWake` after sleep. */
  join(k: Kernel, vcpu: VcpuId, cpu: CpuId, isNew: boolean, isWake: boolean): void;
  /** Takes it off, its time charged already; what it is ahead or behind is kept. False if it sleeps but stays to make up for its lead. */
  leave(k: Kernel, vcpu: VcpuId, cpu: CpuId, isSleep: boolean): boolean;
  /** Where it stands in the queue: lower first. */
  key(vcpu: VcpuId): number;
  /** update_curr: charges the vCPU that runs, or has just stopped. True if its turn is over and others wait. */
  charge(k: Kernel, vcpu: VcpuId, cpu: CpuId): boolean;
  /** The tick's own rule, after charge. */
  isTickOver?(k: Kernel, vcpu: VcpuId, cpu: CpuId): boolean;
  /** It starts to run, after another: set_next_entity. */
  start(k: Kernel, vcpu: VcpuId): void;
  /** The next of those that wait and `current`, which still may run (or NONE); NONE if there is none. */
  pick(k: Kernel, cpu: CpuId, current: VcpuId): VcpuId;
  /** Whether a vCPU that has just been queued takes the CPU from `current`, whose time is charged. */
  preempts(k: Kernel, vcpu: VcpuId, current: VcpuId, cpu: CpuId): boolean;
  /** yield_task_fair, after charge. */
  yield(k: Kernel, vcpu: VcpuId, cpu: CpuId): void;
  /** reweight_entity: `vcpu` is on no clock. */
  setWeight(vcpu: VcpuId, weight: number): void;
  /** CPU on whose clock a sleeper stays, or NONE. */
  sleepsOn?(vcpu: VcpuId): CpuId;
  /** It goes for good, or the CPU does: none stays asleep on a clock. */
  forget?(vcpu: VcpuId): void;
  forgetSleepers?(cpu: CpuId): void;
  nrRunning(cpu: CpuId): number;
  weightSum(cpu: CpuId): number;
}

/**
 * Linux's fair class around an order: a queue a CPU, wakes that preempt, turns that end at a tick or when something is queued, never
 * between (no hrtick). The queue of CPU c is dispatch queue c; slices are endless, a turn ends by resched_curr.
 * After: kernel/sched/fair.c: enqueue_task_fair, dequeue_task_fair, pick_next_task_fair, task_tick_fair, check_preempt_wakeup_fair.
 */
export function fairClass(order: FairOrder, balance: Balance, hz: number): CpuPolicy {
  let clockOf = new Int32Array(0); //  [vcpu] CPU on whose clock it is, or NONE
  let hasRun = new Uint8Array(0); //   [vcpu] 1 once it was queued
  let runsOn = new Uint8Array(0); //   [cpu] 1 if its vCPU was chosen again: the core gave it a slice that must not count
  let turn = new Int32Array(0); //     [cpu] vCPU whose turn it is, or NONE: one that goes on does not start anew

  /** update_curr, which ends a turn that is over whenever something is queued or taken out. */
  function chargeCurrent(k: Kernel, cpu: CpuId): void {
    const current = k.cpuCurr(cpu);
    if (current !== NONE && clockOf[current] === cpu && order.charge(k, current, cpu)) k.kick(cpu, KICK_PREEMPT);
  }

  function join(k: Kernel, vcpu: VcpuId, cpu: CpuId, isWake: boolean): void {
    if (order.sleepsOn?.(vcpu) !== cpu) chargeCurrent(k, cpu); // requeue_delayed_entity does not: it looks at a clock that is behind
    order.join(k, vcpu, cpu, hasRun[vcpu] === 0, isWake);
    hasRun[vcpu] = 1;
    clockOf[vcpu] = cpu;
  }

  function leave(k: Kernel, vcpu: VcpuId, isSleep: boolean): void {
    const cpu = clockOf[vcpu]! as CpuId;
    if (cpu === NONE) return;
    if (k.cpuCurr(cpu) !== vcpu) chargeCurrent(k, cpu);
    order.leave(k, vcpu, cpu, isSleep);
    clockOf[vcpu] = NONE;
    if (turn[cpu] === vcpu) turn[cpu] = NONE;
  }

  /** check_preempt_wakeup_fair. */
  function checkPreempt(k: Kernel, vcpu: VcpuId, cpu: CpuId): void {
    const current = k.cpuCurr(cpu);
    if (current === NONE || clockOf[current] !== cpu) return;
    chargeCurrent(k, cpu);
    if (order.preempts(k, vcpu, current, cpu)) k.kick(cpu, KICK_PREEMPT);
  }

  const queues: FairQueues = {
    nrRunning: (_, cpu) => order.nrRunning(cpu),
    load: (_, cpu) => (order.weightSum(cpu) * 100) / 1024,
    migrate(k, vcpu, to) {
      if (!k.allows(vcpu, to)) return false;
      leave(k, vcpu, false);
      join(k, vcpu, to, false);
      k.dsqMoveVtime(vcpu, queueOf(to), order.key(vcpu));
      if (k.cpuCurr(to) === NONE) k.kick(to, KICK_IDLE);
      else checkPreempt(k, vcpu, to);
      return true;
    },
  };

  return {
    name: `${order.name}/${balance.name}`,
    enqLast: balance.requeue !== undefined,
    hz,
    init(k) {
      clockOf = new Int32Array(k.vcpuCount).fill(NONE);
      hasRun = new Uint8Array(k.vcpuCount);
      runsOn = new Uint8Array(k.cpuCount);
      turn = new Int32Array(k.cpuCount).fill(NONE);
      for (let cpu = 0 as CpuId; cpu < k.cpuCount; cpu++) k.createDsq(queueOf(cpu));
      order.init(k);
      balance.init?.(k, queues);
    },
    selectCpu(k, vcpu, prev, flags) {
      const cpu = order.sleepsOn?.(vcpu) ?? NONE; // still on a clock, so it is queued there: ttwu_runnable
      return cpu !== NONE && k.allows(vcpu, cpu) ? cpu : balance.choose(k, vcpu, prev, flags);
    },
    enqueue(k, vcpu, flags) {
      if (flags & (ENQ_WAKEUP | ENQ_RESTORE)) {
        const cpu = k.taskCpu(vcpu);
        join(k, vcpu, cpu, (flags & ENQ_WAKEUP) !== 0);
        k.dsqInsertVtime(vcpu, queueOf(cpu), Infinity, order.key(vcpu), flags);
        checkPreempt(k, vcpu, cpu);
        return;
      }
      const from = clockOf[vcpu]! as CpuId;
      const cpu = balance.requeue?.(k, vcpu, from) ?? from;
      if (cpu !== from) {
        leave(k, vcpu, false);
        join(k, vcpu, cpu, false);
      }
      k.dsqInsertVtime(vcpu, queueOf(cpu), Infinity, order.key(vcpu), flags);
      if (cpu !== from) k.kick(cpu, KICK_IDLE);
    },
    dispatch(k, cpu, prev) {
      if (prev !== NONE) order.charge(k, prev, cpu);
      let next = order.pick(k, cpu, prev);
      if (next === NONE && balance.newidle(k, cpu)) next = order.pick(k, cpu, NONE);
      if (next === prev) runsOn[cpu] = prev === NONE ? 0 : 1;
      else if (next !== NONE) k.dsqMove(next);
    },
    running(k, vcpu, cpu) {
      if (clockOf[vcpu] !== cpu) join(k, vcpu, cpu, false); // it was taken off for a change while it ran
      if (turn[cpu] !== vcpu) order.start(k, vcpu);
      turn[cpu] = vcpu;
      runsOn[cpu] = 0;
    },
    stopping(k, vcpu, cpu) {
      if (clockOf[vcpu] === cpu) order.charge(k, vcpu, cpu);
    },
    quiescent(k, vcpu, flags) {
      leave(k, vcpu, (flags & DEQ_SLEEP) !== 0);
    },
    tick(k, vcpu, cpu) {
      if (runsOn[cpu] === 1) k.setSlice(vcpu, Infinity);
      runsOn[cpu] = 0;
      const isOver = order.charge(k, vcpu, cpu);
      if (isOver || order.isTickOver?.(k, vcpu, cpu)) k.setSlice(vcpu, 0); // resched_curr, on its own CPU
      balance.tick?.(k, cpu, vcpu);
    },
    yield(k, vcpu) {
      const cpu = k.taskCpu(vcpu);
      if (order.nrRunning(cpu) === 1) return;
      order.charge(k, vcpu, cpu);
      order.yield(k, vcpu, cpu);
      k.setSlice(vcpu, 0);
    },
    setWeight(_, vcpu, weight) {
      order.setWeight(vcpu, weight);
    },
    exitTask(_, vcpu) {
      order.forget?.(vcpu);
      hasRun[vcpu] = 0;
    },
    cpuOffline(k, cpu) {
      order.forgetSleepers?.(cpu);
      for (let vcpu = k.dsqFirst(queueOf(cpu)); vcpu !== NONE; vcpu = k.dsqFirst(queueOf(cpu))) {
        queues.migrate(k, vcpu, fallbackCpu(k, vcpu, cpu));
      }
    },
  };
}

/** select_fallback_rq: a CPU it may use, of the same node if one is. */
function fallbackCpu(k: Kernel, vcpu: VcpuId, gone: CpuId): CpuId {
  const node = k.cpuNode(gone);
  let any: CpuId = NONE;
  for (let cpu = 0 as CpuId; cpu < k.cpuCount; cpu++) {
    if (!k.allows(vcpu, cpu)) continue;
    if (k.cpuNode(cpu) === node) return cpu;
    if (any === NONE) any = cpu;
  }
  return any;
}
