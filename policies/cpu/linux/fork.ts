import type { Kernel } from '../../../sim/policy-api.ts';
import { type CpuId, NONE, type VcpuId } from '../../../sim/units.ts';
import type { Domain, Domains, Group } from './domains.ts';
import { adjustNumaImbalance, FULLY_BUSY, GroupLoad, HAS_SPARE, OVERLOADED } from './group-load.ts';
import { FULL, type RunQueues } from './run-queues.ts';

// Scratch, valid within one call.
const local = new GroupLoad();
const idlest = new GroupLoad();
const other = new GroupLoad();

/**
 * The CPU on which a new vCPU starts: from the largest domain down, the group with the least going on, and in it the CPU. NUMA groups
 * may differ by a few, so that a vCPU is not sent away from its kind for nothing.
 * After: Linux 6.12 kernel/sched/fair.c: sched_balance_find_dst_cpu, sched_balance_find_dst_group (find_idlest_cpu, find_idlest_group).
 */
export function leastLoadedCpu(k: Kernel, domains: Domains, queues: RunQueues, vcpu: VcpuId, from: CpuId): CpuId {
  let cpu = from;
  let domain = largestThatForks(domains.base[cpu]!, Infinity);
  while (domain) {
    const group = domain.balancesFork ? idlestGroup(k, queues, domain, vcpu, cpu) : null;
    const found = group ? idlestCpu(k, queues, group, vcpu, cpu) : cpu;
    if (found === cpu) {
      domain = domain.child;
      continue;
    }
    cpu = found;
    domain = largestThatForks(domains.base[cpu]!, domain.cpus.length);
  }
  return cpu;
}

/** The largest domain of a chain that balances at fork and has fewer CPUs than `below`; null without. */
function largestThatForks(base: Domain | null, below: number): Domain | null {
  let found: Domain | null = null;
  for (let domain = base; domain && domain.cpus.length < below; domain = domain.parent) if (domain.balancesFork) found = domain;
  return found;
}

/** The group of a domain that a vCPU should go to from `cpu`; null to stay. */
function idlestGroup(k: Kernel, queues: RunQueues, domain: Domain, vcpu: VcpuId, cpu: CpuId): Group | null {
  idlest.group = local.group = null;
  for (const group of domain.groups) {
    if (!mayUse(k, vcpu, group)) continue;
    const isLocal = group.cpus.includes(cpu);
    const load = isLocal ? local : other;
    load.sum(k, queues, group, null, NONE);
    load.classify(domain.imbalancePct, false, false);
    if (load.type === FULLY_BUSY || load.type === OVERLOADED) load.setAverageLoad();
    if (!isLocal && (idlest.group === null || isIdler(load, idlest))) idlest.copy(load);
  }
  if (idlest.group === null || local.group === null) return idlest.group;
  if (local.type !== idlest.type) return local.type < idlest.type ? null : idlest.group;
  return local.type === HAS_SPARE ? byIdleCpus(k, domain, vcpu) : byLoad(domain);
}

/** update_pick_idlest. */
function isIdler(load: GroupLoad, than: GroupLoad): boolean {
  if (load.type !== than.type) return load.type < than.type;
  if (load.type !== HAS_SPARE) return load.averageLoad < than.averageLoad;
  return load.idleCpus > than.idleCpus || (load.idleCpus === than.idleCpus && load.util < than.util);
}

function byLoad(domain: Domain): Group | null {
  const slack = (FULL * (domain.imbalancePct - 100)) / 100;
  if (domain.level === 'numa' && idlest.averageLoad + slack >= local.averageLoad) return null;
  if (idlest.averageLoad >= local.averageLoad + slack) return null;
  return 100 * local.averageLoad <= domain.imbalancePct * idlest.averageLoad ? null : idlest.group;
}

function byIdleCpus(k: Kernel, domain: Domain, vcpu: VcpuId): Group | null {
  if (domain.level === 'numa') {
    let most = domain.imbNumaNr;
    if (k.nrAllowed(vcpu) < k.cpuCount) {
      let allowed = 0;
      for (const cpu of local.group!.cpus) if (k.allows(vcpu, cpu as CpuId)) allowed++;
      most = Math.min(most, allowed);
    }
    const imbalance = Math.abs(local.idleCpus - idlest.idleCpus);
    if (adjustNumaImbalance(imbalance, local.running + 1, most) === 0) return null;
  }
  return local.idleCpus >= idlest.idleCpus ? null : idlest.group;
}

/** find_idlest_group_cpu: the one that went idle last, as it sleeps least deeply; without an idle one that with the least load. */
function idlestCpu(k: Kernel, queues: RunQueues, { cpus }: Group, vcpu: VcpuId, from: CpuId): CpuId {
  if (cpus.length === 1) return cpus[0] as CpuId;
  let idle: CpuId = NONE;
  let idleSinceNs = -Infinity;
  let least = from;
  let leastLoad = Infinity;
  for (let i = 0; i < cpus.length; i++) {
    const cpu = cpus[i] as CpuId;
    if (!k.allows(vcpu, cpu)) continue;
    if (queues.isIdle(k, cpu)) {
      if (queues.idleSinceNs[cpu]! > idleSinceNs) {
        idle = cpu;
        idleSinceNs = queues.idleSinceNs[cpu]!;
      }
    } else if (idle === NONE && queues.load[cpu]! < leastLoad) {
      least = cpu;
      leastLoad = queues.load[cpu]!;
    }
  }
  return idle === NONE ? least : idle;
}

function mayUse(k: Kernel, vcpu: VcpuId, { cpus }: Group): boolean {
  if (k.nrAllowed(vcpu) === k.cpuCount) return true;
  for (let i = 0; i < cpus.length; i++) if (k.allows(vcpu, cpus[i] as CpuId)) return true;
  return false;
}
