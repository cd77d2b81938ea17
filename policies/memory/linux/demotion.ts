import type { Kernel } from '../../../sim/policy-api.ts';
import { type GuestId, NONE, type NodeId, seconds } from '../../../sim/units.ts';
import type { Tiers } from './tiers.ts';
import type { Watermarks } from './watermarks.ts';

/** In one step the hand passes over so much of all blocks, so that a block has 64 steps to be touched before it counts as cold. Assumed. */
const SHARE_OF_BLOCKS = 1 / 64;
/** However many blocks there are. Assumed. */
const MOST_LOOKS = 4096;
/** Moves that were asked for and have not come about by then are given up: the guest is gone, or the target filled up. Assumed. */
const LOST_NS = seconds(1);

/**
 * Makes room on fast nodes: a node that was found short is woken, and cold blocks go to the nearest slow node with room until its free
 * memory is above the mark for promotion.
 * A clock tells what is cold: a hand goes round the blocks, marks those on the node, and takes those that were not touched since it
 * marked them.
 * After: Linux mm/vmscan.c, kswapd, demote_folio_list; "Migrate Pages in lieu of discard". Simplified: Linux ages pages on lists by
 * the accessed bits that hardware sets; here a mark stands for a cleared bit, so the first touch after it costs a fault.
 */
export class Demotion {
  private readonly tiers: Tiers;
  private readonly marks: Watermarks;
  private readonly isAwake: Uint8Array; //        [node]
  private readonly handGuest: Int32Array; //      [node]
  private readonly handBlock: Int32Array; //      [node]
  private readonly leavingBlocks: Int32Array; //  [node] asked for and not gone yet
  private readonly askedNs: Float64Array; //      [node] when last
  private readonly isUntouched: Uint8Array[] = []; // [guest][block] marked by the hand and not touched since

  constructor(nodeCount: number, tiers: Tiers, marks: Watermarks) {
    this.tiers = tiers;
    this.marks = marks;
    this.isAwake = new Uint8Array(nodeCount);
    this.handGuest = new Int32Array(nodeCount);
    this.handBlock = new Int32Array(nodeCount);
    this.leavingBlocks = new Int32Array(nodeCount);
    this.askedNs = new Float64Array(nodeCount);
  }

  /** The node is short of room. */
  wake(node: NodeId): void {
    this.isAwake[node] = 1;
  }

  touched(guest: GuestId, block: number): void {
    const untouched = this.isUntouched[guest];
    if (untouched) untouched[block] = 0;
  }

  moved(guest: GuestId, block: number, from: NodeId): void {
    this.touched(guest, block);
    if (this.leavingBlocks[from]! > 0) this.leavingBlocks[from]!--;
  }

  step(k: Kernel): void {
    for (let node = 0 as NodeId; node < k.nodeCount; node++) if (this.isAwake[node] === 1) this.makeRoom(k, node);
  }

  private makeRoom(k: Kernel, node: NodeId): void {
    const lackBytes = this.marks.promotion[node]! - k.nodeFreeBytes(node);
    if (lackBytes <= 0) {
      this.isAwake[node] = 0;
      return;
    }
    const to = this.targetOf(k, node);
    if (to === NONE) return;
    if (k.nowNs - this.askedNs[node]! > LOST_NS) this.leavingBlocks[node] = 0;
    this.turn(k, node, to, Math.ceil(lackBytes / k.blockBytes) - this.leavingBlocks[node]!);
  }

  /** Turns the hand of a node until so many blocks of it are on their way, or the step is over. */
  private turn(k: Kernel, node: NodeId, to: NodeId, wanted: number): void {
    let looks = looksOf(k);
    for (let left = wanted; left > 0 && looks > 0; looks--) {
      if (!this.advance(k, node)) return;
      const guest = this.handGuest[node]! as GuestId;
      const block = this.handBlock[node]!;
      if (k.blockNode(guest, block) !== node) continue;
      const untouched = (this.isUntouched[guest] ??= new Uint8Array(k.guestBlockCount(guest)));
      if (untouched[block] === 0) {
        k.markBlocks(guest, block, 1);
        untouched[block] = 1;
      } else if (k.moveBlock(guest, block, to)) {
        this.leavingBlocks[node]!++;
        this.askedNs[node] = k.nowNs;
        left--;
      }
    }
  }

  /** Puts the hand of a node on the next block of a guest that is here; false when there is none. */
  private advance(k: Kernel, node: NodeId): boolean {
    let guest = this.handGuest[node]!;
    let block = this.handBlock[node]! + 1;
    for (let i = 0; i <= k.guestCount; i++) {
      if (k.isHere(guest as GuestId) && block < k.guestBlockCount(guest as GuestId)) {
        this.handGuest[node] = guest;
        this.handBlock[node] = block;
        return true;
      }
      guest = (guest + 1) % k.guestCount;
      block = 0;
    }
    return false;
  }

  private targetOf(k: Kernel, node: NodeId): NodeId {
    const { below } = this.tiers;
    for (let i = 0; i < below[node]!.length; i++) {
      const to = below[node]![i]!;
      if (k.nodeFreeBytes(to) >= this.marks.low[to]! + k.blockBytes) return to;
    }
    return NONE;
  }
}

function looksOf(k: Kernel): number {
  let blocks = 0;
  for (let guest = 0 as GuestId; guest < k.guestCount; guest++) if (k.isHere(guest)) blocks += k.guestBlockCount(guest);
  return Math.min(MOST_LOOKS, Math.ceil(blocks * SHARE_OF_BLOCKS));
}
