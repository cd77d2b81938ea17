import { KICK_IDLE, KICK_PREEMPT, type Kernel } from '../../../sim/policy-api.ts';
import { type CpuId, type DsqId, ms, NONE, us, type VcpuId } from '../../../sim/units.ts';
import { type Arrangement, type RunQueues, runQueues } from './credit2-queues.ts';
import { type Caps, caps } from './credit2-caps.ts';
import { type Loads, loads } from './credit2-loads.ts';
import { softAffinity, type SoftAffinity } from './soft-affinity.ts';

export interface Credit2Options {
  readonly arrangement: Arrangement;
  /** credit2_max_cpus_runqueue. */
  readonly mostCpus: number;
  /** sched_ratelimit_us: a vCPU that has just begun to run is left alone so long. */
  readonly ratelimitNs: number;
  /** Keeps what the original does against its own comments. */
  readonly isFaithful: boolean;
}

export const CREDIT_INIT_NS: number = ms(10);
const CREDIT_MIN_NS = -CREDIT_INIT_NS;
const CARRYOVER_MAX_NS: number = us(500);

/** What a vCPU does: SCHEDULED runs or has been picked, PARKED can run but its guest has had its cap. */
export const SLEEPS = 0;
export const QUEUED = 1;
export const SCHEDULED = 2;
export const PARKED = 3;

/** What credit2 knows of vCPUs, run queues and CPUs. Credits are in ns of CPU time of the weightiest vCPU of the queue. */
export interface Units {
  readonly options: Credit2Options;
  readonly queues: RunQueues;
  readonly loads: Loads;
  readonly caps: Caps;
  readonly soft: SoftAffinity;
  readonly state: Uint8Array; //       [vcpu]
  readonly credit: Float64Array; //    [vcpu]
  readonly residual: Float64Array; //  [vcpu] what division left over when credits were last taken
  readonly chargedNs: Float64Array; // [vcpu] CPU time that credits have been taken for
  readonly weight: Float64Array; //    [vcpu]
  readonly queue: Int32Array; //       [vcpu] run queue it is assigned to, or NONE
  readonly cpu: Int32Array; //         [vcpu] CPU it runs on, ran on last or was sent to (sched_unit_master)
  readonly moveTo: Int32Array; //      [vcpu] run queue it has been asked to move to, or NONE
  readonly tickledCpu: Int32Array; //  [vcpu] CPU that was told to come for it, or NONE
  readonly startedNs: Float64Array; // [vcpu] when it last began to run (state_entry_time)
  readonly isTickled: Uint8Array; //   [cpu] told to schedule, and has not yet
  readonly maxWeight: Float64Array; // [queue]
  readonly raised: Float64Array; //    [queue] what resets have given so far: a queue is in order of this less the credit
  readonly pickBias: Int32Array; //    [queue] CPU picked last
  readonly first: Int32Array; //       [queue] first assigned vCPU, in order of assignment
  readonly next: Int32Array; //        [vcpu] assigned after it, or NONE
  /** The CPU whose schedule is being decided, or NONE; and whether it must decide anew at once. */
  deciding: CpuId;
  again: boolean;
}

export const queueDsq = (queue: number): DsqId => queue as DsqId;
export const parkedDsq = (u: Units): DsqId => u.queues.count as DsqId;

export function units(k: Kernel, options: Credit2Options): Units {
  const queues = runQueues(k, options.arrangement, options.mostCpus);
  const perVcpu = (): Int32Array => new Int32Array(k.vcpuCount).fill(NONE);
  for (let queue = 0; queue <= queues.count; queue++) k.createDsq(queue as DsqId);
  return {
    options,
    queues,
    loads: loads(k.vcpuCount, queues.count),
    caps: caps(k),
    soft: softAffinity(k),
    state: new Uint8Array(k.vcpuCount),
    credit: new Float64Array(k.vcpuCount),
    residual: new Float64Array(k.vcpuCount),
    chargedNs: new Float64Array(k.vcpuCount),
    weight: new Float64Array(k.vcpuCount),
    queue: perVcpu(),
    cpu: perVcpu(),
    moveTo: perVcpu(),
    tickledCpu: perVcpu(),
    startedNs: new Float64Array(k.vcpuCount),
    isTickled: new Uint8Array(k.cpuCount),
    maxWeight: new Float64Array(queues.count).fill(1),
    raised: new Float64Array(queues.count),
    pickBias: Int32Array.from({ length: queues.count }, (_, queue) => queues.cpu(queue, 0)),
    first: new Int32Array(queues.count).fill(NONE),
    next: perVcpu(),
    deciding: NONE,
    again: false,
  };
}

/** Takes credits, and budget under a cap, for the CPU time since the last time (burn_credits, t2c_update). */
export function burn(k: Kernel, u: Units, vcpu: VcpuId): void {
  const runtimeNs = k.runtimeNs(vcpu);
  const ranNs = runtimeNs - u.chargedNs[vcpu]!;
  u.chargedNs[vcpu] = runtimeNs;
  if (ranNs <= 0) return;
  const weight = u.weight[vcpu]!;
  const worth = ranNs * u.maxWeight[u.queue[vcpu]!]! + u.residual[vcpu]!;
  u.residual[vcpu] = worth % weight;
  u.credit[vcpu] = Math.max(CREDIT_MIN_NS, u.credit[vcpu]! - Math.floor(worth / weight));
  u.caps.burn(vcpu, ranNs);
}

/**
 * An epoch ends: all vCPUs of a queue are given credits, up to a little more than the first ones (reset_credit). The order of the queue
 * stays: those whose credits are cut have the most there are.
 */
export function reset(k: Kernel, u: Units, queue: number, next: VcpuId): void {
  const givenNs = CREDIT_INIT_NS * (u.credit[next]! <= CREDIT_MIN_NS ? 2 : 1);
  u.raised[queue]! += givenNs;
  for (let vcpu = u.first[queue]! as VcpuId; vcpu !== NONE; vcpu = u.next[vcpu] as VcpuId) {
    if (k.isRunning(vcpu)) {
      burn(k, u, vcpu);
      if (u.caps.isSpent(vcpu)) tickleCpu(k, u, u.cpu[vcpu] as CpuId);
    }
    u.credit[vcpu] = Math.min(CREDIT_INIT_NS + CARRYOVER_MAX_NS, u.credit[vcpu]! + givenNs);
  }
}

/** Queues are in order of credit; as resets raise all alike, what they gave is left out of the order. */
export function vtimeOf(u: Units, vcpu: VcpuId): number {
  return u.raised[u.queue[vcpu]!]! - u.credit[vcpu]!;
}

/** Has a CPU schedule (tickle_cpu). The one whose schedule is just being decided does so again afterwards. */
export function tickleCpu(k: Kernel, u: Units, cpu: CpuId): void {
  u.isTickled[cpu] = 1;
  if (cpu === u.deciding) u.again = true;
  else if (k.cpuCurr(cpu) !== NONE) k.kick(cpu, KICK_PREEMPT);
  else if (!k.testAndClearIdle(cpu)) k.kick(cpu, KICK_IDLE);
}

export function isTickled(k: Kernel, u: Units, cpu: CpuId): boolean {
  return u.isTickled[cpu] === 1 && k.isOnline(cpu);
}

/** Assigns a vCPU to a run queue, or to none (_runq_assign, _runq_deassign). It is in no dispatch queue then. */
export function assign(k: Kernel, u: Units, vcpu: VcpuId, to: number): void {
  const from = u.queue[vcpu]!;
  if (from === to) return;
  if (from === NONE) u.weight[vcpu] = k.weight(vcpu);
  else unlink(u, vcpu, from);
  u.loads.assign(vcpu, from, to, k.nowNs);
  u.queue[vcpu] = to;
  if (to === NONE) return;
  let last = u.first[to]!;
  while (last !== NONE && u.next[last] !== NONE) last = u.next[last]!;
  if (last === NONE) u.first[to] = vcpu;
  else u.next[last] = vcpu;
  u.maxWeight[to] = Math.max(u.maxWeight[to]!, u.weight[vcpu]!);
}

function unlink(u: Units, vcpu: VcpuId, from: number): void {
  let before: number = NONE;
  let at = u.first[from]!;
  while (at !== vcpu) {
    before = at;
    at = u.next[at]!;
  }
  if (before === NONE) u.first[from] = u.next[vcpu]!;
  else u.next[before] = u.next[vcpu]!;
  u.next[vcpu] = NONE;
  findMaxWeight(u, from);
}

/** The weight by which the credits of a queue are measured (update_max_weight). */
export function findMaxWeight(u: Units, queue: number): void {
  let most = 1;
  for (let vcpu = u.first[queue]!; vcpu !== NONE; vcpu = u.next[vcpu]!) most = Math.max(most, u.weight[vcpu]!);
  u.maxWeight[queue] = most;
}
