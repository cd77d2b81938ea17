import {
  type CpuPolicy,
  DSQ_LOCAL_ON,
  ENQ_HEAD,
  ENQ_PREEMPT,
  ENQ_WAKEUP,
  type Kernel,
  KICK_IDLE,
  SLICE_DEFAULT_NS,
} from '../../../sim/policy-api.ts';
import { type CpuId, type DsqId, NONE, type VcpuId } from '../../../sim/units.ts';
import { softAffinity, type SoftAffinity } from './soft-affinity.ts';

const WAITING = 0 as DsqId;

/**
 * Each vCPU has a CPU of its own from when it first wakes until it departs, a free one within its soft affinity if there is one. A vCPU
 * for which none is free waits, for ever if it must, until a CPU it may use is free again; those that would rather have it go first.
 * The host's own load has no vCPUs under Xen: it takes any idle CPU, or for a moment the one it was on.
 * After: Xen, common/sched/null.c (pick_res, unit_assign, unit_deassign, null_unit_wake).
 */
export function nullScheduler(): CpuPolicy {
  let soft: SoftAffinity;
  let vcpuOn = new Int32Array(0); // [cpu] vCPU it is for, or NONE
  let cpuOf = new Int32Array(0); //  [vcpu] its CPU, or NONE

  function assign(vcpu: VcpuId, cpu: CpuId): void {
    vcpuOn[cpu] = vcpu;
    cpuOf[vcpu] = cpu;
  }

  /** The CPU given if it is free and suits, else the first free one that does, within the soft affinity before all others. */
  function freeCpu(k: Kernel, vcpu: VcpuId, own: CpuId): CpuId {
    for (let step = soft.matters(k, vcpu) ? 0 : 1; step < 2; step++) {
      if (vcpuOn[own] === NONE && soft.suits(k, vcpu, own, step === 0)) return own;
      for (let cpu = 0 as CpuId; cpu < k.cpuCount; cpu++) if (vcpuOn[cpu] === NONE && soft.suits(k, vcpu, cpu, step === 0)) return cpu;
    }
    return NONE;
  }

  /** Gives a CPU that is free to one that waits; one that would rather have it first. It comes for it at its next schedule. */
  function handOver(k: Kernel, cpu: CpuId): void {
    for (let step = 0; step < 2; step++) {
      for (let vcpu = k.dsqFirst(WAITING); vcpu !== NONE; vcpu = k.dsqNext(vcpu)) {
        if (cpuOf[vcpu] !== NONE || !soft.suits(k, vcpu, cpu, step === 0) || (step === 0 && !soft.matters(k, vcpu))) continue;
        assign(vcpu, cpu);
        k.kick(cpu, KICK_IDLE);
        return;
      }
    }
  }

  function release(k: Kernel, vcpu: VcpuId): void {
    const cpu = cpuOf[vcpu]! as CpuId;
    cpuOf[vcpu] = NONE;
    if (cpu === NONE) return;
    vcpuOn[cpu] = NONE;
    if (k.isOnline(cpu)) handOver(k, cpu);
  }

  /** Its CPU; one that has none, or may not use it any more, is given a free one. NONE if there is none. */
  function place(k: Kernel, vcpu: VcpuId): CpuId {
    const own = cpuOf[vcpu]! as CpuId;
    if (own !== NONE && k.allows(vcpu, own)) return own;
    release(k, vcpu);
    const free = freeCpu(k, vcpu, own === NONE ? k.taskCpu(vcpu) : own);
    if (free !== NONE) assign(vcpu, free);
    return free;
  }

  return {
    name: 'null',
    init(k) {
      soft = softAffinity(k);
      vcpuOn = new Int32Array(k.cpuCount).fill(NONE);
      cpuOf = new Int32Array(k.vcpuCount).fill(NONE);
      k.createDsq(WAITING);
    },
    selectCpu(k, vcpu, prev) {
      if (isHostsOwn(k, vcpu)) return k.selectCpuDfl(vcpu, prev);
      const cpu = place(k, vcpu);
      return cpu === NONE ? prev : cpu;
    },
    enqueue(k, vcpu, flags) {
      if (isHostsOwn(k, vcpu)) {
        const how = flags & ENQ_WAKEUP ? ENQ_HEAD | ENQ_PREEMPT : 0;
        k.dsqInsert(vcpu, (DSQ_LOCAL_ON + k.taskCpu(vcpu)) as DsqId, SLICE_DEFAULT_NS, how);
        return;
      }
      const cpu = place(k, vcpu);
      if (cpu === NONE) k.dsqInsert(vcpu, WAITING, Infinity, 0);
      else k.dsqInsert(vcpu, (DSQ_LOCAL_ON + cpu) as DsqId, Infinity, 0);
    },
    dispatch(k, cpu, prev) {
      const mine = vcpuOn[cpu]! as VcpuId;
      if (mine !== NONE && mine !== prev && k.dsqOf(mine) === WAITING) k.dsqMove(mine);
    },
    setCpumask(_k, vcpu) {
      soft.forget(vcpu);
    },
    exitTask: release,
    cpuOnline(k, cpu) {
      soft.forgetAll();
      if (vcpuOn[cpu] === NONE) handOver(k, cpu);
    },
    cpuOffline(k, cpu) {
      soft.forgetAll();
      const vcpu = vcpuOn[cpu]! as VcpuId;
      if (vcpu !== NONE) release(k, vcpu); // it is queued anew if it runs or waits there, else when it wakes
    },
  };
}

/** QEMU's threads and housekeeping; dom0 is a guest like others. */
function isHostsOwn(k: Kernel, vcpu: VcpuId): boolean {
  const guest = k.guestOf(vcpu);
  return k.isHostNoise(guest) && k.guestKind(guest) === 'bare';
}
