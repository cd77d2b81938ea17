import { FLOATING, type GuestConfiguration, type Kernel, type Placement, type PlacementPolicy } from '../../sim/policy-api.ts';
import type { CpuId, GuestId, NodeId } from '../../sim/units.ts';

/**
 * What a guest's own configuration says of its vCPUs: hard pins, soft pins. Its memory goes by rules of its own (memory/configured.ts);
 * where there is none, it is meant for the nodes of the CPUs that the vCPUs should use, as Xen's automatic node affinity has it.
 * After: sched_setaffinity(2) as taskset and libvirt's vcpupin set it; xl.cfg cpus and cpus_soft; Xen, common/domain.c,
 * domain_update_node_affinity (hard and soft, or hard alone where they have nothing in common).
 * @param otherwise places guests of whose vCPUs nothing is said; null to let them float
 */
export function configured(otherwise: PlacementPolicy | null): PlacementPolicy {
  return {
    name: 'configured',
    place(k, guest): Placement {
      const { pins, softPins } = k.configured(guest);
      if ([...pins, ...softPins].every((cpus) => cpus === null)) return otherwise?.place(k, guest) ?? FLOATING;
      return { hardNodes: null, hardCpus: pins, softNodes: null, softCpus: softPins, memoryNodes: nodesOf(k, guest, k.configured(guest)) };
    },
  };
}

/** By rising id; none where that would be all, as some vCPU may use any CPU. */
function nodesOf(k: Kernel, guest: GuestId, { pins, softPins }: GuestConfiguration): NodeId[] {
  const nodes = new Set<NodeId>();
  for (let i = 0; i < k.guestVcpuCount(guest); i++) {
    const cpus = common(pins[i] ?? null, softPins[i] ?? null);
    if (cpus === null) return [];
    for (const cpu of cpus) nodes.add(k.cpuNode(cpu));
  }
  return [...nodes].sort((a, b) => a - b);
}

/** CPUs of both lists, where null is all; those of the first alone where they have none in common. */
function common(hard: readonly CpuId[] | null, soft: readonly CpuId[] | null): readonly CpuId[] | null {
  if (hard === null || soft === null) return hard ?? soft;
  const both = hard.filter((cpu) => soft.includes(cpu));
  return both.length > 0 ? both : hard;
}
