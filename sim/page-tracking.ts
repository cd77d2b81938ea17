import { assert } from './assert.ts';
import { heatGroup, HEAT_GROUPS, type RegionHeat } from './heat.ts';
import type { HostMemory } from './memory.ts';

/**
 * What is kept of single blocks for policies that look at them: the region a block belongs to, whether it is marked (its mapping is
 * taken away, so that the next access faults), and how often each may be accessed. Marked blocks of a region are linked by heat group, so
 * that the next one to be touched can be drawn without a look at the others. 24 bytes a block, only where a policy asks for them.
 */
export class PageTracking {
  readonly regionOf: Int32Array; //     [block] or NONE: free in its guest
  readonly markedNs: Float64Array; //   [block] when it was marked; -1 if it is not
  readonly markedCount: Int32Array; //  [region] marked blocks it has
  readonly listCount: Int32Array; //    [region * groups + group] the same by heat group; all in group 0 where blocks are alike
  private readonly head: Int32Array; // [region * groups + group]
  private readonly next: Int32Array; // [block]
  private readonly prev: Int32Array; // [block]
  private readonly own: Int32Array; //  [block] its number within its guest
  private readonly heat: RegionHeat;
  private readonly indexes: (RegionIndex | null)[]; // [region] made when one of its blocks is first drawn

  constructor(blocks: number, regions: number, heat: RegionHeat) {
    this.heat = heat;
    this.indexes = new Array<RegionIndex | null>(regions).fill(null);
    this.regionOf = new Int32Array(blocks).fill(-1);
    this.markedNs = new Float64Array(blocks).fill(-1);
    this.markedCount = new Int32Array(regions);
    this.listCount = new Int32Array(regions * HEAT_GROUPS);
    this.head = new Int32Array(regions * HEAT_GROUPS).fill(-1);
    this.next = new Int32Array(blocks).fill(-1);
    this.prev = new Int32Array(blocks).fill(-1);
    this.own = new Int32Array(blocks);
  }

  /** A region takes a block. */
  enter(region: number, block: number, own: number): void {
    this.regionOf[block] = region;
    this.own[block] = own;
    if (this.markedNs[block]! >= 0) this.link(block);
  }

  /** Its region gives a block back; a mark stays on it. */
  leave(block: number): void {
    if (this.markedNs[block]! >= 0) this.unlink(block);
    this.indexes[this.regionOf[block]!] = null;
    this.regionOf[block] = -1;
  }

  /** The blocks of a region, so that one can be drawn. Costs two looks at each when it is first asked for. */
  indexOf(memory: HostMemory, guest: number, region: number): RegionIndex {
    const made = this.indexes[region];
    if (made) return made;
    const starts = new Int32Array(HEAT_GROUPS + 1);
    const first = memory.regionHead[region]!;
    for (let block = first; block >= 0; block = memory.nextOf(guest, block)) starts[this.groupOf(block) + 1]!++;
    for (let group = 0; group < HEAT_GROUPS; group++) starts[group + 1]! += starts[group]!;
    const blocks = new Int32Array(memory.regionBlocks[region]!);
    const at = starts.slice();
    for (let block = first; block >= 0; block = memory.nextOf(guest, block)) blocks[at[this.groupOf(block)]!++] = block;
    return (this.indexes[region] = { blocks, starts });
  }

  isMarked(block: number): boolean {
    return this.markedNs[block]! >= 0;
  }

  /** False when it was marked already: that mark stays as old as it is. */
  mark(block: number, nowNs: number): boolean {
    if (this.markedNs[block]! >= 0) return false;
    this.markedNs[block] = nowNs;
    if (this.regionOf[block]! >= 0) this.link(block);
    return true;
  }

  unmark(block: number): void {
    if (this.markedNs[block]! < 0) return;
    if (this.regionOf[block]! >= 0) this.unlink(block);
    this.markedNs[block] = -1;
  }

  /** A marked block of a region and heat group: the one marked last. */
  firstOf(region: number, group: number): number {
    return this.head[region * HEAT_GROUPS + group]!;
  }

  /** Heat group of a block as the lists have it. */
  groupOf(block: number): number {
    return this.heat.isHeated(this.regionOf[block]!) ? heatGroup(this.own[block]!) : 0;
  }

  private link(block: number): void {
    const region = this.regionOf[block]!;
    const list = region * HEAT_GROUPS + this.groupOf(block);
    const first = this.head[list]!;
    this.next[block] = first;
    this.prev[block] = -1;
    if (first >= 0) this.prev[first] = block;
    this.head[list] = block;
    this.listCount[list]!++;
    this.markedCount[region]!++;
  }

  private unlink(block: number): void {
    const region = this.regionOf[block]!;
    const list = region * HEAT_GROUPS + this.groupOf(block);
    const before = this.prev[block]!;
    const after = this.next[block]!;
    if (before >= 0) this.next[before] = after;
    else {
      assert(this.head[list] === block, 'a marked block is not in its list');
      this.head[list] = after;
    }
    if (after >= 0) this.prev[after] = before;
    this.listCount[list]!--;
    this.markedCount[region]!--;
  }
}

/** Blocks of a region by heat group (all in group 0 where they are alike), and where each group begins. */
export interface RegionIndex {
  readonly blocks: Int32Array;
  readonly starts: Int32Array; // [group], and the end of the last
}
