import { curveMisses, curveUsefulBytes } from './miss-curves.ts';
import { RANDOM } from './workload-api.ts';
import type { World } from './world.ts';

/** Misses per access of a phase that owns `share` bytes of the cache: a sweep longer than its share evicts what it will need. */
export function missRatio(pattern: number, workingSetBytes: number, share: number): number {
  if (workingSetBytes <= share) return 0;
  return pattern === RANDOM ? 1 - share / workingSetBytes : 1;
}

/**
 * Bytes of the cache that serve a phase again and again, and so must be fetched anew after a move: the fewest with which it would
 * miss no more. None of a sweep that never hits.
 */
export function usefulBytes(pattern: number, workingSetBytes: number, share: number): number {
  if (workingSetBytes <= share) return workingSetBytes;
  return pattern === RANDOM ? share : 0;
}

/** The same two for a task's present phase, by the curve it names if it names one. */
export function taskMissRatio(w: World, task: number, share: number): number {
  const curve = w.phaseCurve[task]!;
  return curve < 0 ? missRatio(w.phasePattern[task]!, w.phaseWorkingSet[task]!, share) : curveMisses(w.missCurves, curve, share);
}

export function taskUsefulBytes(w: World, task: number, share: number): number {
  const curve = w.phaseCurve[task]!;
  return curve < 0 ? usefulBytes(w.phasePattern[task]!, w.phaseWorkingSet[task]!, share) : curveUsefulBytes(w.missCurves, curve, share);
}

/**
 * Divides a cache among the tasks that run on its node, in proportion to how fast each would fill it, none beyond what it needs
 * (water-filling). The rates are those without queueing, so no loop leads back from speed to share.
 * @param demand accesses per ns of each; 0 takes no part
 * @param need bytes each would fill
 * @param shares out: bytes of each
 */
export function divideCache(
  bytes: number,
  demand: Float64Array,
  need: Float64Array,
  first: number,
  count: number,
  shares: Float64Array,
): void {
  let left = bytes;
  let rates = 0;
  for (let i = first; i < first + count; i++) {
    shares[i] = -1;
    rates += demand[i]!;
  }
  for (let settled = false; !settled;) {
    settled = true;
    for (let i = first; i < first + count; i++) {
      if (shares[i]! >= 0 || demand[i] === 0 || need[i]! * rates > left * demand[i]!) continue;
      shares[i] = need[i]!;
      left -= need[i]!;
      rates -= demand[i]!;
      settled = false;
    }
  }
  for (let i = first; i < first + count; i++) {
    if (shares[i]! < 0) shares[i] = demand[i]! > 0 ? (left * demand[i]!) / rates : 0;
  }
}
