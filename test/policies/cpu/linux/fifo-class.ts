import { type Balance, type FairQueues, queueOf } from '../../../../policies/cpu/linux/balance.ts';
import { type CpuPolicy, ENQ_RESTORE, ENQ_WAKEUP } from '../../../../sim/policy-api.ts';
import { NONE } from '../../../../sim/units.ts';

/** The simplest class that can be balanced: a queue a CPU, first come first served, turns of equal length, no preemption. */
export function fifoClass(sliceNs: number): (balance: Balance) => CpuPolicy {
  return (balance) => {
    const queues: FairQueues = {
      nrRunning: (k, cpu) => k.dsqNrQueued(queueOf(cpu)) + (k.cpuCurr(cpu) === NONE ? 0 : 1),
      load: (k, cpu) => 100 * queues.nrRunning(k, cpu),
      migrate: (k, vcpu, to) => k.allows(vcpu, to) && k.dsqMoveTo(vcpu, queueOf(to)),
    };
    return {
      name: `fifo/${balance.name}`,
      enqLast: true,
      init(k) {
        for (let cpu = 0; cpu < k.cpuCount; cpu++) k.createDsq(queueOf(cpu as never));
        balance.init?.(k, queues);
      },
      selectCpu: (k, vcpu, prev, flags) => balance.choose(k, vcpu, prev, flags),
      enqueue(k, vcpu, flags) {
        const from = k.taskCpu(vcpu);
        const cpu = (flags & (ENQ_WAKEUP | ENQ_RESTORE)) !== 0 ? from : (balance.requeue?.(k, vcpu, from) ?? from);
        k.dsqInsert(vcpu, queueOf(cpu), sliceNs, flags);
        if (cpu !== from) k.kick(cpu, 1);
      },
      dispatch(k, cpu, prev) {
        if (prev === NONE && k.dsqNrQueued(queueOf(cpu)) === 0) balance.newidle(k, cpu);
        k.dsqMoveToLocal(queueOf(cpu));
      },
    };
  };
}
