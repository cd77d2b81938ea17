import { type CpuPolicy, ENQ_WAKEUP, KICK_IDLE, KICK_PREEMPT, type Kernel, WAKE_FORK } from '../../../sim/policy-api.ts';
import { type CpuId, ms, NONE, type NodeId, type VcpuId } from '../../../sim/units.ts';
import { BOOST, type CreditAccounts, creditAccounts, IDLE, OVER, RULES_OF_4_0, UNDER } from './credit-accounts.ts';
import { bestWaiting, createQueues, parkedQueue, queueOf } from './run-queues.ts';

const SLICE_NS = ms(30);
const TICKS_PER_SECOND = 100;

/**
 * Xen's credit scheduler as of 4.0, which knows sockets but no nodes. A queue a CPU, first come first served within BOOST, UNDER and
 * OVER; a vCPU that wakes with credits left is boosted until a tick finds it running; a CPU that has only vCPUs without credits, or
 * none, steals from the next CPU by number that has better; and every 10 ms a running vCPU moves to a socket that is more idle. A vCPU
 * whose guest has had its cap is parked until an accounting finds it with credits.
 * After: Xen 4.0, common/sched_credit.c (csched_schedule, csched_vcpu_wake, __runq_tickle, csched_load_balance, csched_cpu_pick) and
 * common/domctl.c (default_vcpu0_location). Not modelled: a vCPU's pCPU is chosen when it first wakes, not when its guest is built.
 * @param migrationDelayNs vcpu_migration_delay: how long after it last ran a vCPU is not stolen, because its cache is hot; off in 4.0
 */
export function credit40(migrationDelayNs = 0): CpuPolicy {
  let accounts: CreditAccounts;
  let cpuOf = new Int32Array(0); //      [vcpu] CPU whose queue it belongs to (v->processor), or NONE
  let createdOn = new Int32Array(0); //  [vcpu] the same when it was created, before any mask
  let moveTo = new Int32Array(0); //     [vcpu] CPU it is to move to when it has left its own, or NONE
  let vcpusOn = new Int32Array(0); //    [cpu]
  let lastPicked = new Int32Array(0); // [socket] CPU picked last, so that the next one is another

  function assign(vcpu: VcpuId, cpu: CpuId): void {
    const old = cpuOf[vcpu]!;
    if (old !== NONE) vcpusOn[old]!--;
    vcpusOn[cpu]!++;
    cpuOf[vcpu] = cpu;
  }

  /** The first vCPU of a guest starts on the CPU with the fewest, ties to the highest; each other on the CPU after its predecessor's. */
  function startCpu(k: Kernel, vcpu: VcpuId): CpuId {
    const before = vcpu === k.guestFirstVcpu(k.guestOf(vcpu)) ? NONE : createdOn[vcpu - 1]!;
    let cpu = 0;
    if (before !== NONE) cpu = (before + 1) % k.cpuCount;
    else for (let other = 1; other < k.cpuCount; other++) if (vcpusOn[other]! <= vcpusOn[cpu]!) cpu = other;
    createdOn[vcpu] = cpu;
    return k.allows(vcpu, cpu as CpuId) ? (cpu as CpuId) : pickInMask(k, vcpu);
  }

  /** Pinned elsewhere, it is picked anew among the CPUs it may use: an idle one if there is, the one with the fewest vCPUs of these. */
  function pickInMask(k: Kernel, vcpu: VcpuId): CpuId {
    let best: CpuId = NONE;
    let least = Infinity;
    for (let cpu = 0 as CpuId; cpu < k.cpuCount; cpu++) {
      if (!k.allows(vcpu, cpu)) continue;
      const load = vcpusOn[cpu]! + (k.isIdle(cpu) ? 0 : k.vcpuCount);
      if (load >= least) continue;
      best = cpu;
      least = load;
    }
    return best;
  }

  /** Interrupts the CPU if it runs something lesser; if it is busy at all, every idle CPU is told that there is something to steal. */
  function tickle(k: Kernel, vcpu: VcpuId, cpu: CpuId): void {
    const current = k.cpuCurr(cpu);
    if (current === NONE) {
      k.kick(cpu, KICK_IDLE);
      if (k.dsqNrQueued(queueOf(cpu)) === 1) return; // else it is about to run another
    } else if (accounts.priority[vcpu]! > accounts.priority[current]!) k.kick(cpu, KICK_PREEMPT);
    const isFree = k.nrAllowed(vcpu) === k.cpuCount;
    for (let node = 0 as NodeId; node < k.nodeCount; node++) {
      if (k.nrIdle(node) === 0 || !k.allowsNode(vcpu, node)) continue;
      const first = k.nodeFirstCpu(node);
      for (let i = 0; i < k.nodeCpuCount(node); i++) {
        const idler = (first + i) as CpuId;
        if (k.isIdle(idler) && (isFree || k.allows(vcpu, idler))) k.kick(idler, KICK_IDLE);
      }
    }
  }

  /** Of a vCPU that is parked or may go on: one that runs leaves its CPU, one that waits goes to the other queue. */
  function park(k: Kernel, vcpu: VcpuId, isParked: boolean): void {
    if (k.isRunning(vcpu)) k.kick(k.taskCpu(vcpu), KICK_PREEMPT);
    else if (!k.isRunnable(vcpu)) return;
    else if (isParked) k.dsqMoveTo(vcpu, parkedQueue(k));
    else {
      const cpu = validCpu(k, vcpu);
      k.dsqMoveTo(vcpu, queueOf(cpu));
      tickle(k, vcpu, cpu);
    }
  }

  /** The CPU it belongs to, or another if it may not run there any more. */
  function validCpu(k: Kernel, vcpu: VcpuId): CpuId {
    const isFree = k.nrAllowed(vcpu) === k.cpuCount; // costs nothing to ask
    if (!isFree && !k.allows(vcpu, cpuOf[vcpu]! as CpuId)) assign(vcpu, pickInMask(k, vcpu));
    return cpuOf[vcpu]! as CpuId;
  }

  function steal(k: Kernel, cpu: CpuId, above: number): VcpuId {
    for (let i = 1; i < k.cpuCount; i++) {
      const peer = ((cpu + i) % k.cpuCount) as CpuId;
      if (k.cpuCurr(peer) === NONE && k.dsqNrQueued(queueOf(peer)) <= 1) continue; // it is about to run its own
      const vcpu = bestWaiting(k, accounts, peer, above, cpu, migrationDelayNs);
      if (vcpu !== NONE) return vcpu;
    }
    return NONE;
  }

  /** Where a running vCPU would be better off: on an idle CPU of a socket with more idle CPUs than its own, itself counted. */
  function betterCpu(k: Kernel, vcpu: VcpuId, cpu: CpuId): CpuId {
    const here = k.cpuNode(cpu);
    let best = k.nodeSocket(here);
    let mostIdle = idleOfSocket(k, best) + 1;
    for (let i = 1; i < k.nodeCount; i++) {
      const node = ((here + i) % k.nodeCount) as NodeId;
      if (k.nrIdle(node) === 0 || !k.allowsNode(vcpu, node)) continue;
      const idle = idleOfSocket(k, k.nodeSocket(node));
      if (idle <= mostIdle) continue;
      mostIdle = idle;
      best = k.nodeSocket(node);
    }
    if (best === k.nodeSocket(here)) return cpu;
    const last = lastPicked[best]!;
    for (let i = 1; i <= k.cpuCount; i++) {
      const other = ((last + i) % k.cpuCount) as CpuId;
      if (k.nodeSocket(k.cpuNode(other)) === best && k.isIdle(other) && k.allows(vcpu, other)) return (lastPicked[best] = other);
    }
    return cpu;
  }

  return {
    name: 'credit',
    enqLast: true,
    hz: TICKS_PER_SECOND,
    init(k) {
      accounts = creditAccounts(k, RULES_OF_4_0, park);
      cpuOf = new Int32Array(k.vcpuCount).fill(NONE);
      createdOn = new Int32Array(k.vcpuCount).fill(NONE);
      moveTo = new Int32Array(k.vcpuCount).fill(NONE);
      vcpusOn = new Int32Array(k.cpuCount);
      lastPicked = new Int32Array(socketCount(k));
      createQueues(k);
      k.timer(RULES_OF_4_0.periodNs, accounts.account);
    },
    selectCpu(k, vcpu, _prev, flags) {
      moveTo[vcpu] = NONE;
      if (flags & WAKE_FORK || cpuOf[vcpu] === NONE) assign(vcpu, startCpu(k, vcpu));
      return validCpu(k, vcpu);
    },
    enqueue(k, vcpu, flags) {
      const to = moveTo[vcpu]! as CpuId;
      const moves = to !== NONE && k.cpuCurr(to) === NONE; // unless it was taken meanwhile
      if (moves) assign(vcpu, to);
      moveTo[vcpu] = NONE;
      if (cpuOf[vcpu] === NONE) assign(vcpu, k.taskCpu(vcpu)); // it may use one CPU only
      const cpu = validCpu(k, vcpu);
      if (accounts.isParked[vcpu]) {
        k.dsqInsert(vcpu, parkedQueue(k), SLICE_NS, 0);
        return;
      }
      const arrives = (flags & ENQ_WAKEUP) !== 0 || moves; // a move ends in a wake, boost and all
      if (arrives && accounts.priority[vcpu] === UNDER) accounts.priority[vcpu] = BOOST;
      k.dsqInsert(vcpu, queueOf(cpu), SLICE_NS, 0);
      if (arrives) tickle(k, vcpu, cpu);
    },
    dispatch(k, cpu, prev) {
      if (prev !== NONE) accounts.burn(k, prev);
      const prevPriority = prev === NONE || accounts.isParked[prev] ? IDLE : accounts.priority[prev]!;
      const waiting = bestWaiting(k, accounts, cpu, prevPriority - 1, cpu, 0); // one that waits goes before an equal that has just run
      const priority = waiting === NONE ? prevPriority : accounts.priority[waiting]!;
      const stolen = priority > OVER ? NONE : steal(k, cpu, priority);
      if (stolen !== NONE && k.dsqMove(stolen)) assign(stolen, cpu);
      else if (waiting !== NONE) k.dsqMove(waiting);
    },
    tick(k, vcpu, cpu) {
      if (accounts.priority[vcpu] === BOOST) accounts.priority[vcpu] = UNDER;
      accounts.burn(k, vcpu);
      if (!accounts.isActive[vcpu]) {
        accounts.activate(k, vcpu);
        return;
      }
      const better = betterCpu(k, vcpu, cpu);
      if (better === cpu || !k.testAndClearIdle(better)) return; // claimed, so that ticks of one instant do not choose alike
      moveTo[vcpu] = better;
      k.kick(cpu, KICK_PREEMPT);
    },
    stopping(k, vcpu) {
      accounts.burn(k, vcpu);
    },
    exitTask(k, vcpu) {
      accounts.forget(k, vcpu);
      if (cpuOf[vcpu] !== NONE) vcpusOn[cpuOf[vcpu]!]!--;
      cpuOf[vcpu] = NONE;
      moveTo[vcpu] = NONE;
    },
    cpuOffline(k, cpu) {
      for (let vcpu = k.dsqFirst(queueOf(cpu)); vcpu !== NONE; vcpu = k.dsqFirst(queueOf(cpu))) {
        const to = validCpu(k, vcpu);
        k.dsqMoveTo(vcpu, queueOf(to));
        tickle(k, vcpu, to);
      }
    },
  };
}

function idleOfSocket(k: Kernel, socket: number): number {
  let idle = 0;
  for (let node = 0 as NodeId; node < k.nodeCount; node++) if (k.nodeSocket(node) === socket) idle += k.nrIdle(node);
  return idle;
}

function socketCount(k: Kernel): number {
  let count = 0;
  for (let node = 0 as NodeId; node < k.nodeCount; node++) count = Math.max(count, k.nodeSocket(node) + 1);
  return count;
}
