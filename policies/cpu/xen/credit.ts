import { type CpuPolicy, ENQ_RESTORE, ENQ_WAKEUP, KICK_IDLE, KICK_PREEMPT, type Kernel } from '../../../sim/policy-api.ts';
import { type CpuId, NONE, type NodeId, type VcpuId } from '../../../sim/units.ts';
import { BOOST, type CreditAccounts, creditAccounts, IDLE, OVER, UNDER } from './credit-accounts.ts';
import { creditPick, type Pick } from './credit-pick.ts';
import { nextIdle, nodeWise, type Steal } from './credit-steal.ts';
import { emptiestCpu, heldFirst, type NodeRule, onlyHeld } from './held-nodes.ts';
import { bestWaiting, createQueues, parkedQueue, queueOf } from './run-queues.ts';
import { softAffinity, type SoftAffinity } from './soft-affinity.ts';

const TICKS_PER_SLICE = 3;

export interface CreditOptions {
  /** sched_credit_tslice_ms: slice and accounting period, of three ticks. */
  readonly tsliceNs: number;
  /** sched_ratelimit_us: a vCPU that has just begun to run is left alone so long. */
  readonly ratelimitNs: number;
  /** vcpu_migration_delay: how long after it last ran a vCPU is not stolen. */
  readonly migrationDelayNs: number;
  /** load-balance-ratelimit: a CPU looks for work elsewhere no more often. */
  readonly stealGapNs: number;
  /** Keeps what the original does against its own comments: a vCPU that is driven off its CPU stays in its queue though another is idle. */
  readonly isFaithful: boolean;
}

/**
 * Xen's credit scheduler of today: that of 4.0 with soft affinity, looked at first in every search; one idle CPU that is told of a
 * waking vCPU in place of all; a rate limit; and stealing node by node. It may leave a CPU idle while a vCPU waits, as a CPU that has
 * just looked in vain does not look again.
 * After: Xen, common/sched/credit.c (csched_schedule, csched_unit_wake, __runq_tickle, csched_unit_acct, csched_load_balance) and
 * common/sched/core.c (sched_select_initial_cpu). Not modelled: a yielding vCPU's place behind one of less priority, kicks of idle SMT siblings.
 * @param rule holds vCPUs on nodes; without it this is Xen's own
 */
export function credit(options: CreditOptions, rule?: NodeRule): CpuPolicy {
  const { tsliceNs, ratelimitNs, stealGapNs } = options;
  let accounts: CreditAccounts;
  let soft: SoftAffinity;
  let home: SoftAffinity; // where a vCPU may belong, and
  let near: SoftAffinity; // who is told first that it waits: as `soft`, but for those a rule holds on a node
  let pick: Pick;
  let steal: Steal;
  let cpuOf = new Int32Array(0); //         [vcpu] CPU whose queue it belongs to (unit->res), or NONE
  let moveTo = new Int32Array(0); //        [vcpu] CPU it is to move to when it has left its own, or NONE
  let startedNs = new Float64Array(0); //   [vcpu] when it last began to run (state_entry_time)
  let lastBalanceNs = new Float64Array(0); // [cpu]
  let lastTickled = new Int32Array(0); //   [cpu that handles a wake] idle CPU it told last
  let nodeOf = new Int32Array(0); //        [vcpu] node a rule holds it on, or NONE
  let isSent = new Uint8Array(0); //        [vcpu] it is to go there when it is queued next
  let waker: CpuId = NONE;

  /** A guest's first vCPU starts from the first CPU of its affinity, each other from the one after its predecessor's. */
  function startCpu(k: Kernel, vcpu: VcpuId): CpuId {
    const isFirst = vcpu === k.guestFirstVcpu(k.guestOf(vcpu)) || cpuOf[vcpu - 1] === NONE;
    const after = isFirst ? k.cpuCount - 1 : cpuOf[vcpu - 1]!;
    const isSoft = home.matters(k, vcpu);
    for (let i = 1; i <= k.cpuCount; i++) {
      const cpu = ((after + i) % k.cpuCount) as CpuId;
      if (home.suits(k, vcpu, cpu, isSoft)) return cpu;
    }
    return k.taskCpu(vcpu);
  }

  /** The CPU it belongs to; another if it has none or may not run there any more. */
  function validCpu(k: Kernel, vcpu: VcpuId): CpuId {
    if (isSent[vcpu]) {
      isSent[vcpu] = 0;
      const cpu = emptiestCpu(k, vcpu, nodeOf[vcpu] as NodeId);
      if (cpu !== NONE) cpuOf[vcpu] = cpu;
    }
    if (cpuOf[vcpu] === NONE) cpuOf[vcpu] = pick(k, vcpu, startCpu(k, vcpu));
    else if (!k.allows(vcpu, cpuOf[vcpu] as CpuId)) cpuOf[vcpu] = pick(k, vcpu, cpuOf[vcpu] as CpuId);
    return cpuOf[vcpu] as CpuId;
  }

  function preempt(k: Kernel, cpu: CpuId, current: VcpuId): void {
    const leftNs = startedNs[current]! + ratelimitNs - k.nowNs;
    if (leftNs > 0) k.setSlice(current, leftNs);
    else k.kick(cpu, KICK_PREEMPT);
  }

  /** Marks a running vCPU for another CPU, which is claimed so that two of one instant do not choose the same. */
  function sendTo(k: Kernel, vcpu: VcpuId, from: CpuId, to: CpuId): boolean {
    if (to === from || !k.testAndClearIdle(to)) return false;
    moveTo[vcpu] = to;
    k.kick(from, KICK_PREEMPT);
    return true;
  }

  /** Tells one CPU of a vCPU that waits for `cpu`: that one if it is idle, else an idle one, else that one if it runs something lesser. */
  function tickle(k: Kernel, vcpu: VcpuId, cpu: CpuId): void {
    const current = k.cpuCurr(cpu);
    if (current === NONE && k.dsqNrQueued(queueOf(cpu)) === 1) {
      if (!k.testAndClearIdle(cpu)) k.kick(cpu, KICK_IDLE);
      return;
    }
    const by = waker === NONE ? cpu : waker;
    for (let step = near.matters(k, vcpu) ? 0 : 1; step < 2; step++) {
      const idle = nextIdle(k, near, vcpu, lastTickled[by]! as CpuId, step === 0);
      if (idle === NONE) continue;
      lastTickled[by] = idle;
      k.testAndClearIdle(idle);
      return;
    }
    if (current === NONE || accounts.priority[vcpu]! <= accounts.priority[current]!) return;
    if (!options.isFaithful && sendTo(k, current, cpu, pick(k, current, cpu))) return;
    preempt(k, cpu, current);
  }

  function insert(k: Kernel, vcpu: VcpuId, cpu: CpuId): void {
    k.dsqInsert(vcpu, queueOf(cpu), tsliceNs, 0);
    steal.count(k, cpu, 1);
  }

  function park(k: Kernel, vcpu: VcpuId, isParked: boolean): void {
    if (k.isRunning(vcpu)) k.kick(k.taskCpu(vcpu), KICK_PREEMPT);
    else if (!k.isRunnable(vcpu)) return;
    else if (isParked) {
      if (k.dsqMoveTo(vcpu, parkedQueue(k))) steal.count(k, cpuOf[vcpu] as CpuId, -1);
    } else requeue(k, vcpu);
  }

  /** To the queue of the CPU it belongs to, in a timer or when a CPU goes. */
  function requeue(k: Kernel, vcpu: VcpuId): void {
    const cpu = validCpu(k, vcpu);
    k.dsqMoveTo(vcpu, queueOf(cpu));
    steal.count(k, cpu, 1);
    tickle(k, vcpu, cpu);
  }

  /** Holds a vCPU on a node: one that runs leaves its CPU, one that waits goes to another queue, one that sleeps when it wakes. */
  function send(k: Kernel, vcpu: VcpuId, node: NodeId): void {
    const cpu = cpuOf[vcpu]! as CpuId;
    nodeOf[vcpu] = node;
    isSent[vcpu] = node === NONE || cpu === NONE || k.cpuNode(cpu) === node ? 0 : 1;
    if (!isSent[vcpu]) return;
    if (k.isRunning(vcpu)) k.kick(k.taskCpu(vcpu), KICK_PREEMPT);
    else if (k.isRunnable(vcpu) && k.dsqOf(vcpu) === queueOf(cpu)) {
      steal.count(k, cpu, -1);
      requeue(k, vcpu);
    }
  }

  return {
    name: 'credit',
    enqLast: true,
    hz: (TICKS_PER_SLICE * 1e9) / tsliceNs,
    init(k) {
      accounts = creditAccounts(k, { periodNs: tsliceNs, weighs: 'vcpu', keeps: 'half' }, park);
      soft = softAffinity(k);
      nodeOf = new Int32Array(k.vcpuCount).fill(NONE);
      isSent = new Uint8Array(k.vcpuCount);
      home = rule ? onlyHeld(soft, nodeOf) : soft;
      near = rule ? heldFirst(soft, nodeOf) : soft;
      pick = creditPick(k, home);
      steal = nodeWise(k, accounts, soft, options.migrationDelayNs);
      cpuOf = new Int32Array(k.vcpuCount).fill(NONE);
      moveTo = new Int32Array(k.vcpuCount).fill(NONE);
      startedNs = new Float64Array(k.vcpuCount).fill(-Infinity);
      lastBalanceNs = new Float64Array(k.cpuCount).fill(-Infinity);
      lastTickled = new Int32Array(k.cpuCount);
      createQueues(k);
      k.timer(tsliceNs, accounts.account);
      const held = { nodeOf, send };
      if (rule) k.timer(rule.periodNs, (kernel) => rule.step(kernel, held));
    },
    selectCpu(k, vcpu) {
      moveTo[vcpu] = NONE;
      waker = k.wakerCpu;
      return validCpu(k, vcpu);
    },
    enqueue(k, vcpu, flags) {
      const to = moveTo[vcpu]! as CpuId;
      const isOrdered = isSent[vcpu] === 1;
      const moves = !isOrdered && to !== NONE && k.cpuCurr(to) === NONE && k.allows(vcpu, to); // unless it was taken meanwhile
      if (moves) cpuOf[vcpu] = to;
      moveTo[vcpu] = NONE;
      const cpu = validCpu(k, vcpu);
      if (accounts.isParked[vcpu]) {
        k.dsqInsert(vcpu, parkedQueue(k), tsliceNs, 0);
        return;
      }
      if (flags & ENQ_WAKEUP && accounts.priority[vcpu] === UNDER) accounts.priority[vcpu] = BOOST;
      insert(k, vcpu, cpu);
      if (moves || isOrdered || flags & (ENQ_WAKEUP | ENQ_RESTORE)) tickle(k, vcpu, cpu);
      waker = NONE;
    },
    dequeue(k, vcpu) {
      if (!accounts.isParked[vcpu]) steal.count(k, cpuOf[vcpu] as CpuId, -1);
    },
    dispatch(k, cpu, prev) {
      if (prev !== NONE) accounts.burn(k, prev);
      const stays = prev !== NONE && !accounts.isParked[prev] && moveTo[prev] === NONE && !isSent[prev];
      const prevPriority = stays ? accounts.priority[prev]! : IDLE;
      const waiting = bestWaiting(k, accounts, cpu, prevPriority - 1, cpu, 0); // one that waits goes before an equal that has just run
      const priority = waiting === NONE ? prevPriority : accounts.priority[waiting]!;
      let next = waiting;
      if (priority <= OVER && k.nowNs - lastBalanceNs[cpu]! >= stealGapNs) {
        lastBalanceNs[cpu] = k.nowNs;
        const stolen = steal.find(k, cpu, priority);
        if (stolen !== NONE) next = stolen;
      }
      if (next === NONE || !k.dsqMove(next)) return;
      steal.count(k, cpuOf[next] as CpuId, -1);
      cpuOf[next] = cpu;
    },
    tick(k, vcpu, cpu) {
      if (accounts.priority[vcpu] === BOOST) accounts.priority[vcpu] = UNDER;
      accounts.burn(k, vcpu);
      if (!accounts.isActive[vcpu]) accounts.activate(k, vcpu);
      else sendTo(k, vcpu, cpu, pick(k, vcpu, cpu));
    },
    running(k, vcpu) {
      startedNs[vcpu] = k.nowNs;
    },
    stopping(k, vcpu) {
      accounts.burn(k, vcpu);
    },
    setCpumask(_k, vcpu) {
      soft.forget(vcpu);
    },
    exitTask(k, vcpu) {
      accounts.forget(k, vcpu);
      cpuOf[vcpu] = NONE;
      moveTo[vcpu] = NONE;
      nodeOf[vcpu] = NONE;
      isSent[vcpu] = 0;
    },
    cpuOnline() {
      soft.forgetAll();
    },
    cpuOffline(k, cpu) {
      soft.forgetAll();
      for (let vcpu = k.dsqFirst(queueOf(cpu)); vcpu !== NONE; vcpu = k.dsqFirst(queueOf(cpu))) {
        steal.count(k, cpu, -1);
        requeue(k, vcpu);
      }
    },
  };
}
