import type { Kernel } from '../../sim/policy-api.ts';
import type { GuestId } from '../../sim/units.ts';

/** Whether a guest that was placed has not departed since. When the host starts all guests are placed before the first of them is there. */
export function isThere(k: Kernel, guest: GuestId): boolean {
  return k.nowNs === 0 || k.isHere(guest) || k.isHostNoise(guest);
}
