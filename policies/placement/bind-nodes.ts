import type { PlacementPolicy } from '../../sim/policy-api.ts';
import type { NodeId } from '../../sim/units.ts';

/**
 * Every guest on the CPUs of one node, its memory meant for another, or the same.
 * After: numactl 2.0, --cpunodebind and --preferred.
 * @throws RangeError for a node that the machine does not have, or one without CPUs to run on
 */
export function bindNodes(cpuNode: number, memoryNode: number): PlacementPolicy {
  return {
    name: 'bind-nodes',
    place(k) {
      for (const [option, node] of [
        ['cpunodebind', cpuNode],
        ['preferred', memoryNode],
      ] as const) {
        // prettier-ignore
        if (node >= k.nodeCount) throw new RangeError(`${option} = ${node}, want 0 to ${k.nodeCount - 1}`);
      }
      if (k.nodeCpuCount(cpuNode as NodeId) === 0) throw new RangeError(`cpunodebind = ${cpuNode}, want a node with CPUs`);
      return { hardNodes: [cpuNode as NodeId], softNodes: null, memoryNodes: [memoryNode as NodeId] };
    },
  };
}
