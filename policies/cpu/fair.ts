import { type CpuPolicy, DEFAULT_WEIGHT, ENQ_RESTORE, ENQ_WAKEUP, KICK_IDLE, KICK_PREEMPT, type Kernel } from '../../sim/policy-api.ts';
import { type CpuId, type DsqId, ms, NONE, type VcpuId } from '../../sim/units.ts';

/** How long a vCPU runs while others wait: sched_min_granularity, 0.75 ms times 4 as on any machine of eight CPUs and more. */
export const FAIR_SLICE_NS: number = ms(3);
/** A sleeper is put this far behind the others at most: half of sched_latency. */
const SLEEPER_CREDIT_NS = ms(12);
/** A waking vCPU takes the CPU from one that is this far ahead: sched_wakeup_granularity. */
const WAKEUP_GRANULARITY_NS = ms(4);

/** Where vCPUs run: the part of a fair scheduler that knows the machine. Called on the hot path: must not allocate. */
export interface Balance {
  readonly name: string;
  init?(k: Kernel): void;
  /** CPU on which a waking vCPU is queued. `prev` is NONE if it never ran. */
  choose(k: Kernel, vcpu: VcpuId, prev: CpuId, flags: number): CpuId;
  /** The waiting vCPU that a CPU without work takes over from another CPU, or NONE. */
  pull(k: Kernel, cpu: CpuId): VcpuId;
  /** CPU on which a vCPU is queued that had to leave `cpu` before it was done; without it the same. */
  requeue?(k: Kernel, vcpu: VcpuId, cpu: CpuId): CpuId;
}

/** Each CPU's queue has the CPU's number. */
export const queueOf = (cpu: CpuId): DsqId => cpu as number as DsqId;

/**
 * Fair queueing: a CPU runs the vCPU that had least of it, in time divided by weight (vruntime), from a queue of its own.
 * After: Linux kernel/sched/fair.c of 6.1 (CFS): update_curr, place_entity, wakeup_preempt_entity. Not modelled: slices that shrink
 * with the number of vCPUs (here always the shortest), buddies, and the debit of a new vCPU.
 */
export function fair(balance: Balance): CpuPolicy {
  let vruntime = new Float64Array(0); //    [vcpu]
  let chargedNs = new Float64Array(0); //   [vcpu] CPU time that is in vruntime
  let queueCpu = new Int32Array(0); //      [vcpu] CPU whose queue it belongs to, or NONE
  let minVruntime = new Float64Array(0); // [cpu] of all that run or wait on it; never goes back

  function charge(k: Kernel, vcpu: VcpuId): void {
    const runtimeNs = k.runtimeNs(vcpu);
    vruntime[vcpu]! += ((runtimeNs - chargedNs[vcpu]!) * DEFAULT_WEIGHT) / k.weight(vcpu);
    chargedNs[vcpu] = runtimeNs;
  }

  function advanceMin(k: Kernel, cpu: CpuId, current: VcpuId): void {
    const first = k.dsqFirst(queueOf(cpu));
    if (current !== NONE) charge(k, current);
    const least = Math.min(current === NONE ? Infinity : vruntime[current]!, first === NONE ? Infinity : vruntime[first]!);
    if (least < Infinity) minVruntime[cpu] = Math.max(minVruntime[cpu]!, least);
  }

  /** A vCPU that changes queues keeps its lead or lag, as each queue has its own vruntime. */
  function join(vcpu: VcpuId, cpu: CpuId): void {
    const from = queueCpu[vcpu]!;
    if (from === cpu) return;
    vruntime[vcpu]! += minVruntime[cpu]! - (from === NONE ? 0 : minVruntime[from]!);
    queueCpu[vcpu] = cpu;
  }

  return {
    name: `fair/${balance.name}`,
    enqLast: balance.requeue !== undefined,
    init(k) {
      vruntime = new Float64Array(k.vcpuCount);
      chargedNs = new Float64Array(k.vcpuCount);
      queueCpu = new Int32Array(k.vcpuCount).fill(NONE);
      minVruntime = new Float64Array(k.cpuCount);
      for (let cpu = 0; cpu < k.cpuCount; cpu++) k.createDsq(cpu as number as DsqId);
      balance.init?.(k);
    },
    selectCpu: (k, vcpu, prev, flags) => balance.choose(k, vcpu, prev, flags),
    enqueue(k, vcpu, flags) {
      if (flags & (ENQ_WAKEUP | ENQ_RESTORE)) join(vcpu, k.taskCpu(vcpu));
      const from = queueCpu[vcpu]! as CpuId;
      if (!(flags & ENQ_WAKEUP)) {
        const cpu = balance.requeue?.(k, vcpu, from) ?? from;
        join(vcpu, cpu);
        k.dsqInsertVtime(vcpu, queueOf(cpu), FAIR_SLICE_NS, vruntime[vcpu]!, flags);
        if (cpu !== from) k.kick(cpu, KICK_IDLE);
        return;
      }
      const current = k.cpuCurr(from);
      advanceMin(k, from, current);
      vruntime[vcpu] = Math.max(vruntime[vcpu]!, minVruntime[from]! - SLEEPER_CREDIT_NS);
      k.dsqInsertVtime(vcpu, queueOf(from), FAIR_SLICE_NS, vruntime[vcpu], flags);
      const lead = current === NONE ? 0 : vruntime[current]! - vruntime[vcpu];
      if (lead > (WAKEUP_GRANULARITY_NS * DEFAULT_WEIGHT) / k.weight(vcpu)) k.kick(from, KICK_PREEMPT);
    },
    dispatch(k, cpu, prev) {
      const first = k.dsqFirst(queueOf(cpu));
      if (first !== NONE) {
        if (prev !== NONE) charge(k, prev);
        if (prev === NONE || vruntime[first]! < vruntime[prev]!) k.dsqMoveToLocal(queueOf(cpu)); // else prev runs on
      } else if (prev === NONE) {
        const pulled = balance.pull(k, cpu);
        if (pulled !== NONE && k.dsqMove(pulled)) join(pulled, cpu);
      }
    },
    stopping(k, vcpu, cpu) {
      advanceMin(k, cpu, vcpu);
    },
  };
}
