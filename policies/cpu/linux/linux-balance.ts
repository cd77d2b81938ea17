import { type CpuPolicy, ENQ_RESTORE, ENQ_WAKEUP, type Kernel } from '../../../sim/policy-api.ts';
import { type CpuId, ms, NONE } from '../../../sim/units.ts';
import type { Balance } from './balance.ts';
import { buildDomains, type Domain, type Domains } from './domains.ts';
import { BUSY, IDLE } from './imbalance.ts';
import { LoadBalance } from './load-balance.ts';
import type { Locality } from './locality.ts';
import { RunQueues } from './run-queues.ts';
import { type WakeDraw, WakePlacement } from './wake.ts';

/** A busy CPU balances so much more rarely than an idle one: sd->busy_factor. */
const BUSY_FACTOR = 16;

/** NUMA balancing as load balancing sees it. */
export interface NumaParts {
  /** Called when the host starts: what load balancing should heed. */
  locality(k: Kernel): Locality;
  /** Called when balancing is ready. */
  start(k: Kernel, parts: BalanceParts): void;
}

/** What balancing is made of. */
export interface BalanceParts {
  readonly domains: Domains;
  readonly queues: RunQueues;
  readonly loads: LoadBalance;
  readonly wakes: WakePlacement;
}

/**
 * The choice of a CPU as Linux has it, for a class of fair queues: wakes go to an idle CPU near the waker or the last; CPUs that run out
 * of work pull; at ticks CPUs even out their scheduling domains, and one balances for those that idle (nohz).
 * After: Linux 6.12 kernel/sched/fair.c, topology.c.
 * @param fair makes the class; what it does is watched, to know how busy each CPU is
 * @param hz ticks a second (CONFIG_HZ), at which balancing may be due
 * @param draws when a wake is drawn to the waker's CPU
 * @param numa NUMA balancing, on a host that has it on
 */
export function balanced(
  fair: (balance: Balance) => CpuPolicy,
  hz = 250,
  draws: WakeDraw = 'by idleness',
  numa: NumaParts | null = null,
): CpuPolicy {
  const jiffyNs = Math.round(1e9 / hz);
  let domains: Domains;
  let queues: RunQueues;
  let wakes: WakePlacement;
  let loads: LoadBalance;

  const balance: Balance = {
    name: 'domains',
    init(k, fairQueues) {
      domains = buildDomains(k);
      queues = new RunQueues(k, numa?.locality(k));
      wakes = new WakePlacement(k, domains, queues, draws);
      loads = new LoadBalance(k, domains, queues, fairQueues, wakes);
      numa?.start(k, { domains, queues, loads, wakes });
      const periodic = new PeriodicBalance(k, domains, queues, loads, jiffyNs);
      k.timer(jiffyNs, (kernel) => periodic.tick(kernel));
    },
    choose: (k, vcpu, prev, flags) => wakes.choose(k, vcpu, prev, flags),
    newidle: (k, cpu) => loads.newidle(k, cpu),
    requeue(k, vcpu, cpu) {
      const to = loads.pushTarget(k, vcpu, cpu);
      queues.enqueue(k, vcpu, to);
      return to;
    },
  };

  const cpu = fair(balance);
  return {
    ...cpu,
    enqueue(k, vcpu, flags) {
      if ((flags & (ENQ_WAKEUP | ENQ_RESTORE)) !== 0) queues.enqueue(k, vcpu, k.taskCpu(vcpu));
      cpu.enqueue(k, vcpu, flags);
    },
    running(k, vcpu, on) {
      queues.run(k, vcpu, on);
      cpu.running?.(k, vcpu, on);
    },
    stopping(k, vcpu, on, isRunnable) {
      queues.stop(k, vcpu, on);
      cpu.stopping?.(k, vcpu, on, isRunnable);
    },
    quiescent(k, vcpu, flags) {
      queues.dequeue(k, vcpu);
      cpu.quiescent?.(k, vcpu, flags);
    },
    cpuOffline(k, gone) {
      cpu.cpuOffline?.(k, gone);
      queues.findMoved(k, gone);
    },
  };
}

/** When which CPU balances which of its domains: sched_balance_domains, and nohz_idle_balance for those that idle. */
class PeriodicBalance {
  private jiffies = 0;
  private readonly domains: Domains;
  private readonly queues: RunQueues;
  private readonly loads: LoadBalance;
  private readonly next: Float64Array; //         [cpu] jiffies at which it is due
  private readonly lastBalance: Float64Array; //  [domain] jiffies
  private readonly mostJiffies: number;
  private readonly jiffyNs: number;

  constructor(k: Kernel, domains: Domains, queues: RunQueues, loads: LoadBalance, jiffyNs: number) {
    this.jiffyNs = jiffyNs;
    this.domains = domains;
    this.queues = queues;
    this.loads = loads;
    this.next = new Float64Array(k.cpuCount);
    this.lastBalance = new Float64Array(domains.count);
    this.mostJiffies = Math.floor((k.cpuCount * ms(100)) / jiffyNs); // a tenth of a second a CPU
  }

  tick(k: Kernel): void {
    const { queues } = this;
    this.jiffies++;
    let idle: CpuId = NONE; // the first idle CPU, which balances for all idle ones if any is busy
    let isBusy = false;
    for (let cpu = 0 as CpuId; cpu < k.cpuCount; cpu++) queues.advance(k, cpu);
    for (let cpu = 0 as CpuId; cpu < k.cpuCount; cpu++) {
      if (queues.nr[cpu]! > 0) {
        isBusy = true;
        this.balance(k, cpu, BUSY);
      } else if (idle === NONE && k.isOnline(cpu)) idle = cpu;
    }
    if (idle === NONE || !isBusy) return;
    for (let i = 1; i <= k.cpuCount; i++) {
      const cpu = ((idle + i) % k.cpuCount) as CpuId;
      if (queues.isIdle(k, cpu)) this.balance(k, cpu, IDLE);
    }
  }

  /** The domains of a CPU that are due. */
  private balance(k: Kernel, cpu: CpuId, idle: number): void {
    if (this.jiffies < this.next[cpu]!) return;
    let now = idle;
    this.loads.goesOn = true;
    let next = Infinity;
    for (let domain = this.domains.base[cpu]!; domain; domain = domain.parent!) {
      let due = this.lastBalance[domain.id]! + this.jiffiesOf(domain, now);
      if (this.jiffies >= due) {
        if (this.loads.balance(k, cpu, domain, now) > 0) now = this.queues.nr[cpu]! > 0 ? BUSY : IDLE;
        this.lastBalance[domain.id] = this.jiffies;
        due = this.jiffies + this.jiffiesOf(domain, now);
      }
      next = Math.min(next, due);
      if (!this.loads.goesOn) break;
    }
    this.next[cpu] = next;
  }

  /** get_sd_balance_interval. */
  private jiffiesOf({ id }: Domain, idle: number): number {
    const jiffies = Math.ceil((this.loads.intervalNs[id]! * (idle === BUSY ? BUSY_FACTOR : 1)) / this.jiffyNs) - (idle === BUSY ? 1 : 0);
    return Math.max(1, Math.min(jiffies, this.mostJiffies));
  }
}
