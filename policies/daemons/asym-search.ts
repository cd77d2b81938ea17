/** A group of threads that share memory over nodes. */
export interface Cluster {
  readonly vcpus: number;
  /** How many nodes it needs. */
  readonly nodeCount: number;
  /** What a GB/s between its nodes is worth. */
  readonly weight: number;
  /** [node] its memory. */
  readonly bytes: ArrayLike<number>;
}

/** Nodes that a cluster may be put on, ascending, and the bandwidth of all their pairs, both ways. */
export interface NodeSet {
  readonly nodes: readonly number[];
  readonly GBps: number;
}

export interface Arrangement {
  /** Sum over the clusters of weight times the bandwidth of all pairs of its nodes. */
  readonly score: number;
  /** Memory that is not on the nodes of its cluster yet. */
  readonly moveBytes: number;
  readonly nodes: readonly (readonly number[])[]; //  [cluster] ascending
  readonly vcpus: readonly (readonly number[])[]; // [cluster][i] how many on the i-th of its nodes
}

/** Share of the best score that is good enough. AsymSched's. */
const GOOD_ENOUGH = 0.9;
/** Sets of nodes that are looked at for a cluster; where there are more, those that grow greedily from each node. Assumed. */
const MOST_SETS = 2_000;
/** Steps of a search; after so many what was found stands. Assumed. */
const MOST_STEPS = 20_000;

/**
 * Of all ways to put every cluster on as many nodes as it needs, those with at least 90 % of the best score; of these the one with the least memory
 * to move. Clusters of several nodes are tried in every way, the heaviest first, with branch and bound; those of one node, which
 * have no pairs, then go where most of their memory is and room is left. After MOST_STEPS steps the best found stands.
 * After: B. Lepers, V. Quéma, A. Fedorova, "Thread and Memory Placement on NUMA Systems: Asymmetry Matters", USENIX ATC 2015.
 * @param room [node] vCPUs that may be put there
 * @param setsOf the sets of so many nodes, the best first
 * @returns null if there is no room, or none was found in time
 */
export function bestArrangement(
  clusters: readonly Cluster[],
  room: readonly number[],
  setsOf: (nodeCount: number) => readonly NodeSet[],
): Arrangement | null {
  const wide = indicesBy(clusters, ({ weight }) => weight).filter((i) => clusters[i]!.nodeCount > 1);
  const narrow = indicesBy(clusters, ({ vcpus }) => vcpus).filter((i) => clusters[i]!.nodeCount === 1);
  const left = [...room];
  const nodes: (readonly number[])[] = clusters.map(() => []);
  const vcpus: (readonly number[])[] = clusters.map(() => []);
  const potential = potentials(wide.map((i) => clusters[i]!.weight * (setsOf(clusters[i]!.nodeCount)[0]?.GBps ?? 0)));
  let best: Arrangement | null = null;
  let enough = -Infinity; // score, once the best is known
  let steps = 0;

  const isHopeless = (bound: number, moveBytes: number): boolean =>
    best !== null && (enough < 0 ? bound <= best.score : bound < enough || moveBytes >= best.moveBytes);

  function place(cluster: number, on: readonly number[], count: readonly number[]): void {
    nodes[cluster] = on;
    vcpus[cluster] = count;
    on.forEach((node, i) => (left[node]! -= count[i]!));
  }
  function unplace(cluster: number): void {
    nodes[cluster]!.forEach((node, i) => (left[node]! += vcpus[cluster]![i]!));
  }

  /** Puts the wide clusters from the i-th on in every way that could be better than what was found. */
  function tryAll(i: number, score: number, moveBytes: number): void {
    if (i === wide.length) return finish(score, moveBytes);
    const cluster = clusters[wide[i]!]!;
    for (const set of setsOf(cluster.nodeCount)) {
      if (++steps > MOST_STEPS) return;
      const scoreHere = score + cluster.weight * set.GBps;
      const moveHere = moveBytes + bytesOff(cluster, set.nodes);
      if (isHopeless(scoreHere + potential[i + 1]!, moveHere)) continue;
      const count = spread(cluster.vcpus, set.nodes, left);
      if (!count) continue;
      place(wide[i]!, set.nodes, count);
      tryAll(i + 1, scoreHere, moveHere);
      unplace(wide[i]!);
    }
  }

  function finish(score: number, wideBytes: number): void {
    let moveBytes = wideBytes;
    let placed = 0;
    for (const i of narrow) {
      const node = nearMemory(clusters[i]!, left);
      if (node < 0) break;
      place(i, [node], [clusters[i]!.vcpus]);
      moveBytes += bytesOff(clusters[i]!, [node]);
      placed++;
    }
    const isComplete = placed === narrow.length;
    if (isComplete && !isHopeless(score, moveBytes)) best = { score, moveBytes, nodes: [...nodes], vcpus: [...vcpus] };
    for (let i = 0; i < placed; i++) unplace(narrow[i]!);
  }

  tryAll(0, 0, 0);
  if (best === null) return null;
  enough = GOOD_ENOUGH * (best as Arrangement).score;
  steps = 0;
  tryAll(0, 0, 0);
  return best;
}

/** The sets of `size` of the nodes, the one of most bandwidth first, ties in order of ids. Greedily grown where there are too many. */
export function nodeSets(candidates: readonly number[], size: number, pairGBps: (from: number, to: number) => number): NodeSet[] {
  const bothWays = (a: number, b: number): number => pairGBps(a, b) + pairGBps(b, a);
  const grown = (nodes: readonly number[], GBps: number, node: number): NodeSet => ({
    nodes: [...nodes, node],
    GBps: nodes.reduce((sum, other) => sum + bothWays(other, node), GBps),
  });
  const sets: NodeSet[] = [];
  const extend = (set: NodeSet, from: number): void => {
    if (set.nodes.length === size) sets.push(set);
    else for (let i = from; i < candidates.length; i++) extend(grown(set.nodes, set.GBps, candidates[i]!), i + 1);
  };
  const greedy = (first: number): NodeSet => {
    let set = grown([], 0, first);
    while (set.nodes.length < size) {
      const others = candidates.filter((node) => !set.nodes.includes(node)).map((node) => grown(set.nodes, set.GBps, node));
      set = others.reduce((best, other) => (other.GBps > best.GBps ? other : best));
    }
    return { nodes: [...set.nodes].sort((a, b) => a - b), GBps: set.GBps };
  };
  if (choose(candidates.length, size) <= MOST_SETS) extend({ nodes: [], GBps: 0 }, 0);
  else sets.push(...candidates.map(greedy));
  return sets.sort((a, b) => b.GBps - a.GBps);
}

/** vCPUs on each of the nodes, as evenly as the room allows; null if it is too small, or one would have none. */
export function spread(vcpus: number, nodes: readonly number[], room: readonly number[]): number[] | null {
  const count = nodes.map(() => 0);
  const fullestFirst = nodes.map((_, i) => i).sort((a, b) => room[nodes[a]!]! - room[nodes[b]!]! || a - b);
  let rest = vcpus;
  fullestFirst.forEach((i, done) => {
    count[i] = Math.min(room[nodes[i]!]!, Math.ceil(rest / (nodes.length - done)));
    rest -= count[i]!;
  });
  return rest > 0 || count.includes(0) ? null : count;
}

export function bytesOff({ bytes }: Cluster, nodes: readonly number[]): number {
  let off = 0;
  for (let node = 0; node < bytes.length; node++) if (!nodes.includes(node)) off += bytes[node]!;
  return off;
}

/** Where most of its memory is, and there is room; ties to the one with the most room. */
function nearMemory({ vcpus, bytes }: Cluster, left: readonly number[]): number {
  let best = -1;
  for (let node = 0; node < left.length; node++) {
    if (left[node]! < vcpus) continue;
    const more = best < 0 ? 1 : bytes[node]! - bytes[best]! || left[node]! - left[best]!;
    if (more > 0) best = node;
  }
  return best;
}

/** [i] what the i-th and all after it can add at most, and one 0 more. */
function potentials(most: readonly number[]): number[] {
  const sums = [...most, 0];
  for (let i = most.length - 1; i >= 0; i--) sums[i]! += sums[i + 1]!;
  return sums;
}

function indicesBy(clusters: readonly Cluster[], key: (cluster: Cluster) => number): number[] {
  return clusters.map((_, i) => i).sort((a, b) => key(clusters[b]!) - key(clusters[a]!) || a - b);
}

function choose(n: number, k: number): number {
  let ways = 1;
  for (let i = 1; i <= k; i++) ways = (ways * (n - k + i)) / i;
  return ways;
}
