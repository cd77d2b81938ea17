import type { Machine } from '../../sim/machine.ts';
import type { GuestSpec } from '../../sim/scenario.ts';

/** Enough to tell placements apart; a machine with more has so few different placements that some are tried twice at no great loss. */
const MOST_PERMUTATIONS = 512;

/**
 * Ways to rename the nodes of a machine after which it is the same machine to all who run on it: CPUs, memory, sockets, distances,
 * latencies and the narrowest place of each route. Identity comes first.
 */
export function nodeSymmetries(machine: Machine): number[][] {
  const { nodeCount: N } = machine;
  const identity = Array.from({ length: N }, (_, node) => node);
  const found: number[][] = [identity];
  const width = routeWidths(machine);
  const isLike = (a: number, b: number): boolean =>
    machine.nodeCpuCount[a] === machine.nodeCpuCount[b] && machine.memoryBytes[a] === machine.memoryBytes[b];
  const isPairLike = (a: number, c: number, b: number, d: number): boolean =>
    [machine.slit, machine.latencyNs, machine.linesInFlight, machine.writeLinesInFlight, width].every(
      (m) => m[a * N + c] === m[b * N + d],
    ) && (machine.nodeSocket[a] === machine.nodeSocket[c]) === (machine.nodeSocket[b] === machine.nodeSocket[d]);
  const image: number[] = [];
  const extend = (): void => {
    const node = image.length;
    if (found.length >= MOST_PERMUTATIONS) return;
    if (node === N) {
      if (image.some((to, from) => to !== from)) found.push([...image]);
      return;
    }
    for (let to = 0; to < N; to++) {
      if (image.includes(to) || !isLike(node, to)) continue;
      image.push(to);
      if (image.every((other, at) => isPairLike(node, at, to, other) && isPairLike(at, node, other, to))) extend();
      image.pop();
    }
  };
  extend();
  return found;
}

/** [node of the CPU * N + node of the memory] lines per ns that the narrowest resource of the route lets through. */
function routeWidths({ nodeCount: N, useStart, useResource, useRead, capacity }: Machine): Float64Array {
  return Float64Array.from({ length: N * N }, (_, pair) => {
    let width = Infinity;
    for (let use = useStart[pair]!; use < useStart[pair + 1]!; use++) {
      if (useRead[use]! > 0) width = Math.min(width, capacity[useResource[use]!]! / useRead[use]!);
    }
    return width;
  });
}

/** Guests that differ in nothing but their names, by number. */
export function guestClasses(guests: readonly GuestSpec[]): number[][] {
  const classes = new Map<string, number[]>();
  guests.forEach(({ name: _, workload, ...rest }, guest) => {
    const key = JSON.stringify([workload.name, rest]);
    classes.set(key, [...(classes.get(key) ?? []), guest]);
  });
  return [...classes.values()];
}
