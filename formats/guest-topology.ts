import type { GuestDescription } from './guest-description.ts';

type Topology = NonNullable<GuestDescription['topology']>;

/**
 * The topology of those vCPUs that are there at the start, which are numbered by socket, die, core and thread: sockets that are not there
 * yet are left out, and cores that no socket has yet. null where no topology has these alone, as of two sockets that are unlike.
 * @param present rising
 */
export function topologyAtStart({ dies, cores, threads }: Topology, present: readonly number[]): Topology | null {
  const ofSocket = dies * cores * threads;
  const inCores = new Set(countsBy(present, threads));
  const inSockets = countsBy(present, ofSocket);
  const [inEach = 0] = inSockets;
  const isRegular = inSockets.every((count) => count === inEach) && inCores.size === 1 && inCores.has(threads);
  if (!isRegular || (dies > 1 && inEach < ofSocket)) return null;
  return { sockets: inSockets.length, dies, cores: inEach / (dies * threads), threads };
}

/** How many there are of each group of `size` that has some. */
function countsBy(vcpus: readonly number[], size: number): number[] {
  const counts = new Map<number, number>();
  for (const vcpu of vcpus) counts.set(Math.floor(vcpu / size), (counts.get(Math.floor(vcpu / size)) ?? 0) + 1);
  return [...counts.values()];
}
