import { TIMER_DRIFT } from './timers.ts';
import { NONE } from './units.ts';
import type { World } from './world.ts';

/** The heat of a guest's regions moves on at whole multiples of driftNs, from the guest's start to its end, whatever the policy. */
export function startDrift(w: World, guest: number): void {
  const first = w.memory.firstRegion[guest]!;
  for (let region = first; region < first + w.guests[guest]!.regionCount; region++) {
    if (w.memory.heat.driftOf(region) > 0) awaitDrift(w, region);
  }
}

/** The heat of a region has moved on, and will again. @returns the guest whose accesses at random now fall elsewhere; NONE once it has ended */
export function nextDrift(w: World, region: number): number {
  const guest = guestOfRegion(w, region);
  if (w.guests[guest]!.endedNs >= 0) return NONE;
  awaitDrift(w, region);
  return guest;
}

function awaitDrift(w: World, region: number): void {
  const driftNs = w.memory.heat.driftOf(region);
  w.timers.push((Math.floor(w.nowNs / driftNs) + 1) * driftNs, TIMER_DRIFT, region);
}

function guestOfRegion(w: World, region: number): number {
  const { firstRegion } = w.memory;
  let guest = firstRegion.length - 1;
  while (firstRegion[guest]! > region) guest--;
  return guest;
}
