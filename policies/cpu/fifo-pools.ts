import { type CpuPolicy, KICK_IDLE, WAKE_FORK } from '../../sim/policy-api.ts';
import { type CpuId, type DsqId, NONE, type NodeId } from '../../sim/units.ts';

/**
 * CPUs in pools, a queue for each, first come first served: a node's CPUs, or each CPU for itself. A vCPU draws its pool at every wake,
 * as a dispatcher would that does not look. What dividing a queue costs, when nothing else differs: beside the central queue these are the
 * M/M/c systems of queueing theory.
 */
export function fifoPools(per: 'node' | 'cpu', sliceNs: number): CpuPolicy {
  return {
    name: `fifo-pools/${per}`,
    init(k) {
      const pools = per === 'node' ? k.nodeCount : k.cpuCount;
      for (let pool = 0; pool < pools; pool++) k.createDsq(pool as DsqId);
    },
    selectCpu(k, vcpu, prev, flags) {
      const drawn = Math.floor(k.random() * k.cpuCount) as CpuId;
      if (per === 'cpu') return k.allows(vcpu, drawn) ? drawn : prev;
      const node = k.cpuNode(drawn);
      if (!k.allowsNode(vcpu, node)) return prev;
      const start = flags & WAKE_FORK ? k.nodeFirstCpu(node) : drawn;
      const idle = k.pickIdleCpuNode(vcpu, node, start);
      return idle === NONE ? drawn : idle;
    },
    enqueue(k, vcpu) {
      const cpu = k.taskCpu(vcpu);
      const pool = per === 'node' ? k.cpuNode(cpu) : cpu;
      k.dsqInsert(vcpu, pool as number as DsqId, sliceNs, 0);
      k.kick(cpu, KICK_IDLE);
    },
    dispatch(k, cpu) {
      const pool: NodeId | CpuId = per === 'node' ? k.cpuNode(cpu) : cpu;
      k.dsqMoveToLocal(pool as number as DsqId);
    },
  };
}
