import { KICK_IDLE, KICK_PREEMPT, type Kernel } from '../../../sim/policy-api.ts';
import { type CpuId, ms, NONE, us, type VcpuId } from '../../../sim/units.ts';
import { type FairQueues, queueOf } from './balance.ts';
import type { Domain, Domains } from './domains.ts';
import { IDLE, Imbalance, MOVE_UTIL, MOVE_VCPUS, NEWLY_IDLE } from './imbalance.ts';
import { UNKNOWN, WORSE } from './locality.ts';
import type { RunQueues } from './run-queues.ts';
import { scanCountOf, type WakePlacement } from './wake.ts';

/** A vCPU that ran this recently still has its cache: sysctl_sched_migration_cost. */
const CACHE_HOT_NS = us(500);
/** Most that one pass looks at: sysctl_sched_nr_migrate. */
const MOST_LOOKED_AT = 32;
/** A domain whose vCPUs are all held elsewhere is tried ever more rarely, but no more so than this: MAX_PINNED_INTERVAL. */
const MOST_PINNED_INTERVAL_NS = ms(512);
/** What a CPU that runs out of work spends on looking at one other CPU. Assumed; the kernel measures it (max_newidle_lb_cost). */
const LOOK_NS = 100;

/**
 * Moves vCPUs to a CPU from the busiest of a domain: struct lb_env and what it leaves behind.
 * After: Linux 6.12 kernel/sched/fair.c: sched_balance_rq, should_we_balance, detach_tasks, can_migrate_task, task_hot,
 * need_active_balance, active_load_balance_cpu_stop, sched_balance_newidle.
 */
export class LoadBalance {
  readonly intervalNs: Float64Array; // [domain]
  /** [domain] times in a row that nothing could be moved though it should have been (nr_balance_failed). */
  readonly failed: Int32Array;
  /** Whether the CPU that balanced last should go on with larger domains. */
  goesOn = true;
  private readonly domains: Domains;
  private readonly queues: RunQueues;
  private readonly fair: FairQueues;
  private readonly wakes: WakePlacement;
  private readonly isImbalanced: Uint8Array; // [group]
  private readonly imbalance: Imbalance;
  private readonly left: Uint8Array; //     [cpu] left out of this pass
  private readonly pushTo: Int32Array; //   [cpu] where its running vCPU is being pushed, or NONE (active_balance)
  private readonly pushed: Int32Array; //   [cpu] that vCPU
  // Of the present pass:
  private hasLeft = false;
  private to: CpuId = NONE;
  private allHeld = false; //  no vCPU looked at may come here (LBF_ALL_PINNED)
  private someHeld = false; // LBF_SOME_PINNED
  private otherTo: CpuId = NONE; // another CPU of the group, where one that may not come here may go (LBF_DST_PINNED)

  constructor(k: Kernel, domains: Domains, queues: RunQueues, fair: FairQueues, wakes: WakePlacement) {
    this.domains = domains;
    this.queues = queues;
    this.fair = fair;
    this.wakes = wakes;
    this.intervalNs = new Float64Array(domains.count);
    for (const base of domains.base) {
      for (let domain = base; domain; domain = domain.parent) this.intervalNs[domain.id] = domain.minIntervalNs;
    }
    this.failed = new Int32Array(domains.count);
    this.isImbalanced = new Uint8Array(domains.groupCount);
    this.imbalance = new Imbalance(queues, this.isImbalanced);
    this.left = new Uint8Array(k.cpuCount);
    this.pushTo = new Int32Array(k.cpuCount).fill(NONE);
    this.pushed = new Int32Array(k.cpuCount).fill(NONE);
  }

  /** A CPU has run out of work: looks in larger and larger domains while it is likely to idle for longer than that takes. */
  newidle(k: Kernel, cpu: CpuId): boolean {
    const { queues } = this;
    if (queues.nr[cpu]! > 0 || !k.isOnline(cpu)) return false;
    queues.idleSinceNs[cpu] = k.nowNs;
    let spentNs = 0;
    for (let domain = this.domains.base[cpu]!; domain && queues.overloaded > 0; domain = domain.parent!) {
      spentNs += LOOK_NS * domain.cpus.length;
      if (queues.averageIdleNs[cpu]! < spentNs) break;
      if (this.balance(k, cpu, domain, NEWLY_IDLE) > 0) {
        queues.idleSinceNs[cpu] = NONE;
        return true;
      }
    }
    this.wakes.noteIdle(k, cpu);
    return false;
  }

  /** Where the vCPU goes that was taken off `cpu` to be pushed away; `cpu` itself for any other. */
  pushTarget(k: Kernel, vcpu: VcpuId, cpu: CpuId): CpuId {
    const to = this.pushTo[cpu]! as CpuId;
    if (to === NONE) return cpu;
    this.pushTo[cpu] = NONE;
    if (this.pushed[cpu] !== vcpu || !k.allows(vcpu, to)) return cpu;
    return to;
  }

  /** One CPU balances one of its domains. @returns how many it moved */
  balance(k: Kernel, cpu: CpuId, domain: Domain, idle: number): number {
    this.allHeld = false;
    this.goesOn = this.isUpTo(k, cpu, domain, idle);
    if (!this.goesOn) {
      this.setBalanced(domain, idle);
      return 0;
    }
    let moved = NONE as number;
    while (moved === NONE) moved = this.attempt(k, cpu, domain, idle);
    if (this.hasLeft) this.left.fill(0);
    this.hasLeft = false;
    return moved;
  }

  /** should_we_balance: the first idle CPU of its group, one with an idle core before others; else the group's first. */
  private isUpTo(k: Kernel, cpu: CpuId, { groups, level }: Domain, idle: number): boolean {
    if (idle === NEWLY_IDLE) return this.queues.nr[cpu] === 0;
    const { balanceCpus } = groups[0]!;
    let first: CpuId = NONE;
    let idleThread: CpuId = NONE;
    for (let i = 0; i < balanceCpus.length; i++) {
      const other = balanceCpus[i] as CpuId;
      if (!k.isOnline(other)) continue;
      if (first === NONE) first = other;
      if (this.queues.nr[other]! > 0) continue;
      if (level === 'smt' || this.wakes.isCoreIdle(k, other)) return other === cpu;
      if (idleThread === NONE) idleThread = other;
    }
    return idleThread === NONE ? first === cpu : idleThread === cpu;
  }

  /** @returns how many were moved, or NONE if it is to be tried again without the CPU whose vCPUs are all held */
  private attempt(k: Kernel, cpu: CpuId, domain: Domain, idle: number): number {
    const { imbalance, left, queues } = this;
    const group = imbalance.find(k, cpu, domain, idle, left);
    this.setScanCount(domain, cpu, idle);
    const from = group === null ? NONE : imbalance.findCpu(k, group, left);
    if (from === NONE) {
      this.setBalanced(domain, idle);
      return 0;
    }
    let moved = 0;
    this.to = cpu;
    this.allHeld = true;
    this.someHeld = false;
    this.otherTo = NONE;
    if (queues.nr[from]! > 1) {
      moved = this.detach(k, from, domain, idle);
      while (this.otherTo !== NONE && imbalance.amount > 0) {
        this.leaveOut(this.to);
        this.to = this.otherTo;
        this.otherTo = NONE;
        moved += this.detach(k, from, domain, idle);
      }
      if (domain.parent && this.someHeld && imbalance.amount > 0) this.isImbalanced[domain.parent.groups[0]!.id] = 1;
      if (this.allHeld) {
        this.leaveOut(from);
        if (hasOther(domain, left)) return NONE;
        this.setBalanced(domain, idle);
        return 0;
      }
    }
    if (moved > 0) {
      this.failed[domain.id] = 0;
      this.intervalNs[domain.id] = domain.minIntervalNs;
    } else this.hasFailed(k, cpu, from, domain, idle);
    return moved;
  }

  /** Nothing moved though something should: in the end even what runs is pushed (active balance). */
  private hasFailed(k: Kernel, cpu: CpuId, from: CpuId, domain: Domain, idle: number): void {
    const { failed, imbalance } = this;
    if (idle !== NEWLY_IDLE) failed[domain.id]!++;
    const isDue = imbalance.kind === MOVE_VCPUS && failed[domain.id]! > domain.cacheNiceTries + 2;
    if (isDue) {
      const running = this.queues.curr[from]! as VcpuId;
      if (running === NONE || !k.allows(running, cpu)) {
        this.lengthen(domain, idle);
        return;
      }
      this.push(k, from, cpu, running);
    }
    this.intervalNs[domain.id] = domain.minIntervalNs;
  }

  /** active_load_balance_cpu_stop: one that waits if it may go, else the one that runs. */
  private push(k: Kernel, from: CpuId, to: CpuId, running: VcpuId): void {
    if (this.pushTo[from] !== NONE && this.pushed[from] === running) return; // under way
    this.resetFailed(to, from);
    for (let vcpu = k.dsqFirst(queueOf(from)); vcpu !== NONE; vcpu = k.dsqNext(vcpu)) {
      if (!k.allows(vcpu, to)) continue;
      this.to = to;
      this.move(k, vcpu);
      return;
    }
    this.pushRunning(k, from, to, running);
  }

  /** What runs on a CPU goes to another as soon as it is stopped, which it is at once (migrate_task_to). */
  pushRunning(k: Kernel, from: CpuId, to: CpuId, running: VcpuId): void {
    this.pushTo[from] = to;
    this.pushed[from] = running;
    k.kick(from, KICK_PREEMPT);
  }

  private resetFailed(to: CpuId, from: CpuId): void {
    let domain = this.domains.base[to]!;
    while (domain && !domain.cpus.includes(from)) domain = domain.parent!;
    if (domain) this.failed[domain.id] = 0;
  }

  /** detach_tasks. The kernel begins with the one that has not run for longest; here with the first of the queue. */
  private detach(k: Kernel, from: CpuId, domain: Domain, idle: number): number {
    const { imbalance, queues } = this;
    const most = Math.min(MOST_LOOKED_AT, queues.nr[from]!);
    let moved = 0;
    let next: VcpuId;
    let looked = 0;
    for (let vcpu = k.dsqFirst(queueOf(from)); vcpu !== NONE && looked < most; vcpu = next, looked++) {
      if (queues.nr[from]! <= 1) break;
      next = k.dsqNext(vcpu);
      if (!this.mayMove(k, vcpu, from, domain, idle)) continue;
      const size = this.sizeOf(k, vcpu);
      if (imbalance.kind !== MOVE_VCPUS && size / 2 ** Math.min(this.failed[domain.id]!, 31) > imbalance.amount) continue;
      if (!this.move(k, vcpu)) continue;
      imbalance.amount -= size;
      moved++;
      if (idle === NEWLY_IDLE || imbalance.amount <= 0) return moved;
    }
    const running = queues.curr[from]! as VcpuId;
    if (looked < most && queues.nr[from]! > 1 && running !== NONE) this.isHeld(k, running, domain, idle); // looked at as well, last
    return moved;
  }

  /** can_migrate_task. */
  private mayMove(k: Kernel, vcpu: VcpuId, from: CpuId, domain: Domain, idle: number): boolean {
    if (this.isHeld(k, vcpu, domain, idle)) return false;
    if (this.failed[domain.id]! > domain.cacheNiceTries) return true;
    const { locality, nr } = this.queues;
    const memory = locality && domain.level === 'numa' ? locality.judge(k, vcpu, from, this.to, nr[from]!, idle === IDLE) : UNKNOWN;
    return memory === UNKNOWN ? !isHot(k, vcpu, domain) : memory !== WORSE;
  }

  /** Whether its mask keeps a vCPU from coming; and what is to be remembered of that. */
  private isHeld(k: Kernel, vcpu: VcpuId, domain: Domain, idle: number): boolean {
    if (k.allows(vcpu, this.to)) {
      this.allHeld = false;
      return false;
    }
    this.someHeld = true;
    if (idle !== NEWLY_IDLE && this.otherTo === NONE) this.otherTo = this.otherOf(k, vcpu, domain);
    return true;
  }

  /** Another CPU of the group that balances, where a vCPU may go; NONE without. */
  private otherOf(k: Kernel, vcpu: VcpuId, { groups }: Domain): CpuId {
    const { balanceCpus } = groups[0]!;
    for (let i = 0; i < balanceCpus.length; i++) {
      const cpu = balanceCpus[i] as CpuId;
      if (cpu !== this.to && this.left[cpu] === 0 && k.allows(vcpu, cpu)) return cpu;
    }
    return NONE;
  }

  private sizeOf(k: Kernel, vcpu: VcpuId): number {
    const { kind } = this.imbalance;
    if (kind === MOVE_VCPUS) return 1;
    this.queues.advanceVcpu(k, vcpu);
    if (kind === MOVE_UTIL) return this.queues.vcpuUtil[vcpu]!;
    return Math.max(1, this.queues.vcpuLoad[vcpu]!);
  }

  private move(k: Kernel, vcpu: VcpuId): boolean {
    const { to } = this;
    if (!this.fair.migrate(k, vcpu, to)) return false;
    this.queues.enqueue(k, vcpu, to);
    if (this.queues.curr[to] === NONE) k.kick(to, KICK_IDLE);
    return true;
  }

  /** The domain needs nothing, or nothing of it could be moved: it is looked at more rarely. */
  private setBalanced(domain: Domain, idle: number): void {
    if (domain.parent && !this.allHeld) this.isImbalanced[domain.parent.groups[0]!.id] = 0;
    this.failed[domain.id] = 0;
    this.lengthen(domain, idle);
  }

  private lengthen({ id, maxIntervalNs }: Domain, idle: number): void {
    if (idle === NEWLY_IDLE) return;
    const intervalNs = this.intervalNs[id]!;
    if (intervalNs < maxIntervalNs || (this.allHeld && intervalNs < MOST_PINNED_INTERVAL_NS)) this.intervalNs[id] = 2 * intervalNs;
  }

  private leaveOut(cpu: CpuId): void {
    this.left[cpu] = 1;
    this.hasLeft = true;
  }

  /** Who looks at a whole last-level cache sets how far wakes may search in it. */
  private setScanCount({ cpus, imbalancePct }: Domain, cpu: CpuId, idle: number): void {
    if (idle === NEWLY_IDLE || cpus.length !== this.domains.llcSize[cpu]) return;
    this.wakes.scanCount[this.domains.llcOf[cpu]!] = scanCountOf(this.imbalance.util, cpus.length, imbalancePct);
  }
}

/** task_hot: it ran less than half a millisecond ago; threads of a core share its cache. */
function isHot(k: Kernel, vcpu: VcpuId, { level }: Domain): boolean {
  const stoppedNs = k.stoppedNs(vcpu);
  return level !== 'smt' && stoppedNs > 0 && k.nowNs - stoppedNs < CACHE_HOT_NS;
}

/** Whether a domain still has a CPU outside its first group that is not left out. */
function hasOther({ cpus, groups }: Domain, left: Uint8Array): boolean {
  const own = groups[0]!.balanceCpus;
  for (let i = 0; i < cpus.length; i++) if (left[cpus[i]!] === 0 && !own.includes(cpus[i]!)) return true;
  return false;
}
