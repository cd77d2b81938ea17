import { assert } from './assert.ts';
import type { Machine } from './machine.ts';
import type { Fallback } from './policy-api.ts';

const UNBACKED = 255;

/**
 * The two levels of memory. A guest owns guest-physical blocks, each on a host node or not backed yet; its kernel hands blocks to
 * regions, most recently freed first, then blocks never used, in order. A freed block keeps its host node: the host does not know.
 */
export class HostMemory {
  readonly blockBytes: number;
  readonly nodeBlocks: Float64Array; //     [node] blocks of DRAM
  readonly nodeFree: Float64Array; //       [node] blocks no guest has
  readonly firstBlock: Float64Array; //     [guest] its first block in blockNode
  readonly blockCount: Float64Array; //     [guest]
  readonly blockNode: Uint8Array; //        [block] host node, or 255 when not backed
  readonly blockNext: Int32Array; //        [block] next of its region or free list
  readonly guestNodeBlocks: Int32Array; //  [guest * N + node]
  readonly firstRegion: Int32Array; //      [guest]
  readonly regionHead: Int32Array; //       [region] first block or NONE
  readonly regionBlocks: Int32Array; //     [region]
  readonly regionBytes: Float64Array; //    [region]
  readonly regionNodeBlocks: Int32Array; // [region * N + node]
  readonly regionNodes: Int32Array; //      [region] how many nodes it has blocks on
  private readonly freed: Int32Array; //    [guest] head of the list of freed blocks
  private readonly fresh: Int32Array; //    [guest] next block never used, counted from its first
  private readonly nearest: Uint8Array; //  [node * N + i] nodes by SLIT distance
  private readonly nodeCount: number;

  constructor(machine: Machine, blockBytes: number, guests: readonly { bytes: number; regions: number }[]) {
    const N = machine.nodeCount;
    this.nodeCount = N;
    this.blockBytes = blockBytes;
    this.nodeBlocks = Float64Array.from(machine.memoryBytes, (bytes) => Math.floor(bytes / blockBytes));
    this.nodeFree = Float64Array.from(this.nodeBlocks);
    this.blockCount = Float64Array.from(guests, (guest) => Math.ceil(guest.bytes / blockBytes));
    this.firstBlock = runningSum(this.blockCount);
    const blocks = this.blockCount.reduce((sum, count) => sum + count, 0);
    this.blockNode = new Uint8Array(blocks).fill(UNBACKED);
    this.blockNext = new Int32Array(blocks).fill(-1);
    this.guestNodeBlocks = new Int32Array(guests.length * N);
    const regions = guests.reduce((sum, guest) => sum + guest.regions, 0);
    this.firstRegion = Int32Array.from(runningSum(guests.map((guest) => guest.regions)));
    this.regionHead = new Int32Array(regions).fill(-1);
    this.regionBlocks = new Int32Array(regions);
    this.regionBytes = new Float64Array(regions);
    this.regionNodeBlocks = new Int32Array(regions * N);
    this.regionNodes = new Int32Array(regions);
    this.freed = new Int32Array(guests.length).fill(-1);
    this.fresh = new Int32Array(guests.length);
    this.nearest = nodesByDistance(machine);
  }

  isBacked(block: number): boolean {
    return this.blockNode[block] !== UNBACKED;
  }

  /** Gives a region guest-physical blocks. False, and nothing done, when the guest has too few. */
  allocate(guest: number, region: number, bytes: number): boolean {
    assert(this.regionHead[region] === -1, 'region is allocated already');
    const count = Math.ceil(bytes / this.blockBytes);
    const unused = this.blockCount[guest]! - this.fresh[guest]!;
    if (count > unused && count > unused + this.countFreed(guest, count - unused)) return false;
    let tail = -1;
    for (let i = 0; i < count; i++) {
      let block = this.freed[guest]!;
      if (block >= 0) this.freed[guest] = this.blockNext[block]!;
      else block = this.firstBlock[guest]! + this.fresh[guest]!++;
      this.blockNext[block] = -1;
      if (tail < 0) this.regionHead[region] = block;
      else this.blockNext[tail] = block;
      tail = block;
      if (this.isBacked(block)) this.countIn(region, this.blockNode[block]!);
    }
    this.regionBlocks[region] = count;
    this.regionBytes[region] = bytes;
    return true;
  }

  /** Returns a region's blocks to the guest, the last of them to be handed out first. They keep their nodes. */
  release(guest: number, region: number): void {
    for (let block = this.regionHead[region]!; block >= 0;) {
      const next = this.blockNext[block]!;
      this.blockNext[block] = this.freed[guest]!;
      this.freed[guest] = block;
      block = next;
    }
    this.regionHead[region] = -1;
    this.regionBlocks[region] = 0;
    this.regionBytes[region] = 0;
    this.regionNodes[region] = 0;
    this.regionNodeBlocks.fill(0, region * this.nodeCount, (region + 1) * this.nodeCount);
  }

  /**
   * Backs a block with host memory, on `wanted` or where the fallback leads.
   * @param region the region it belongs to, or NONE
   * @returns the node, or NONE when the fallback has no more to offer: out of memory
   */
  back(guest: number, region: number, block: number, wanted: number, fallback: Fallback): number {
    assert(!this.isBacked(block), 'block is backed already');
    const node = this.nodeWithRoom(wanted, fallback);
    if (node < 0) return -1;
    this.nodeFree[node]!--;
    this.blockNode[block] = node;
    this.guestNodeBlocks[guest * this.nodeCount + node]!++;
    if (region >= 0) this.countIn(region, node);
    return node;
  }

  /** Moves a backed block of a region to another node. False when that node is full. */
  move(guest: number, region: number, block: number, to: number): boolean {
    const from = this.blockNode[block]!;
    assert(from !== UNBACKED && from !== to, 'block cannot be moved there');
    if (this.nodeFree[to] === 0) return false;
    this.nodeFree[from]!++;
    this.nodeFree[to]!--;
    this.blockNode[block] = to;
    this.guestNodeBlocks[guest * this.nodeCount + from]!--;
    this.guestNodeBlocks[guest * this.nodeCount + to]!++;
    if (--this.regionNodeBlocks[region * this.nodeCount + from]! === 0) this.regionNodes[region]!--;
    this.countIn(region, to);
    return true;
  }

  private nodeWithRoom(wanted: number, fallback: Fallback): number {
    if (this.nodeFree[wanted]! > 0) return wanted;
    if (fallback === 'none') return -1;
    for (let i = 1; i < this.nodeCount; i++) {
      const node = fallback === 'distance' ? this.nearest[wanted * this.nodeCount + i]! : (wanted + i) % this.nodeCount;
      if (this.nodeFree[node]! > 0) return node;
    }
    return -1;
  }

  private countIn(region: number, node: number): void {
    if (this.regionNodeBlocks[region * this.nodeCount + node]!++ === 0) this.regionNodes[region]!++;
  }

  private countFreed(guest: number, enough: number): number {
    let count = 0;
    for (let block = this.freed[guest]!; block >= 0 && count < enough; block = this.blockNext[block]!) count++;
    return count;
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

function runningSum(counts: ArrayLike<number>): Float64Array {
  const sums = new Float64Array(counts.length);
  for (let i = 1; i < counts.length; i++) sums[i] = sums[i - 1]! + counts[i - 1]!;
  return sums;
}
