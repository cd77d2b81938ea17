import type { Kernel } from '../../../sim/policy-api.ts';
import { NONE, type NodeId, type VcpuId } from '../../../sim/units.ts';

/** Faults by the node of the memory, and of the CPU; as counted up to the last sequence, and since (enum numa_faults_stats). */
const MEMORY = 0;
const CPU = 1;
const NEW_MEMORY = 2;
const NEW_CPU = 3;

/** A vCPU that runs all the time weighs so much: faults by CPU are in these. */
const ALL_TIME = 65_536;

/** Hint faults in pages, by node, and by whether another touched the page before (numa_faults). */
export class FaultCounts {
  /** Over all nodes of the memory. */
  total = 0;
  private readonly nodeCount: number;
  private readonly counts: Float64Array; // [kind, node, private or not]

  constructor(nodeCount: number) {
    this.nodeCount = nodeCount;
    this.counts = new Float64Array(8 * nodeCount);
  }

  /** Pages of a node's memory (task_faults, group_faults). */
  memory(node: NodeId): number {
    return this.of(MEMORY, node);
  }

  /** Faults from a node's CPUs, weighed by run time (group_faults_cpu). */
  cpu(node: NodeId): number {
    return this.of(CPU, node);
  }

  /** Of `total`, what only one vCPU touched (group_faults_priv); the rest is shared. */
  get privateTotal(): number {
    let sum = 0;
    for (let node = 0; node < this.nodeCount; node++) sum += this.counts[2 * node + 1]!;
    return sum;
  }

  /** A fault on a page of one node by a CPU of another: counts from the next sequence on. */
  note(memoryNode: NodeId, cpuNode: NodeId, isPrivate: boolean, pages: number): void {
    this.counts[this.at(NEW_MEMORY, memoryNode, isPrivate ? 1 : 0)]! += pages;
    this.counts[this.at(NEW_CPU, cpuNode, isPrivate ? 1 : 0)]! += pages;
  }

  /** New faults that were private, or shared. */
  newFaults(isPrivate: boolean): number {
    let sum = 0;
    for (let node = 0; node < this.nodeCount; node++) sum += this.counts[this.at(NEW_MEMORY, node, isPrivate ? 1 : 0)]!;
    return sum;
  }

  /**
   * A sequence is over: what is new joins half of what was there before; in the counts of its group as well.
   * @param runShare share of time it ran, by which its faults by CPU are weighed
   * @param newTotal faults they are a share of
   */
  decay(runShare: number, newTotal: number, group: FaultCounts | null): void {
    const { counts } = this;
    const weight = Math.floor(runShare * ALL_TIME);
    const ofEach = 2 * this.nodeCount;
    for (let i = 0; i < ofEach; i++) {
      const more = counts[NEW_MEMORY * ofEach + i]! - Math.floor(counts[i]! / 2);
      const weighed = Math.floor((weight * counts[NEW_CPU * ofEach + i]!) / (newTotal + 1));
      const moreByCpu = weighed - Math.floor(counts[CPU * ofEach + i]! / 2);
      counts[NEW_MEMORY * ofEach + i] = 0;
      counts[NEW_CPU * ofEach + i] = 0;
      this.add(i, more, moreByCpu);
      group?.add(i, more, moreByCpu);
    }
  }

  /** Adds the counts of a vCPU to those of a group (sign 1), or takes them away (-1). */
  merge(other: FaultCounts, sign: number): void {
    const ofEach = 2 * this.nodeCount;
    for (let i = 0; i < ofEach; i++) this.add(i, sign * other.counts[i]!, sign * other.counts[CPU * ofEach + i]!);
  }

  private add(i: number, memory: number, cpu: number): void {
    this.counts[i]! += memory;
    this.counts[2 * this.nodeCount * CPU + i]! += cpu;
    this.total += memory;
  }

  private of(kind: number, node: NodeId): number {
    return this.counts[this.at(kind, node, 0)]! + this.counts[this.at(kind, node, 1)]!;
  }

  private at(kind: number, node: number, isPrivate: number): number {
    return 2 * (kind * this.nodeCount + node) + isPrivate;
  }
}

/** vCPUs that share memory, and are placed by what all of them touch (struct numa_group). */
export class NumaGroup {
  readonly faults: FaultCounts;
  members = 1;
  /** Nodes whose CPUs cause more than a third as many faults as those of the busiest: where the group runs. */
  activeNodes = 1;
  private readonly id: number;
  private mostByCpu = 0;

  constructor(id: number, nodeCount: number) {
    this.id = id;
    this.faults = new FaultCounts(nodeCount);
  }

  /** Whether members of this should go over to another: the larger one takes the smaller one's, at equal size the older. */
  yieldsTo(other: NumaGroup): boolean {
    return this.members !== other.members ? this.members < other.members : this.id > other.id;
  }

  /** numa_group_count_active_nodes. */
  countActiveNodes(k: Kernel): void {
    this.mostByCpu = 0;
    this.activeNodes = 0;
    for (let node = 0 as NodeId; node < k.nodeCount; node++) {
      if (k.nodeCpuCount(node) > 0) this.mostByCpu = Math.max(this.mostByCpu, this.faults.cpu(node));
    }
    for (let node = 0 as NodeId; node < k.nodeCount; node++) if (k.nodeCpuCount(node) > 0 && this.isActive(node)) this.activeNodes++;
  }

  isActive(node: NodeId): boolean {
    return this.faults.cpu(node) * ACTIVE_NODE_FRACTION > this.mostByCpu;
  }
}

/** Of the most faults of a node's CPUs, which a node must exceed to be one the group runs on. */
export const ACTIVE_NODE_FRACTION = 3;

/** What is known of a vCPU since its first hint fault (numa_ fields of struct task_struct). */
export class NumaTask {
  readonly vcpu: VcpuId;
  readonly faults: FaultCounts;
  group: NumaGroup | null = null;
  /** Where most of what it touches is, or NONE (numa_preferred_nid). */
  preferred: NodeId = NONE;
  /** The guest's scan sequence when it was placed last. */
  sequence = 0;
  /** It is not placed again before this time (numa_migrate_retry). */
  retryNs = 0;
  /** Pages it faulted on in this sequence: near, far, and those that could not be moved (numa_faults_locality). */
  local = 0;
  remote = 0;
  failed = 0;
  private placedNs: number;
  private placedRuntimeNs = 0;

  /** @param sinceNs when it began to run */
  constructor(vcpu: VcpuId, nodeCount: number, sinceNs: number) {
    this.vcpu = vcpu;
    this.faults = new FaultCounts(nodeCount);
    this.placedNs = sinceNs;
  }

  /** Share of the time since it was asked last that it ran (numa_get_avg_runtime; at first, of its life). */
  runShare(k: Kernel): number {
    const runtimeNs = k.runtimeNs(this.vcpu);
    const share = (runtimeNs - this.placedRuntimeNs) / (k.nowNs - this.placedNs + 1);
    this.placedNs = k.nowNs;
    this.placedRuntimeNs = runtimeNs;
    return Math.min(1, share);
  }
}
