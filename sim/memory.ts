import { assert } from './assert.ts';
import { BlockTable } from './block-table.ts';
import { evenVnodes, GuestBlocks, type GuestVnodes, runningSum } from './guest-blocks.ts';
import { RegionHeat } from './heat.ts';
import type { Machine } from './machine.ts';
import { PageTracking } from './page-tracking.ts';
import type { Fallback } from './policy-api.ts';
import { RegionHomes } from './region-homes.ts';
import type { Heat } from './workload-api.ts';

/** What a guest's memory is made of; one vnode and regions of even heat unless said. */
export interface GuestMemory {
  readonly bytes: number;
  readonly regions: number;
  readonly vnodes?: number;
  /** Where the parts of these vnodes are not equal, or their distances. */
  readonly division?: GuestVnodes | undefined;
  /** [region of the guest] */
  readonly heat?: readonly (Heat | null)[] | undefined;
}

/**
 * The two levels of memory. A guest owns guest-physical blocks, each on a host node or not backed yet; its kernel hands blocks to
 * regions (guest-blocks.ts). A freed block keeps its host node: the host does not know. Blocks and regions are numbered over all guests.
 */
export class HostMemory {
  readonly blockBytes: number;
  readonly nodeBlocks: Float64Array; //     [node] blocks of DRAM
  readonly nodeFree: Float64Array; //       [node] blocks nobody has
  readonly nodeCache: Float64Array; //      [node] blocks of the host's page cache
  readonly guestNodeBlocks: Int32Array; //  [guest * N + node]
  readonly firstRegion: Int32Array; //      [guest]
  readonly regionHead: Int32Array; //       [region] first block or NONE
  readonly regionBlocks: Int32Array; //     [region]
  readonly regionBytes: Float64Array; //    [region]
  readonly regionNodeBlocks: Int32Array; // [region * N + node]
  readonly regionNodes: Int32Array; //      [region] how many nodes it has blocks on
  readonly guestBlocks: GuestBlocks;
  readonly homes: RegionHomes;
  readonly heat: RegionHeat;
  /** What is kept of single blocks, once a policy marks, moves or samples them: null until then, so that others pay nothing for it. */
  pages: PageTracking | null = null;
  private readonly table: BlockTable;
  private readonly lastPlace: Int32Array; // [region] the place blockAt was asked for last
  private readonly lastBlock: Int32Array; // [region] the block there, or NONE
  private readonly nearest: Uint8Array; //  [node * N + i] nodes by SLIT distance
  private readonly nodeCount: number;

  constructor(machine: Machine, blockBytes: number, guests: readonly GuestMemory[]) {
    const N = machine.nodeCount;
    this.nodeCount = N;
    this.blockBytes = blockBytes;
    this.nodeBlocks = Float64Array.from(machine.memoryBytes, (bytes) => Math.floor(bytes / blockBytes));
    this.nodeFree = Float64Array.from(this.nodeBlocks);
    this.nodeCache = new Float64Array(N);
    const blockCounts = guests.map((guest) => Math.ceil(guest.bytes / blockBytes));
    this.guestBlocks = new GuestBlocks(
      blockCounts,
      guests.map(({ vnodes = 1, division }, guest) => division ?? evenVnodes(blockCounts[guest]!, vnodes)),
    );
    this.homes = new RegionHomes(
      guests.flatMap(({ regions }, guest) => new Array<number>(regions).fill(this.guestBlocks.vnodeCount[guest]!)),
    );
    this.table = new BlockTable(blockCounts.reduce((sum, count) => sum + count, 0));
    this.guestNodeBlocks = new Int32Array(guests.length * N);
    const regions = guests.reduce((sum, guest) => sum + guest.regions, 0);
    this.firstRegion = Int32Array.from(runningSum(guests.map((guest) => guest.regions)));
    this.regionHead = new Int32Array(regions).fill(-1);
    this.regionBlocks = new Int32Array(regions);
    this.regionBytes = new Float64Array(regions);
    this.regionNodeBlocks = new Int32Array(regions * N);
    this.regionNodes = new Int32Array(regions);
    this.lastPlace = new Int32Array(regions);
    this.lastBlock = new Int32Array(regions).fill(-1);
    this.heat = new RegionHeat(
      N,
      guests.flatMap((guest) => Array.from({ length: guest.regions }, (_, region) => guest.heat?.[region] ?? null)),
    );
    this.nearest = nodesByDistance(machine);
  }

  /** Host node of a block, or NONE when it is not backed. */
  nodeOf(block: number): number {
    return this.table.nodeOf(block);
  }

  /** The guest that a block is of. */
  guestOf(block: number): number {
    const { first } = this.guestBlocks;
    let low = 0;
    for (let high = first.length - 1; low < high;) {
      const middle = (low + high + 1) >> 1;
      if (first[middle]! <= block) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  isBacked(block: number): boolean {
    return this.table.nodeOf(block) >= 0;
  }

  /** The block after this one in its region, or NONE. */
  nextOf(guest: number, block: number): number {
    return this.table.nextOf(this.guestBlocks.first[guest]!, block);
  }

  /** The block at a place of a region. Asked for places in rising order it only goes on from the last one. */
  blockAt(guest: number, region: number, place: number): number {
    let at = this.lastPlace[region]!;
    let block = this.lastBlock[region]!;
    if (block < 0 || place < at) {
      at = 0;
      block = this.regionHead[region]!;
    }
    for (; at < place; at++) block = this.nextOf(guest, block);
    this.lastPlace[region] = place;
    this.lastBlock[region] = block;
    return block;
  }

  /**
   * The host's page cache takes memory before guests come: that of node 0, whose CPU reads the files (assumed), then of the nodes
   * nearest to it by SLIT. It gives a block back when one is wanted and no node the fallback allows has a free one.
   */
  fillHostCache(bytes: number): void {
    let left = Math.ceil(bytes / this.blockBytes);
    for (let i = 0; i < this.nodeCount; i++) {
      const node = this.nearest[i]!;
      const blocks = Math.min(left, this.nodeFree[node]!);
      this.nodeFree[node]! -= blocks;
      this.nodeCache[node]! += blocks;
      left -= blocks;
    }
    assert(left === 0, 'the page cache is larger than the machine');
  }

  /** Gives a region guest-physical blocks, of `vnode` if it has them. False, and nothing done, when the guest has too few. */
  allocate(guest: number, region: number, bytes: number, vnode: number = 0): boolean {
    assert(this.regionHead[region] === -1, 'region is allocated already');
    const { guestBlocks, table } = this;
    const count = Math.ceil(bytes / this.blockBytes);
    if (count > guestBlocks.free[guest]!) return false;
    const first = guestBlocks.first[guest]!;
    let tail = -1;
    for (let i = 0; i < count; i++) {
      const block = guestBlocks.take(table, guest, vnode);
      this.homes.add(region, guestBlocks.tookVnode);
      table.setNext(first, block, -1);
      if (tail < 0) this.regionHead[region] = block;
      else table.setNext(first, tail, block);
      tail = block;
      const node = table.nodeOf(block);
      if (node >= 0) this.countIn(guest, region, block, node);
      this.pages?.enter(region, block, block - first);
    }
    this.regionBlocks[region] = count;
    this.regionBytes[region] = bytes;
    return true;
  }

  /** Returns a region's blocks to the guest, the last of them to be handed out first. They keep their nodes. */
  release(guest: number, region: number): void {
    for (let block = this.regionHead[region]!; block >= 0;) {
      const next = this.nextOf(guest, block);
      this.pages?.leave(block);
      this.guestBlocks.give(this.table, guest, block);
      block = next;
    }
    this.regionHead[region] = -1;
    this.regionBlocks[region] = 0;
    this.regionBytes[region] = 0;
    this.regionNodes[region] = 0;
    this.lastBlock[region] = -1;
    this.regionNodeBlocks.fill(0, region * this.nodeCount, (region + 1) * this.nodeCount);
    this.heat.clear(region);
    this.homes.clear(region);
  }

  /**
   * Backs a block with host memory, on `wanted` or where the fallback leads.
   * @param region the region it belongs to, or NONE
   * @param within the nodes that the fallback of that name keeps to; of none, it keeps to none in particular
   * @returns the node, or NONE when the fallback has no more to offer: out of memory
   */
  back(guest: number, region: number, block: number, wanted: number, fallback: Fallback, within: readonly number[] = []): number {
    assert(!this.isBacked(block), 'block is backed already');
    let from = this.nodeFree;
    let node = this.nodeWithRoom(from, wanted, fallback, within);
    if (node < 0) {
      from = this.nodeCache;
      node = this.nodeWithRoom(from, wanted, fallback, within);
    }
    if (node < 0) return -1;
    from[node]!--;
    this.table.setNode(block, node);
    this.guestNodeBlocks[guest * this.nodeCount + node]!++;
    if (region >= 0) this.countIn(guest, region, block, node);
    return node;
  }

  /**
   * Moves a backed block to another node.
   * @param region the region it belongs to, or NONE
   * @returns false when that node is full: its page cache does not give way to a move
   */
  move(guest: number, region: number, block: number, to: number): boolean {
    const from = this.table.nodeOf(block);
    assert(from >= 0 && from !== to, 'block cannot be moved there');
    if (this.nodeFree[to] === 0) return false;
    this.nodeFree[from]!++;
    this.nodeFree[to]!--;
    this.table.setNode(block, to);
    this.guestNodeBlocks[guest * this.nodeCount + from]!--;
    this.guestNodeBlocks[guest * this.nodeCount + to]!++;
    if (region < 0) return true;
    if (--this.regionNodeBlocks[region * this.nodeCount + from]! === 0) this.regionNodes[region]!--;
    if (this.regionNodeBlocks[region * this.nodeCount + to]!++ === 0) this.regionNodes[region]!++;
    this.heat.move(region, block - this.guestBlocks.first[guest]!, from, to);
    return true;
  }

  /** Begins to keep what is known of single blocks. Costs one look at every block that a region has. */
  trackPages(): PageTracking {
    if (this.pages) return this.pages;
    const { first, count } = this.guestBlocks;
    const blocks = first.at(-1)! + count.at(-1)!;
    const pages = new PageTracking(blocks, this.regionHead.length, this.heat);
    for (let guest = 0; guest < first.length; guest++) {
      const end = guest + 1 < first.length ? this.firstRegion[guest + 1]! : this.regionHead.length;
      for (let region = this.firstRegion[guest]!; region < end; region++) {
        for (let block = this.regionHead[region]!; block >= 0; block = this.nextOf(guest, block)) {
          pages.enter(region, block, block - first[guest]!);
        }
      }
    }
    return (this.pages = pages);
  }

  /** A guest is gone: its regions and its host memory are free. */
  dropGuest(guest: number, regionCount: number): void {
    const { table, guestBlocks } = this;
    const first = this.firstRegion[guest]!;
    for (let region = first; region < first + regionCount; region++) {
      if (this.regionHead[region]! >= 0) this.release(guest, region);
    }
    const firstBlock = guestBlocks.first[guest]!;
    for (let block = firstBlock; block < firstBlock + guestBlocks.count[guest]!; block++) {
      const node = table.nodeOf(block);
      if (node < 0) continue;
      this.nodeFree[node]!++;
      table.setNode(block, -1);
      this.pages?.unmark(block);
    }
    this.guestNodeBlocks.fill(0, guest * this.nodeCount, (guest + 1) * this.nodeCount);
  }

  /**
   * How much a random access to a region draws on each node, into out[at + node]: the heat of its backed blocks there, or their number
   * where all blocks are alike or nothing backed is hot.
   * @returns the sum over all nodes, 0 when nothing is backed
   */
  accessesByNode(region: number, nowNs: number, out: Float64Array, at: number): number {
    const heat = this.heat.byNode(region, nowNs, out, at);
    if (heat > 0) return heat;
    let blocks = 0;
    for (let node = 0; node < this.nodeCount; node++) blocks += out[at + node] = this.regionNodeBlocks[region * this.nodeCount + node]!;
    return blocks;
  }

  private nodeWithRoom(room: Float64Array, wanted: number, fallback: Fallback, within: readonly number[]): number {
    const isHeld = fallback === 'within' && within.length > 0;
    if (room[wanted]! > 0 && !isHeld) return wanted;
    if (fallback === 'none') return -1;
    for (let i = 0; i < this.nodeCount; i++) {
      const node = fallback === 'next-id' ? (wanted + i) % this.nodeCount : this.nearest[wanted * this.nodeCount + i]!;
      if (room[node]! > 0 && !(isHeld && !within.includes(node))) return node;
    }
    return -1;
  }

  private countIn(guest: number, region: number, block: number, node: number): void {
    if (this.regionNodeBlocks[region * this.nodeCount + node]!++ === 0) this.regionNodes[region]!++;
    this.heat.count(region, block - this.guestBlocks.first[guest]!, node, 1);
  }
}

/** [node * N + i]: the i-th nearest node by SLIT, ties by id; the node itself first. */
export function nodesByDistance(machine: Machine): Uint8Array {
  const N = machine.nodeCount;
  const order = new Uint8Array(N * N);
  for (let from = 0; from < N; from++) {
    const nodes = Array.from({ length: N }, (_, node) => node);
    const key = (node: number): number => (node === from ? -1 : machine.slit[from * N + node]!);
    nodes.sort((a, b) => key(a) - key(b) || a - b);
    order.set(nodes, from * N);
  }
  return order;
}
