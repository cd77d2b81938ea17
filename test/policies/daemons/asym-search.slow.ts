import type { Cluster } from '../../../policies/daemons/asym-search.ts';

/** Every way there is to put clusters of several nodes on them: no bounds, no order, each score added up from pairs. */
export function everyArrangement(
  clusters: readonly Cluster[],
  room: readonly number[],
  GBps: readonly (readonly number[])[],
): { score: number; moveBytes: number }[] {
  const [first, ...rest] = clusters;
  if (!first) return [{ score: 0, moveBytes: 0 }];
  const found: { score: number; moveBytes: number }[] = [];
  for (let bits = 0; bits < 2 ** room.length; bits++) {
    const isIn = room.map((_, node) => Math.floor(bits / 2 ** node) % 2 === 1);
    const nodes = room.map((_, node) => node).filter((node) => isIn[node]);
    if (nodes.length !== first.nodeCount) continue;
    const left = dealt(first.vcpus, nodes, room);
    if (!left) continue;
    let bandwidth = 0;
    for (const a of nodes) for (const b of nodes) if (a !== b) bandwidth += GBps[a]![b]!;
    const moveBytes = room.reduce((sum, _, node) => sum + (isIn[node] ? 0 : first.bytes[node]!), 0);
    for (const other of everyArrangement(rest, left, GBps))
      found.push({ score: other.score + first.weight * bandwidth, moveBytes: other.moveBytes + moveBytes });
  }
  return found;
}

/** vCPUs dealt out one by one, each to the node that got the fewest so far and has room; of these the one with the least room at first. */
function dealt(vcpus: number, nodes: readonly number[], room: readonly number[]): number[] | null {
  const got = room.map(() => 0);
  for (let i = 0; i < vcpus; i++) {
    const free = nodes.filter((node) => got[node]! < room[node]!);
    if (free.length === 0) return null;
    free.sort((a, b) => got[a]! - got[b]! || room[a]! - room[b]! || a - b);
    got[free[0]!]!++;
  }
  return nodes.some((node) => got[node] === 0) ? null : room.map((count, node) => count - got[node]!);
}
