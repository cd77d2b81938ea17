import type { Kernel, Placement, PlacementPolicy } from '../../sim/policy-api.ts';
import type { CpuId, GuestId, NodeId } from '../../sim/units.ts';
import { numactl } from './numactl.ts';
import { numadAdvice } from './numad.ts';

export interface LibvirtOptions {
  /** Nodes of each guest: these, one node in turn, or those that numad advises. */
  readonly nodeset: readonly NodeId[] | 'turn' | 'auto';
  /** Whether its vCPUs are held there too (<vcpu cpuset=>), or float. */
  readonly holdsVcpus: boolean;
  /** Whether each is held on one CPU of these nodes (<vcpupin>). */
  readonly pinsVcpus: boolean;
  /** How many nodes its memory may be meant for; numad's best come first. */
  readonly mostNodes: number;
}

/**
 * What a guest's <numatune>, <vcpu> and <vcpupin> say, all of them hard. A vCPU is pinned to the CPU of the guest's nodes with the
 * fewest vCPUs pinned to it, the lowest first, as an administrator would.
 * After: libvirt domain XML, NUMA Node Tuning and CPU Allocation; placement auto asks numad.
 */
export function libvirt({ nodeset, holdsVcpus, pinsVcpus, mostNodes }: LibvirtOptions): PlacementPolicy {
  const inTurn = numactl();
  const advise = numadAdvice();
  let pinnedTo: Int32Array | undefined; // [cpu] vCPUs

  function nodesOf(k: Kernel, guest: GuestId): readonly NodeId[] {
    if (nodeset === 'turn') return inTurn.place(k, guest).memoryNodes;
    return nodeset === 'auto' ? advise(k, guest) : nodeset;
  }

  function leastPinned(k: Kernel, nodes: readonly NodeId[], counts: Int32Array): CpuId {
    let best = -1;
    for (const node of nodes) {
      const first = k.nodeFirstCpu(node);
      for (let cpu: number = first; cpu < first + k.nodeCpuCount(node); cpu++) {
        if (best < 0 || counts[cpu]! < counts[best]! || (counts[cpu] === counts[best] && cpu < best)) best = cpu;
      }
    }
    counts[best]!++;
    return best as CpuId;
  }

  return {
    name: 'libvirt',
    place(k, guest): Placement {
      const nodes = nodesOf(k, guest);
      const counts = (pinnedTo ??= new Int32Array(k.cpuCount));
      const pins = Array.from({ length: pinsVcpus ? k.guestVcpuCount(guest) : 0 }, () => [leastPinned(k, nodes, counts)]);
      return {
        hardNodes: holdsVcpus ? nodes : null,
        ...(pinsVcpus && { hardCpus: pins }),
        softNodes: null,
        memoryNodes: nodes.slice(0, mostNodes),
      };
    },
  };
}
