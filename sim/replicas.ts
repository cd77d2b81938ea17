import { assert } from './assert.ts';
import { HEAT_GROUPS } from './heat.ts';
import type { HostMemory } from './memory.ts';

/** A block's copies are a bit a node. */
export const MOST_REPLICA_NODES = 32;

/**
 * Copies of blocks that are only read, each on one more node: a CPU there reads the copy, every other CPU the block itself. They take
 * memory of their node, and the first write to their region drops them all (a write to one block would drop those of that block alone; a
 * phase that writes at random soon writes to all: assumed).
 */
export class Replicas {
  readonly nodeBlocks: Float64Array; //            [node] copies on it
  private readonly mask: Uint32Array; //           [block] nodes that have a copy
  private readonly regionBlocks: Int32Array; //    [region] copies of its blocks
  private readonly counts: (Int32Array | null)[]; // [region][(reader * N + home) * groups + group] blocks of `home` that `reader` has a copy of
  private readonly memory: HostMemory;
  private readonly nodeCount: number;

  constructor(memory: HostMemory, blocks: number, regions: number, nodeCount: number) {
    this.memory = memory;
    this.nodeCount = nodeCount;
    this.nodeBlocks = new Float64Array(nodeCount);
    this.mask = new Uint32Array(blocks);
    this.regionBlocks = new Int32Array(regions);
    this.counts = new Array<Int32Array | null>(regions).fill(null);
  }

  countOf(region: number): number {
    return this.regionBlocks[region]!;
  }

  has(block: number): boolean {
    return this.mask[block] !== 0;
  }

  isOn(block: number, node: number): boolean {
    return ((this.mask[block]! >>> node) & 1) === 1;
  }

  /** A copy is made. False when the node has no room. */
  add(region: number, block: number, node: number): boolean {
    assert(!this.isOn(block, node) && this.memory.nodeOf(block) !== node, 'a copy is there already');
    if (this.memory.nodeFree[node] === 0) return false;
    this.memory.nodeFree[node]!--;
    this.nodeBlocks[node]!++;
    this.mask[block]! |= 1 << node;
    this.regionBlocks[region]!++;
    this.count(region, block, node, 1);
    return true;
  }

  /** Drops all copies of a region's blocks. @returns how many blocks had some */
  dropRegion(guest: number, region: number): number {
    if (this.regionBlocks[region] === 0) return 0;
    let dropped = 0;
    for (let block = this.memory.regionHead[region]!; block >= 0; block = this.memory.nextOf(guest, block)) {
      if (this.mask[block] === 0) continue;
      dropped++;
      for (let node = 0; node < this.nodeCount; node++) if (this.isOn(block, node)) this.drop(region, block, node);
    }
    return dropped;
  }

  /**
   * What of a region's accesses goes to copies instead: takes it from where the blocks are and adds it to the reader's own node.
   * @param out [at + node] accesses by node, as HostMemory.accessesByNode has laid them out
   */
  redirect(region: number, reader: number, nowNs: number, out: Float64Array, at: number): void {
    const counts = this.counts[region];
    if (!counts) return;
    const { heat } = this.memory;
    const weighs = heat.isHeated(region) && heat.total(region, nowNs) > 0;
    for (let home = 0; home < this.nodeCount; home++) {
      const first = (reader * this.nodeCount + home) * HEAT_GROUPS;
      let moved = 0;
      for (let group = 0; group < HEAT_GROUPS; group++) {
        if (counts[first + group] !== 0) moved += counts[first + group]! * (weighs ? heat.weightNow(region, group, nowNs) : 1);
      }
      out[at + home]! -= moved;
      out[at + reader]! += moved;
    }
  }

  /** Counts all copies anew from the masks of the blocks, for the checks of tests. */
  certify(): void {
    const { memory, nodeCount } = this;
    const { regionOf } = memory.pages!;
    const nodeBlocks = new Float64Array(nodeCount);
    const regionBlocks = new Int32Array(this.regionBlocks.length);
    const counts = this.counts.map((made) => made && new Int32Array(made.length));
    this.mask.forEach((mask, block) => {
      for (let node = 0; mask !== 0 && node < nodeCount; node++) {
        if (!this.isOn(block, node)) continue;
        const region = regionOf[block]!;
        const home = memory.nodeOf(block);
        assert(region >= 0 && home >= 0 && home !== node, 'a copy is of a block that is free, or is where the block is');
        nodeBlocks[node]!++;
        regionBlocks[region]!++;
        counts[region]![(node * nodeCount + home) * HEAT_GROUPS + memory.pages!.groupOf(block)]!++;
      }
    });
    const isSame = (a: ArrayLike<number>, b: ArrayLike<number>): boolean => Array.prototype.every.call(a, (value, at) => value === b[at]);
    assert(isSame(nodeBlocks, this.nodeBlocks) && isSame(regionBlocks, this.regionBlocks), 'copies of blocks are miscounted');
    counts.forEach((made, region) => assert(made === null || isSame(made, this.counts[region]!), 'a region miscounts its copies'));
  }

  private drop(region: number, block: number, node: number): void {
    this.memory.nodeFree[node]!++;
    this.nodeBlocks[node]!--;
    this.mask[block]! &= ~(1 << node);
    this.regionBlocks[region]!--;
    this.count(region, block, node, -1);
  }

  private count(region: number, block: number, reader: number, by: number): void {
    const counts = (this.counts[region] ??= new Int32Array(this.nodeCount ** 2 * HEAT_GROUPS));
    const home = this.memory.nodeOf(block);
    counts[(reader * this.nodeCount + home) * HEAT_GROUPS + this.memory.pages!.groupOf(block)]! += by;
  }
}
