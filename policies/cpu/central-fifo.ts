import { type CpuPolicy, DSQ_LOCAL, KICK_IDLE } from '../../sim/policy-api.ts';
import { type DsqId, NONE } from '../../sim/units.ts';

/** The one queue that all CPUs take from. Ids of queues are small whole numbers of the policy's choice. */
const SHARED = 0 as DsqId;

/**
 * One queue for the whole machine, first come first served: a scheduler in four hooks, and a good place to start reading.
 * It never leaves a CPU idle while a vCPU waits, which is the most a queue can do for waiting times, and it knows nothing of nodes: a
 * vCPU runs wherever a CPU happens to be free next, far from its memory as likely as near it.
 * After: tools/sched_ext/scx_simple.bpf.c of Linux, with -f.
 */
export function centralFifo(sliceNs: number): CpuPolicy {
  return {
    name: 'central-fifo',

    // Once, when the scheduler is loaded: make the queues it needs.
    init(k) {
      k.createDsq(SHARED);
    },

    // A vCPU wakes. If a CPU is idle, its last one for choice, it is claimed here, and the vCPU goes straight to that CPU's own queue:
    // enqueue is then not called for it. Else the CPU returned is only a hint.
    selectCpu(k, vcpu, prev) {
      const idle = k.selectCpuDfl(vcpu, prev);
      if (idle === NONE) return prev;
      k.dsqInsert(vcpu, DSQ_LOCAL, sliceNs, 0);
      return idle;
    },

    // A vCPU has to wait: all CPUs were busy when it woke, or its slice is over while others wait. It goes to the end of the queue.
    // A CPU that is idle all the same (the vCPU's mask has changed, say) is told to look.
    enqueue(k, vcpu) {
      k.dsqInsert(vcpu, SHARED, sliceNs, 0);
      const idle = k.pickIdleCpu(vcpu);
      if (idle !== NONE) k.kick(idle, KICK_IDLE);
    },

    // A CPU has nothing in its own queue: it takes the first vCPU of the shared one that may run here, if there is one. If there is none,
    // what ran here so far runs on.
    dispatch(k) {
      k.dsqMoveToLocal(SHARED);
    },
  };
}
