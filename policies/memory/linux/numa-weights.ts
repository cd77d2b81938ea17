import type { Kernel } from '../../../sim/policy-api.ts';
import { NONE, type NodeId } from '../../../sim/units.ts';
import type { FaultCounts, NumaTask } from './numa-faults.ts';

/** What SLIT calls local. */
const LOCAL_DISTANCE = 10;
/** A vCPU's or group's faults, all together, when weights are compared. */
const ALL_FAULTS = 1000;

/**
 * How nodes are connected (enum numa_topology_type): all directly; without switches, so that the farthest are reached through others; or in
 * groups behind a backplane.
 */
export type NumaTopology = 'direct' | 'glueless mesh' | 'backplane';

/**
 * What nodes are worth to vCPUs and groups, by the faults on their memory and on that of nodes near them, and so which node is preferred.
 * After: Linux 6.12 kernel/sched/fair.c: score_nearby_nodes, task_weight, group_weight, preferred_group_nid; topology.c:
 * init_numa_topology_type.
 */
export class NumaWeights {
  readonly topology: NumaTopology;
  private readonly distances: readonly number[]; // from far to near
  private readonly farthest: number;
  private readonly nodeCount: number;
  private readonly distance: Int32Array; // [from * nodeCount + to]
  private readonly hasCpus: Uint8Array; //  [node]
  // Scratch of preferredBehindBackplane, [node]
  private readonly candidates: Uint8Array;
  private readonly members: Uint8Array;
  private readonly best: Uint8Array;

  constructor(k: Kernel) {
    const { nodeCount } = k;
    const ids = Array.from({ length: nodeCount }, (_, node) => node as NodeId);
    this.nodeCount = nodeCount;
    this.distance = Int32Array.from(ids.flatMap((from) => ids.map((to) => k.distance(from, to))));
    this.hasCpus = Uint8Array.from(ids, (node) => (k.nodeCpuCount(node) > 0 ? 1 : 0));
    const withCpus = ids.filter((node) => this.hasCpus[node] === 1);
    const distances = new Set(withCpus.flatMap((from) => withCpus.map((to) => k.distance(from, to))));
    this.distances = [...distances].sort((a, b) => b - a);
    this.farthest = this.distances[0] ?? LOCAL_DISTANCE;
    this.topology = this.distances.length <= 2 ? 'direct' : this.hasBetween(k, withCpus) ? 'glueless mesh' : 'backplane';
    this.candidates = new Uint8Array(nodeCount);
    this.members = new Uint8Array(nodeCount);
    this.best = new Uint8Array(nodeCount);
  }

  /** task_weight, in thousandths of its faults. @param limit distance from where nodes behind a backplane do not count any more */
  ofTask(task: NumaTask | undefined, node: NodeId, limit: number): number {
    return task ? this.weight(task.faults, node, limit) : 0;
  }

  /** group_weight of the group it is in; 0 without. */
  ofGroup(task: NumaTask | undefined, node: NodeId, limit: number): number {
    return task?.group ? this.weight(task.group.faults, node, limit) : 0;
  }

  /**
   * Where a vCPU should be: the node with most faults, its group's if it is in one, or NONE without any; of a group on a machine whose
   * nodes are not all neighbours, the best by what is near as well.
   */
  preferredNode(k: Kernel, { faults: own, group }: NumaTask): NodeId {
    const faults = group?.faults ?? own;
    let most: NodeId = NONE;
    for (let node = 0 as NodeId; node < this.nodeCount; node++) {
      if (faults.memory(node) > (most === NONE ? 0 : faults.memory(most))) most = node;
    }
    if (most === NONE) return NONE;
    most = this.nearestWithCpus(k, most);
    if (!group || this.topology === 'direct') return most;
    return this.topology === 'backplane' ? this.preferredBehindBackplane(faults, most) : this.preferredInMesh(faults, most);
  }

  private nearestWithCpus(k: Kernel, node: NodeId): NodeId {
    let i = 0;
    while (this.hasCpus[k.nthNearest(node, i)] === 0) i++;
    return k.nthNearest(node, i);
  }

  private preferredInMesh(faults: FaultCounts, most: NodeId): NodeId {
    let best = most;
    let bestWeight = 0;
    for (let node = 0 as NodeId; node < this.nodeCount; node++) {
      if (this.hasCpus[node] === 0) continue;
      const weight = this.weight(faults, node, this.farthest);
      if (weight <= bestWeight) continue;
      best = node;
      bestWeight = weight;
    }
    return best;
  }

  /** The group of nodes nearer to each other than the farthest that has most faults, in that the one nearer still, down to a node. */
  private preferredBehindBackplane(faults: FaultCounts, most: NodeId): NodeId {
    const { candidates, members, best } = this;
    let found = most;
    candidates.set(this.hasCpus);
    for (let i = 0; i < this.distances.length && this.distances[i]! > LOCAL_DISTANCE; i++) {
      let mostFaults = 0;
      for (let node = 0 as NodeId; node < this.nodeCount; node++) {
        if (candidates[node] === 0) continue;
        const sum = this.takeNearer(faults, node, this.distances[i]!);
        if (sum <= mostFaults) continue;
        mostFaults = sum;
        best.set(members);
        found = node;
      }
      if (mostFaults === 0) break;
      candidates.set(best);
    }
    return found;
  }

  /** Takes from the candidates those nearer to a node than a distance; they are `members` then. @returns their faults */
  private takeNearer(faults: FaultCounts, node: NodeId, distance: number): number {
    let sum = 0;
    this.members.fill(0);
    for (let other = 0 as NodeId; other < this.nodeCount; other++) {
      if (this.candidates[other] === 0 || this.distance[node * this.nodeCount + other]! >= distance) continue;
      sum += faults.memory(other);
      this.members[other] = 1;
      this.candidates[other] = 0;
    }
    return sum;
  }

  private weight(faults: FaultCounts, node: NodeId, limit: number): number {
    if (faults.total === 0) return 0;
    return Math.floor((ALL_FAULTS * (faults.memory(node) + this.nearby(faults, node, limit))) / faults.total);
  }

  /** score_nearby_nodes: faults on other nodes, but the farthest; in a mesh the less, the farther. */
  private nearby(faults: FaultCounts, node: NodeId, limit: number): number {
    if (this.topology === 'direct') return 0;
    let score = 0;
    for (let other = 0 as NodeId; other < this.nodeCount; other++) {
      const distance = this.distance[node * this.nodeCount + other]!;
      if (other === node || distance >= this.farthest) continue;
      if (this.topology === 'backplane') score += distance >= limit ? 0 : faults.memory(other);
      else score += Math.floor((faults.memory(other) * (this.farthest - distance)) / (this.farthest - LOCAL_DISTANCE));
    }
    return score;
  }

  /** Whether between the first two nodes that are farthest from each other there is one nearer to both. */
  private hasBetween(k: Kernel, nodes: readonly NodeId[]): boolean {
    for (const a of nodes) {
      for (const b of nodes) {
        if (k.distance(a, b) < this.farthest) continue;
        return nodes.some((c) => k.distance(a, c) < this.farthest && k.distance(b, c) < this.farthest);
      }
    }
    return false;
  }
}
