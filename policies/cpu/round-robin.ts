import { type CpuPolicy, DSQ_LOCAL_ON, type Kernel } from '../../sim/policy-api.ts';
import type { CpuId, DsqId, VcpuId } from '../../sim/units.ts';

/**
 * Each CPU runs the vCPUs that are its own in turn, a slice each, and no other: vCPU i belongs to CPU i modulo their number. The
 * opposite of one central queue: no vCPU ever loses its cache or its node to a move, and a CPU stands idle while others have queues.
 * It needs two hooks and no queue of its own, as each CPU has a local one (DSQ_LOCAL_ON + its number), first in first out, from which
 * the core runs without asking.
 */
export function roundRobin(sliceNs: number): CpuPolicy {
  return {
    name: 'round-robin',

    // A vCPU wakes: the CPU it should be queued on. This is a hint, but it is the CPU that is woken if it is idle.
    selectCpu: (k, vcpu, prev) => homeOf(k, vcpu, prev),

    // It waits, because it woke or because its slice is over while others wait: at the end of its CPU's queue.
    enqueue(k, vcpu) {
      k.dsqInsert(vcpu, (DSQ_LOCAL_ON + homeOf(k, vcpu, k.taskCpu(vcpu))) as DsqId, sliceNs, 0);
    },
  };
}

/** Its own CPU; `instead` when it may not run there, as when that CPU is offline. Queuing a vCPU where it may not run is an error. */
function homeOf(k: Kernel, vcpu: VcpuId, instead: CpuId): CpuId {
  const home = (vcpu % k.cpuCount) as CpuId;
  return k.allows(vcpu, home) ? home : instead;
}
