import { type Kernel, KICK_IDLE, KICK_PREEMPT, WAKE_FORK } from '../../sim/policy-api.ts';
import { type CpuId, ms, NONE, type NodeId, us, type VcpuId } from '../../sim/units.ts';
import { type Balance, type FairQueues, queueOf } from './linux/balance.ts';

/** How often vCPUs away from home are looked after, and what waits is offered to idle CPUs: a tick of 250 per second. */
const PERIOD_NS = ms(4);
/** A vCPU that ran this recently still has its cache: sched_migration_cost. */
const CACHE_HOT_NS = us(500);
/** What a vCPU's counters are worth keeping after: its share of stall is renewed once it has run so long. Assumed. */
const SHARE_WINDOW_NS = ms(5);
/** Weight of a new share among those before. Assumed. */
const SHARE_GAIN = 0.3;
/** What SLIT calls local. */
const LOCAL_DISTANCE = 10;

export interface ApartOptions {
  /** Share of its time a vCPU is thought to stall on memory at home, until it has been counted. */
  readonly share: number;
  /** How much longer the wait must be than the stall it spares, as a share of the time run: against moves that hardly pay. */
  readonly margin: number;
}

/**
 * Guests apart without pins: each vCPU has soft homes, the nodes of its guest's soft mask, where its memory is. It wakes on an idle CPU at
 * home. A CPU takes over what waits at a CPU of its own node (they share the last-level cache) freely, and from another node, nearest first,
 * only what is expected to wait longer there than it would stall more here, both in time per time run:
 *     others / 2  >  share * (distance from here to home / distance from there to home - 1) + margin
 * `others` run or wait on its CPU, and half of each one's work is thought to be done by the time the vCPU would have its turn; `share` is
 * its share of time stalled on memory, counted by the PMU and put down to where it ran. It goes home once a CPU idles there.
 * After: A. Przywara, "Virtualizing NUMA", Linux Plumbers 2010: schedule guests apart, like Xen, but without pinning; Xen's soft affinity
 * and its give-way (credit2, soft_aff_preempt), scx_rusty's threshold between nodes.
 */
export function apart({ share, margin }: ApartOptions): Balance {
  let queues: FairQueues;
  let wayHome = new Int32Array(0); //  [vcpu] CPU at home that it is to go to when it has left its own, or NONE
  let isEvicted = new Uint8Array(0); // [vcpu] it goes there even to wait
  let shares = new Float64Array(0); // [vcpu] of its time stalled on memory, were it at home
  let ranNs = new Float64Array(0); //  [vcpu] counters when its share was last renewed
  let stalledNs = new Float64Array(0);
  let started = new Int32Array(0); //  [node] vCPUs without a home that started there

  /** Renews the share of stall of a vCPU from its counters. Away from home it stalls more: by distance, as far as it knows. */
  function count(k: Kernel, vcpu: VcpuId, cpu: CpuId): void {
    const run = k.pmuRunNs(vcpu);
    const lastNs = run - ranNs[vcpu]!;
    if (lastNs < SHARE_WINDOW_NS) return;
    const stalled = k.pmuStallNs(vcpu);
    const stallNs = Math.max(0, Math.min(lastNs, stalled - stalledNs[vcpu]!));
    ranNs[vcpu] = run;
    stalledNs[vcpu] = stalled;
    const atHomeNs = (stallNs * LOCAL_DISTANCE) / homeDistance(k, vcpu, k.cpuNode(cpu));
    const now = atHomeNs / (lastNs - stallNs + atHomeNs);
    shares[vcpu]! += SHARE_GAIN * (now - shares[vcpu]!);
  }

  /** Whether a vCPU that waits for `from`, or would, should run on `cpu` instead. */
  function isWorthIt(k: Kernel, vcpu: VcpuId, cpu: CpuId, from: CpuId, others: number): boolean {
    const here = k.cpuNode(cpu);
    const there = k.cpuNode(from);
    if (here === there || !k.hasSoft(vcpu)) return true;
    const further = homeDistance(k, vcpu, here) / homeDistance(k, vcpu, there) - 1;
    return others / 2 > shares[vcpu]! * further + margin;
  }

  function mayTake(k: Kernel, vcpu: VcpuId, cpu: CpuId, from: CpuId): boolean {
    const stoppedNs = k.stoppedNs(vcpu);
    if (stoppedNs !== 0 && k.nowNs - stoppedNs < CACHE_HOT_NS) return false;
    return isWorthIt(k, vcpu, cpu, from, queues.nrRunning(k, from) - 1);
  }

  /** What waits for one of the CPUs of a node and may go to `cpu`: from the longest queue. NONE without. */
  function waitingOn(k: Kernel, node: NodeId, cpu: CpuId): VcpuId {
    const first = k.nodeFirstCpu(node);
    let best: VcpuId = NONE;
    let longest = 0;
    for (let i = 0; i < k.nodeCpuCount(node); i++) {
      const from = (first + i) as CpuId;
      const length = k.dsqNrQueued(queueOf(from));
      if (length <= longest || k.cpuCurr(from) === NONE) continue; // an idle CPU is about to run its own
      for (let vcpu = k.dsqFirst(queueOf(from)); vcpu !== NONE; vcpu = k.dsqNext(vcpu)) {
        if (!k.allows(vcpu, cpu) || !mayTake(k, vcpu, cpu, from)) continue;
        best = vcpu;
        longest = length;
        break;
      }
    }
    return best;
  }

  /** Each waiting vCPU that an idle CPU should take over is offered to the nearest such CPU; each vCPU away from home is sent back. */
  function look(k: Kernel): void {
    let idle = 0;
    for (let node = 0 as NodeId; node < k.nodeCount; node++) idle += k.nrIdle(node);
    if (idle === 0) return;
    for (let cpu = 0 as CpuId; cpu < k.cpuCount; cpu++) {
      const current = k.cpuCurr(cpu);
      if (current === NONE) continue;
      if (k.hasSoft(current) && !k.prefers(current, cpu)) sendHome(k, current, cpu);
      if (k.dsqNrQueued(queueOf(cpu)) > 0) offer(k, cpu);
    }
  }

  function sendHome(k: Kernel, vcpu: VcpuId, cpu: CpuId): void {
    const idle = idleAtHome(k, vcpu, NONE);
    if (idle === NONE) return;
    wayHome[vcpu] = idle;
    k.kick(cpu, KICK_PREEMPT);
  }

  function offer(k: Kernel, from: CpuId): void {
    for (let vcpu = k.dsqFirst(queueOf(from)); vcpu !== NONE; vcpu = k.dsqNext(vcpu)) {
      for (let i = 0; i < k.nodeCount; i++) {
        const node = k.nthNearest(k.cpuNode(from), i);
        if (k.nrIdle(node) === 0 || !k.allowsNode(vcpu, node)) continue;
        const cpu = k.pickIdleCpuNode(vcpu, node, k.nodeFirstCpu(node));
        if (cpu === NONE) continue;
        if (mayTake(k, vcpu, cpu, from)) k.kick(cpu, KICK_IDLE);
        break; // it asks for work and finds this, or idles again
      }
    }
  }

  /** Claims an idle CPU of its homes, the CPU `prev` or the ones after it first. */
  function idleAtHome(k: Kernel, vcpu: VcpuId, prev: CpuId): CpuId {
    for (let node = 0 as NodeId; node < k.nodeCount; node++) {
      if (!isHome(k, vcpu, node) || k.nrIdle(node) === 0) continue;
      const start = prev !== NONE && k.cpuNode(prev) === node ? prev : k.nodeFirstCpu(node);
      const cpu = k.pickIdleCpuNode(vcpu, node, start);
      if (cpu !== NONE) return cpu;
    }
    return NONE;
  }

  /** A CPU of its homes that runs a vCPU whose home is elsewhere: that one gives way and waits at its own home. NONE without. */
  function takenAtHome(k: Kernel, vcpu: VcpuId): CpuId {
    for (let node = 0 as NodeId; node < k.nodeCount; node++) {
      if (!isHome(k, vcpu, node)) continue;
      const first = k.nodeFirstCpu(node);
      for (let i = 0; i < k.nodeCpuCount(node); i++) {
        const cpu = (first + i) as CpuId;
        const current = k.cpuCurr(cpu);
        if (current === NONE || !k.hasSoft(current) || k.prefers(current, cpu) || !k.allows(vcpu, cpu)) continue;
        if (wayHome[current] !== NONE) continue; // it leaves for another
        wayHome[current] = shortestAtHome(k, current);
        isEvicted[current] = 1;
        k.kick(cpu, KICK_PREEMPT);
        return cpu;
      }
    }
    return NONE;
  }

  /** The CPU with the fewest vCPUs running and waiting among those of its homes that it may use; the first it may use without. */
  function shortestAtHome(k: Kernel, vcpu: VcpuId): CpuId {
    let best: CpuId = NONE;
    for (let node = 0 as NodeId; node < k.nodeCount; node++) if (isHome(k, vcpu, node)) best = shortestOn(k, vcpu, node, best);
    return best;
  }

  /** The CPU of a node with fewer vCPUs than `best` has, ties by id; `best` if none has. */
  function shortestOn(k: Kernel, vcpu: VcpuId, node: NodeId, best: CpuId): CpuId {
    const first = k.nodeFirstCpu(node);
    let fewest = best === NONE ? Infinity : queues.nrRunning(k, best);
    for (let i = 0; i < k.nodeCpuCount(node); i++) {
      const cpu = (first + i) as CpuId;
      const length = queues.nrRunning(k, cpu);
      if (length >= fewest || !k.allows(vcpu, cpu)) continue;
      best = cpu;
      fewest = length;
    }
    return best;
  }

  /** A vCPU with homes: idle at home; else, if that pays, on the nearest idle CPU; else it waits at home. */
  function chooseHome(k: Kernel, vcpu: VcpuId, prev: CpuId): CpuId {
    const isPrevHome = prev !== NONE && k.prefers(vcpu, prev) && k.allows(vcpu, prev);
    if (isPrevHome && k.testAndClearIdle(prev)) return prev;
    const idle = idleAtHome(k, vcpu, isPrevHome ? prev : NONE);
    if (idle !== NONE) return idle;
    const taken = takenAtHome(k, vcpu);
    if (taken !== NONE) return taken;
    const home = shortestAtHome(k, vcpu);
    if (home === NONE) return k.pickIdleCpu(vcpu);
    const others = queues.nrRunning(k, home);
    const near = k.cpuNode(home);
    for (let i = 1; i < k.nodeCount; i++) {
      const node = k.nthNearest(near, i);
      if (k.nrIdle(node) === 0 || !k.allowsNode(vcpu, node)) continue;
      if (!isWorthIt(k, vcpu, k.nodeFirstCpu(node), home, others)) return home; // nor would a further one be
      const cpu = k.pickIdleCpuNode(vcpu, node, k.nodeFirstCpu(node));
      if (cpu !== NONE) return cpu;
    }
    return home;
  }

  /** One without: its last CPU, an idle one near it, or any; at first on the node with the most CPUs idle. */
  function chooseFloating(k: Kernel, vcpu: VcpuId, prev: CpuId, flags: number): CpuId {
    if (flags & WAKE_FORK || prev === NONE) {
      const node = idlestNode(k, vcpu);
      started[node]!++;
      const idle = k.pickIdleCpuNode(vcpu, node, k.nodeFirstCpu(node));
      return idle === NONE ? shortestOn(k, vcpu, node, NONE) : idle;
    }
    const cpu = k.selectCpuDfl(vcpu, prev);
    return cpu === NONE ? prev : cpu;
  }

  /** Of the nodes it may use, the one with the largest share of its CPUs idle; ties by vCPUs started there, then by id. */
  function idlestNode(k: Kernel, vcpu: VcpuId): NodeId {
    let best: NodeId = NONE;
    let most = -1;
    for (let node = 0 as NodeId; node < k.nodeCount; node++) {
      if (!k.allowsNode(vcpu, node)) continue;
      const idle = k.nrIdle(node) / k.nodeCpuCount(node);
      if (idle < most || (idle === most && started[node]! >= started[best]!)) continue;
      best = node;
      most = idle;
    }
    return best;
  }

  return {
    name: 'apart',
    init(k, its) {
      queues = its;
      wayHome = new Int32Array(k.vcpuCount).fill(NONE);
      isEvicted = new Uint8Array(k.vcpuCount);
      shares = new Float64Array(k.vcpuCount).fill(share);
      ranNs = new Float64Array(k.vcpuCount);
      stalledNs = new Float64Array(k.vcpuCount);
      started = new Int32Array(k.nodeCount);
      k.timer(PERIOD_NS, look);
    },
    choose(k, vcpu, prev, flags) {
      wayHome[vcpu] = NONE;
      isEvicted[vcpu] = 0;
      if (!k.hasSoft(vcpu)) return chooseFloating(k, vcpu, prev, flags);
      if (prev !== NONE) count(k, vcpu, prev);
      return chooseHome(k, vcpu, flags & WAKE_FORK ? NONE : prev);
    },
    newidle(k, cpu) {
      for (let i = 0; i < k.nodeCount; i++) {
        const vcpu = waitingOn(k, k.nthNearest(k.cpuNode(cpu), i), cpu);
        if (vcpu !== NONE) return queues.migrate(k, vcpu, cpu);
      }
      return false;
    },
    tick(k, cpu, vcpu) {
      if (k.hasSoft(vcpu)) count(k, vcpu, cpu);
    },
    requeue(k, vcpu, cpu) {
      const to = wayHome[vcpu]! as CpuId;
      const isFree = to !== NONE && (k.cpuCurr(to) === NONE || isEvicted[vcpu] === 1); // or it was taken meanwhile
      wayHome[vcpu] = NONE;
      isEvicted[vcpu] = 0;
      return isFree && k.allows(vcpu, to) ? to : cpu;
    },
  };
}

function isHome(k: Kernel, vcpu: VcpuId, node: NodeId): boolean {
  return k.nodeCpuCount(node) > 0 && k.prefers(vcpu, k.nodeFirstCpu(node));
}

/** SLIT distance from a node to the nearest of the vCPU's homes, LOCAL_DISTANCE at home and for a vCPU without one. */
function homeDistance(k: Kernel, vcpu: VcpuId, node: NodeId): number {
  for (let i = 0; i < k.nodeCount; i++) {
    const home = k.nthNearest(node, i);
    if (isHome(k, vcpu, home)) return k.distance(node, home);
  }
  return LOCAL_DISTANCE;
}
