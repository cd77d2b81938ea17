import type { Kernel } from '../../../sim/policy-api.ts';
import { type CpuId, NONE, us, type VcpuId } from '../../../sim/units.ts';
import { burn, CREDIT_INIT_NS, isTickled, tickleCpu, type Units } from './credit2-units.ts';

/** What a vCPU must lead by to be worth a move to another CPU. */
export const MIGRATE_RESIST_NS: number = us(500);
const RATELIMIT_TOLERANCE_NS = us(50);

/**
 * Tells a CPU of the run queue to come for a vCPU that waits: an idle one within its soft affinity, the one it was on before all
 * others; an idle one at all; else the one it was on if it may take it and it would rather be there; else the one with most to gain.
 * After: Xen, common/sched/credit2.c, runq_tickle.
 */
export function tickle(k: Kernel, u: Units, vcpu: VcpuId): void {
  const cpu = chosen(k, u, vcpu);
  if (cpu === NONE) return;
  tickleCpu(k, u, cpu);
  u.tickledCpu[vcpu] = cpu;
}

function chosen(k: Kernel, u: Units, vcpu: VcpuId): CpuId {
  const queue = u.queue[vcpu]!;
  const own = u.cpu[vcpu]! as CpuId;
  for (let step = u.soft.matters(k, vcpu) ? 0 : 1; step < 2; step++) {
    const idle = idleCpu(k, u, queue, vcpu, own, step === 0);
    if (idle !== NONE) return idle;
  }
  let best: CpuId = NONE;
  let most = 0;
  if (mayTake(k, u, vcpu, own)) {
    most = Math.max(0, score(k, u, vcpu, own));
    if (most > 0) best = own;
    if (most > 0 && k.prefers(vcpu, own)) return own;
  }
  for (let i = 0; i < u.queues.cpuCount(queue); i++) {
    const cpu = u.queues.cpu(queue, i);
    if (cpu === own || !mayTake(k, u, vcpu, cpu)) continue;
    const gain = score(k, u, vcpu, cpu);
    if (gain <= most) continue;
    best = cpu;
    most = gain;
  }
  return best;
}

/** An idle CPU of a queue that nobody has told of a vCPU yet: `own`, or the next by number after it; NONE without. */
export function idleCpu(k: Kernel, u: Units, queue: number, vcpu: VcpuId, own: CpuId, isSoft: boolean): CpuId {
  if (isFree(k, u, own) && u.soft.suits(k, vcpu, own, isSoft)) return own;
  const count = u.queues.cpuCount(queue);
  let found: CpuId = NONE;
  for (let i = 0; i < count; i++) {
    const cpu = u.queues.cpu(queue, i);
    if (found !== NONE && cpu < own) continue; // the first of all is the answer if none comes after `own`
    if (!isFree(k, u, cpu) || !u.soft.suits(k, vcpu, cpu, isSoft)) continue;
    if (cpu > own) return cpu;
    found = cpu;
  }
  return found;
}

function isFree(k: Kernel, u: Units, cpu: CpuId): boolean {
  return k.isIdle(cpu) && !isTickled(k, u, cpu);
}

function mayTake(k: Kernel, u: Units, vcpu: VcpuId, cpu: CpuId): boolean {
  return k.cpuCurr(cpu) !== NONE && !isTickled(k, u, cpu) && k.allows(vcpu, cpu);
}

/** What is gained if a vCPU takes the CPU of another: the more credits, and whether the one would rather be there and the other not. */
function score(k: Kernel, u: Units, vcpu: VcpuId, cpu: CpuId): number {
  const current = k.cpuCurr(cpu);
  const { ratelimitNs } = u.options;
  if (ratelimitNs > RATELIMIT_TOLERANCE_NS && k.nowNs - u.startedNs[current]! <= ratelimitNs - RATELIMIT_TOLERANCE_NS) return -1;
  burn(k, u, current);
  const lead = u.credit[vcpu]! - u.credit[current]! - (u.cpu[vcpu] === cpu ? 0 : MIGRATE_RESIST_NS);
  if (lead <= 0) return lead;
  return lead + (k.prefers(vcpu, cpu) ? CREDIT_INIT_NS : 0) + (k.prefers(current, cpu) ? 0 : CREDIT_INIT_NS);
}
