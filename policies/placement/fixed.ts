import { FLOATING, type Placement, type PlacementPolicy } from '../../sim/policy-api.ts';

/** Each guest where a list says, by its number; one that is not in the list floats. Whoever makes the list has done the thinking. */
export function fixed(placements: readonly Placement[]): PlacementPolicy {
  return { name: 'fixed', place: (_k, guest) => placements[guest] ?? FLOATING };
}
