import type { PlacementPolicy } from '../../sim/policy-api.ts';
import type { NodeId } from '../../sim/units.ts';

/** The placement unchanged, with each guest's home node noted in `homes` [guest], for a cpu part to read. */
export function rememberHomes(placement: PlacementPolicy, homes: NodeId[]): PlacementPolicy {
  return {
    name: placement.name,
    place(k, guest) {
      const placed = placement.place(k, guest);
      homes[guest] = placed.homeNode;
      return placed;
    },
  };
}
