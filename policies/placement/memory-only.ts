import type { PlacementPolicy } from '../../sim/policy-api.ts';

/** The memory of another placement; vCPUs are free. */
export function memoryOnly(placement: PlacementPolicy): PlacementPolicy {
  return {
    name: `${placement.name}-memory`,
    place: (k, guest) => ({ hardNodes: null, softNodes: null, memoryNodes: placement.place(k, guest).memoryNodes }),
  };
}
