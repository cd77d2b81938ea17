import type { Kernel } from '../../../sim/policy-api.ts';
import { type CpuId, NONE } from '../../../sim/units.ts';
import type { Domain, Group } from './domains.ts';
import { adjustNumaImbalance, FULLY_BUSY, GroupLoad, HAS_SPARE, IMBALANCED, OVERLOADED, SMT_BALANCE } from './group-load.ts';
import { ALL_CONTENT, takingOf } from './locality.ts';
import { FULL, type RunQueues } from './run-queues.ts';

/** Why a CPU balances: at its tick, while idle, or because it has just run out of work. */
export const BUSY = 0;
export const IDLE = 1;
export const NEWLY_IDLE = 2;

/** What is to be moved: so much load, so much utilisation, or so many vCPUs (migration_type). */
export const MOVE_LOAD = 0;
export const MOVE_UTIL = 1;
export const MOVE_VCPUS = 2;

/**
 * Compares the groups of a domain: which of them should give to that of a CPU, and how much.
 * After: Linux 6.12 kernel/sched/fair.c: update_sd_lb_stats, update_sd_pick_busiest, sched_balance_find_src_group,
 * calculate_imbalance, sched_balance_find_src_rq. Not modelled: misfit tasks, CPUs of different capacity.
 */
export class Imbalance {
  /** MOVE_*, and how much of it; counted down by what is moved. */
  kind = MOVE_LOAD;
  amount = 0;
  /** Utilisation of the whole domain. */
  util = 0;
  private readonly local = new GroupLoad();
  private readonly busiest = new GroupLoad();
  private readonly other = new GroupLoad();
  private readonly queues: RunQueues;
  private readonly isImbalanced: Uint8Array; // [group] masks kept it from being balanced below (sgc->imbalance)
  private takes = ALL_CONTENT; // with NUMA balancing, queues to take from: those that have what the busiest group has (fbq_type)
  private totalLoad = 0;
  private totalCapacity = 0;

  constructor(queues: RunQueues, isImbalanced: Uint8Array) {
    this.queues = queues;
    this.isImbalanced = isImbalanced;
  }

  /** The group that gives, or null for balance. @param left [cpu] 1 for CPUs to leave out */
  find(k: Kernel, cpu: CpuId, domain: Domain, idle: number, left: Uint8Array): Group | null {
    const { local, busiest } = this;
    this.sumGroups(k, cpu, domain, idle, left);
    if (busiest.group === null) return null;
    if (busiest.type === IMBALANCED) return this.measure(domain, idle);
    if (local.type > busiest.type) return null;
    if (local.type === OVERLOADED) {
      const average = (this.totalLoad * FULL) / this.totalCapacity;
      if (local.averageLoad >= busiest.averageLoad || local.averageLoad >= average) return null;
      if (100 * busiest.averageLoad <= domain.imbalancePct * local.averageLoad) return null;
    }
    if (prefersSibling(domain) && local.type === HAS_SPARE && this.siblingImbalance(idle) > 1) return this.measure(domain, idle);
    if (busiest.type !== OVERLOADED) {
      if (idle === BUSY) return null;
      if (busiest.weight > 1 && local.idleCpus <= busiest.idleCpus + 1) return null;
      if (busiest.running === 1) return null;
    }
    return this.measure(domain, idle);
  }

  /** The CPU of a group that gives; NONE without one. */
  findCpu(k: Kernel, { cpus }: Group, left: Uint8Array): CpuId {
    const { nr, load, util, locality } = this.queues;
    let found: CpuId = NONE;
    let most = 0;
    for (let i = 0; i < cpus.length; i++) {
      const cpu = cpus[i] as CpuId;
      if (left[cpu] === 1 || nr[cpu] === 0 || !k.isOnline(cpu)) continue;
      if (locality !== null && takingOf(nr[cpu]!, locality.settled[cpu]!, locality.content[cpu]!) > this.takes) continue;
      if (this.kind === MOVE_LOAD && nr[cpu] === 1 && load[cpu]! > this.amount) continue;
      if (this.kind === MOVE_UTIL && nr[cpu] === 1) continue;
      const has = this.kind === MOVE_LOAD ? load[cpu]! : this.kind === MOVE_UTIL ? util[cpu]! : nr[cpu]!;
      if (has <= most) continue;
      most = has;
      found = cpu;
    }
    return found;
  }

  private sumGroups(k: Kernel, cpu: CpuId, domain: Domain, idle: number, left: Uint8Array): void {
    const { groups, imbalancePct } = domain;
    this.busiest.group = null;
    this.totalLoad = this.totalCapacity = this.util = 0;
    for (let i = 0; i < groups.length; i++) {
      const group = groups[i]!;
      const load = i === 0 ? this.local : this.other;
      load.sum(k, this.queues, group, left, idle === NEWLY_IDLE ? cpu : NONE);
      if (load.weight === 0) continue;
      const isSmtBalance = i > 0 && idle !== BUSY && group.isCore && load.running > 1;
      load.classify(imbalancePct, this.isImbalanced[group.id] === 1, isSmtBalance);
      if (load.type === OVERLOADED) load.setAverageLoad();
      if (i > 0 && this.isBusier(load)) this.busiest.copy(load);
      this.totalLoad += load.load;
      this.totalCapacity += load.capacity;
      this.util += load.util;
    }
    const { running, settled, content } = this.busiest;
    this.takes = domain.level === 'numa' ? takingOf(running, settled, content) : ALL_CONTENT;
  }

  private isBusier(load: GroupLoad): boolean {
    const { busiest } = this;
    if (load.running === 0) return false;
    if (busiest.group === null || load.type !== busiest.type) return busiest.group === null || load.type > busiest.type;
    switch (load.type) {
      case OVERLOADED:
        return load.averageLoad > busiest.averageLoad;
      case IMBALANCED:
        return false; // the first
      case FULLY_BUSY:
        return !busiest.group.isCore;
      case SMT_BALANCE:
        if (load.idleCpus === 0 && busiest.idleCpus === 0) return false;
        break;
    }
    return load.idleCpus < busiest.idleCpus || (load.idleCpus === busiest.idleCpus && load.running > busiest.running);
  }

  /** How many more run in the busiest group than here, by cores (sibling_imbalance). */
  private siblingImbalance(idle: number): number {
    const { local, busiest } = this;
    if (idle === BUSY || busiest.running === 0) return 0;
    const own = local.group!.cores;
    const theirs = busiest.group!.cores;
    if (own === theirs) return Math.max(0, busiest.running - local.running);
    const scaled = Math.max(0, own * busiest.running - theirs * local.running);
    const imbalance = Math.floor((2 * scaled + own + theirs) / (own + theirs));
    return imbalance <= 1 && local.running === 0 && busiest.running > 1 ? 2 : imbalance;
  }

  /** calculate_imbalance. */
  private measure(domain: Domain, idle: number): Group | null {
    const { local, busiest } = this;
    if (busiest.type === SMT_BALANCE || busiest.type === IMBALANCED) this.set(MOVE_VCPUS, 1);
    else if (local.type === HAS_SPARE) this.fillSpare(domain, idle);
    else this.evenLoad();
    return this.amount > 0 ? busiest.group : null;
  }

  private fillSpare(domain: Domain, idle: number): void {
    const { local, busiest } = this;
    if (busiest.type > FULLY_BUSY && domain.level !== 'smt' && domain.level !== 'llc') {
      this.set(MOVE_UTIL, Math.max(local.capacity, local.util) - local.util);
      if (idle !== BUSY && this.amount === 0) this.set(MOVE_VCPUS, 1);
      return;
    }
    const isSpread = busiest.weight === 1 || prefersSibling(domain);
    let imbalance = isSpread ? this.siblingImbalance(idle) : Math.max(0, local.idleCpus - busiest.idleCpus);
    if (domain.level === 'numa') imbalance = adjustNumaImbalance(imbalance, local.running + 1, domain.imbNumaNr);
    this.set(MOVE_VCPUS, imbalance >> 1);
  }

  /** Neither group goes over the average of the domain. */
  private evenLoad(): void {
    const { local, busiest } = this;
    const average = (this.totalLoad * FULL) / this.totalCapacity;
    this.set(MOVE_LOAD, 0);
    if (local.type < OVERLOADED) {
      local.setAverageLoad();
      if (local.averageLoad >= busiest.averageLoad || local.averageLoad >= average) return;
    }
    const given = (busiest.averageLoad - average) * busiest.capacity;
    const taken = (average - local.averageLoad) * local.capacity;
    this.amount = Math.min(given, taken) / FULL;
  }

  private set(kind: number, amount: number): void {
    this.kind = kind;
    this.amount = amount;
  }
}

function prefersSibling({ child }: Domain): boolean {
  return child !== null && child.prefersSibling;
}
