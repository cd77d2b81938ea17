import type { PlacementPolicy } from '../../sim/policy-api.ts';
import type { CpuId, NodeId } from '../../sim/units.ts';

export interface Binding {
  /** Nodes on whose CPUs all guests run; null for all. */
  readonly cpuNodes: readonly NodeId[] | null;
  /** CPUs on which they run, in place of these nodes; null for none in particular. */
  readonly cpus: readonly CpuId[] | null;
  /** Nodes their memory is meant for; empty for none in particular. */
  readonly memoryNodes: readonly NodeId[];
}

/**
 * Every guest on the CPUs of the same nodes, or on the same CPUs, its memory meant for others, or the same.
 * After: numactl 2.0, --cpunodebind, --physcpubind and the options of memory.
 */
export function bindNodes({ cpuNodes, cpus, memoryNodes }: Binding): PlacementPolicy {
  return {
    name: 'bind-nodes',
    place(k, guest) {
      const withCpus = cpuNodes?.filter((node) => k.nodeCpuCount(node) > 0) ?? null;
      const hardCpus = cpus && Array.from({ length: k.guestVcpuCount(guest) }, () => cpus);
      return { hardNodes: withCpus, ...(hardCpus && { hardCpus }), softNodes: null, memoryNodes };
    },
  };
}
