import { type Kernel, WAKE_FORK } from '../../../sim/policy-api.ts';
import { type CpuId, NONE, seconds, type VcpuId } from '../../../sim/units.ts';
import type { Domain, Domains } from './domains.ts';
import { leastLoadedCpu } from './fork.ts';
import { FULL, type RunQueues } from './run-queues.ts';

/** What was learnt of who wakes whom is halved once a second at most. */
const FLIP_DECAY_NS = seconds(1);

/** When a wake is drawn to the waker's CPU: wake_affine before 4.14 and since. */
export type WakeDraw = 'by load' | 'by idleness';

/**
 * On which CPU a vCPU is queued that wakes: drawn to the waker's CPU or left at its last, and near that, within the last-level cache, an
 * idle one. A new one goes where least is going on.
 * After: Linux 6.12 kernel/sched/fair.c: select_task_rq_fair, wake_wide, wake_affine, select_idle_sibling.
 * Before 4.14 a CPU without load drew the wakee to itself wherever its last CPU was, and another if it would hardly have more load: 'by load',
 * as of 2.6.38. Since then an idle last CPU keeps it: 'by idleness'.
 * Not modelled: sync wakes, capacity, per-CPU kernel threads, clusters.
 */
export class WakePlacement {
  /** [first CPU of a last-level cache] how many CPUs a search may look at (nr_idle_scan): set by balancing, less the busier they are. */
  readonly scanCount: Int32Array;
  /** [likewise] some core there may be wholly idle (has_idle_cores). */
  readonly hasIdleCore: Uint8Array;
  private readonly draws: WakeDraw;
  private readonly domains: Domains;
  private readonly queues: RunQueues;
  private readonly hasThreads: boolean;
  private readonly recentCpu: Int32Array; //   [vcpu] where it was before its last CPU
  private readonly flips: Int32Array; //       [vcpu, then CPU for its idle task] how often it woke another than before
  private readonly lastWakee: Int32Array; //   [likewise]
  private readonly flipDecayNs: Float64Array; // [likewise]

  constructor(k: Kernel, domains: Domains, queues: RunQueues, draws: WakeDraw) {
    this.draws = draws;
    this.domains = domains;
    this.queues = queues;
    this.hasThreads = k.cpuCore((k.cpuCount - 1) as CpuId) < k.cpuCount - 1;
    this.scanCount = Int32Array.from(domains.llcSize);
    this.hasIdleCore = new Uint8Array(k.cpuCount).fill(1);
    this.recentCpu = new Int32Array(k.vcpuCount).fill(NONE);
    this.flips = new Int32Array(k.vcpuCount + k.cpuCount);
    this.lastWakee = new Int32Array(k.vcpuCount + k.cpuCount).fill(NONE);
    this.flipDecayNs = new Float64Array(k.vcpuCount + k.cpuCount);
  }

  choose(k: Kernel, vcpu: VcpuId, prev: CpuId, flags: number): CpuId {
    const waker = k.wakerCpu !== NONE ? k.wakerCpu : prev !== NONE ? prev : (0 as CpuId); // where the host starts guests: assumed
    this.queues.advanceVcpu(k, vcpu);
    if ((flags & WAKE_FORK) !== 0) return leastLoadedCpu(k, this.domains, this.queues, vcpu, waker);
    const current = this.queues.curr[waker]!;
    const by = current === NONE ? k.vcpuCount + waker : current;
    this.recordWakee(k, by, vcpu);
    const isDrawn = waker !== prev && !this.isWide(by, vcpu, waker) && k.allows(vcpu, waker);
    const target = isDrawn && this.isAffine(k, vcpu, waker, prev) ? waker : prev;
    return this.idleSibling(k, vcpu, prev, target);
  }

  /** A CPU has become idle: if its whole core has, searches should look for whole cores again. */
  noteIdle(k: Kernel, cpu: CpuId): void {
    if (this.hasThreads && this.isCoreIdle(k, cpu)) this.hasIdleCore[this.domains.llcOf[cpu]!] = 1;
  }

  isCoreIdle(k: Kernel, cpu: CpuId): boolean {
    const core = k.cpuCore(cpu);
    for (let sibling = firstOf(k, cpu); sibling < k.cpuCount && k.cpuCore(sibling) === core; sibling++) {
      if (this.queues.nr[sibling]! > 0) return false;
    }
    return true;
  }

  private recordWakee(k: Kernel, by: number, vcpu: VcpuId): void {
    if (k.nowNs > this.flipDecayNs[by]! + FLIP_DECAY_NS) {
      this.flips[by]! >>= 1;
      this.flipDecayNs[by] = k.nowNs;
    }
    if (this.lastWakee[by] === vcpu) return;
    this.lastWakee[by] = vcpu;
    this.flips[by]!++;
  }

  /** wake_wide: one wakes so many that they would not fit beside it, so they stay where they are. */
  private isWide(by: number, vcpu: VcpuId, waker: CpuId): boolean {
    const size = this.domains.llcSize[waker]!;
    const more = Math.max(this.flips[by]!, this.flips[vcpu]!);
    const less = Math.min(this.flips[by]!, this.flips[vcpu]!);
    return less >= size && more >= less * size;
  }

  private isAffine(k: Kernel, vcpu: VcpuId, waker: CpuId, prev: CpuId): boolean {
    const domain = this.commonDomain(waker, prev);
    if (!domain) return false;
    if (this.draws === 'by load') return this.drawsByLoad(waker, prev, domain);
    const { llcOf } = this.domains;
    const { load } = this.queues;
    if (this.queues.isIdle(k, waker) && llcOf[waker] === llcOf[prev]) return !this.queues.isIdle(k, prev);
    if (this.queues.isIdle(k, prev)) return false;
    this.queues.advance(k, waker);
    this.queues.advance(k, prev);
    const own = this.queues.vcpuLoad[vcpu]!;
    const bias = 100 + Math.floor((domain.imbalancePct - 100) / 2);
    return (load[waker]! + own) * 100 < (load[prev]! - own) * bias;
  }

  private drawsByLoad(waker: CpuId, prev: CpuId, { imbalancePct }: Domain): boolean {
    const { nr } = this.queues;
    return nr[waker] === 0 || 100 * (nr[waker]! + 1) <= (100 + (imbalancePct - 100) / 2) * (nr[prev]! + 1);
  }

  /** The smallest domain of the waker that holds both and draws wakes; null if there is none. */
  private commonDomain(waker: CpuId, prev: CpuId): Domain | null {
    for (let domain: Domain | null = this.domains.base[waker]!; domain; domain = domain.parent) {
      if (domain.wakeAffine && domain.cpus.includes(prev)) return domain;
    }
    return null;
  }

  private idleSibling(k: Kernel, vcpu: VcpuId, prev: CpuId, target: CpuId): CpuId {
    const { queues } = this;
    const { llcOf } = this.domains;
    if (queues.isIdle(k, target)) return target;
    if (prev !== target && llcOf[prev] === llcOf[target] && queues.isIdle(k, prev)) return prev;
    const recent = this.recentCpu[vcpu]! as CpuId;
    this.recentCpu[vcpu] = prev;
    if (recent !== NONE && recent !== prev && recent !== target && llcOf[recent] === llcOf[target]) {
      if (queues.isIdle(k, recent) && k.allows(vcpu, recent)) return recent;
    }
    const domain = this.domains.llc[target]!;
    if (!domain) return target;
    const wantsCore = this.hasThreads && this.hasIdleCore[llcOf[target]!] === 1;
    if (this.hasThreads && !wantsCore && llcOf[prev] === llcOf[target]) {
      const sibling = this.idleThread(k, vcpu, prev);
      if (sibling !== NONE) return sibling;
    }
    const found = wantsCore ? this.searchCores(k, vcpu, domain, target) : this.search(k, vcpu, domain, target);
    return found === NONE ? target : found;
  }

  /** select_idle_smt: another thread of a core. */
  private idleThread(k: Kernel, vcpu: VcpuId, cpu: CpuId): CpuId {
    const core = k.cpuCore(cpu);
    for (let sibling = firstOf(k, cpu); sibling < k.cpuCount && k.cpuCore(sibling) === core; sibling++) {
      if (sibling !== cpu && this.queues.isIdle(k, sibling) && k.allows(vcpu, sibling)) return sibling;
    }
    return NONE;
  }

  /** select_idle_cpu: the first idle one after the target, as far as it is worth looking. */
  private search(k: Kernel, vcpu: VcpuId, { cpus }: Domain, target: CpuId): CpuId {
    let left = this.scanCount[this.domains.llcOf[target]!]!;
    const mayAll = k.nrAllowed(vcpu) === k.cpuCount;
    const start = cpus.indexOf(target) + 1;
    for (let i = 0; i < cpus.length; i++) {
      const cpu = cpus[start + i < cpus.length ? start + i : start + i - cpus.length]! as CpuId;
      if (!mayAll && !k.allows(vcpu, cpu)) continue;
      if (left-- <= 0) return NONE;
      if (this.queues.isIdle(k, cpu)) return cpu;
    }
    return NONE;
  }

  /** select_idle_core: the first core after the target that is wholly idle, else the first idle CPU; and it is remembered that there was none. */
  private searchCores(k: Kernel, vcpu: VcpuId, { cpus }: Domain, target: CpuId): CpuId {
    const llc = this.domains.llcOf[target]!;
    if (this.scanCount[llc] === 0) return NONE;
    let idle: CpuId = NONE;
    const start = cpus.indexOf(target) + 1;
    for (let i = 0; i < cpus.length; i++) {
      const cpu = cpus[start + i < cpus.length ? start + i : start + i - cpus.length]! as CpuId;
      if (!this.queues.isIdle(k, cpu) || !k.allows(vcpu, cpu)) continue;
      if (this.isCoreIdle(k, cpu)) return cpu;
      if (idle === NONE) idle = cpu;
    }
    this.hasIdleCore[llc] = 0;
    return idle;
  }
}

/** How far a search may look (update_idle_cpu_scan, SIS_UTIL): all with no load, none from 85 % of all CPUs' time on. */
export function scanCountOf(util: number, size: number, imbalancePct: number): number {
  const use = (util / size) * (imbalancePct / 100);
  return Math.floor(((FULL - Math.min(FULL, (use * use) / FULL)) * size) / FULL);
}

function firstOf(k: Kernel, cpu: CpuId): CpuId {
  let first = cpu;
  while (first > 0 && k.cpuCore((first - 1) as CpuId) === k.cpuCore(cpu)) first--;
  return first;
}
