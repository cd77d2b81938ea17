import type { Kernel } from '../../../sim/policy-api.ts';
import { type GuestId, NONE, type NodeId, seconds } from '../../../sim/units.ts';
import type { Tiers } from './tiers.ts';
import type { Watermarks } from './watermarks.ts';

/** Share of the guests' memory on a node that is on the list of those that may be cold, and the fewest blocks. Assumed; Linux has 1/2 to 1/30, the less the larger a node. */
const SHARE_LISTED = 1 / 64;
const FEWEST_LISTED = 64;
/** In one step so many of the list are judged for each block that is wanted, and one more lot. Assumed. */
const JUDGED_PER_WANTED = 8;
/** Blocks the hand looks at in one step at most. Assumed. */
const MOST_LOOKS = 4096;
/** Moves that were asked for and have not come about by then are given up: the guest is gone, or the target filled up. Assumed. */
const LOST_NS = seconds(1);

/**
 * Makes room on fast nodes: a node that was found short is woken, and cold blocks go to the nearest slow node with room until its free
 * memory is at the mark for promotion.
 * What is cold is found as by a clock with two hands: a hand goes round the blocks of the node, marks them and puts them at the end of a
 * list; from its front are taken those that were not touched since. The more is wanted the faster both go, and the shorter a block
 * has to be touched, so that there is always something that counts as cold.
 * After: Linux mm/vmscan.c, kswapd, shrink_inactive_list, demote_folio_list. Simplified: Linux has the accessed bits that hardware sets
 * for nothing, here a mark stands for a cleared one, so the first touch after it costs a fault; and a block that was touched on the
 * list is not kept apart from those that were never on it. Blocks are taken for what is mapped at once: larger mappings are not seen.
 */
export class Demotion {
  private readonly tiers: Tiers;
  private readonly marks: Watermarks;
  private readonly isAwake: Uint8Array; //        [node]
  private readonly hand: Hand[]; //               [node]
  private readonly listed: BlockQueue[]; //       [node] marked by the hand, oldest first
  private readonly leavingBlocks: Int32Array; //  [node] asked for and not gone yet
  private readonly askedNs: Float64Array; //      [node] when last
  private readonly isUntouched: Uint8Array[] = []; // [guest][block] marked by the hand and not touched since, wherever it is

  constructor(k: Kernel, tiers: Tiers, marks: Watermarks) {
    this.tiers = tiers;
    this.marks = marks;
    const nodes = Array.from({ length: k.nodeCount }, (_, node) => node as NodeId);
    this.isAwake = new Uint8Array(k.nodeCount);
    this.hand = nodes.map(() => ({ guest: 0 as GuestId, block: -1 }));
    this.listed = nodes.map((node) => new BlockQueue(tiers.isSlow[node] === 1 ? 0 : listLength(k.nodeMemoryBytes(node), k.blockBytes)));
    this.leavingBlocks = new Int32Array(k.nodeCount);
    this.askedNs = new Float64Array(k.nodeCount);
  }

  /** The node is short of room. */
  wake(node: NodeId): void {
    this.isAwake[node] = 1;
  }

  /** A block was touched. @returns whether it was the hand that had marked it, and nobody else since */
  touched(guest: GuestId, block: number): boolean {
    const wasUntouched = this.isUntouched[guest]?.[block] === 1;
    this.disown(guest, block);
    return wasUntouched;
  }

  /** Somebody else marks a block, so that its mark says what that wants to know. */
  disown(guest: GuestId, block: number): void {
    const untouched = this.isUntouched[guest];
    if (untouched) untouched[block] = 0;
  }

  moved(from: NodeId): void {
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
    this.judge(k, node, to, Math.ceil(lackBytes / k.blockBytes) - this.leavingBlocks[node]!);
    this.list(k, node);
  }

  /** Takes blocks from the front of the list until so many that were not touched are on their way. */
  private judge(k: Kernel, node: NodeId, to: NodeId, wanted: number): void {
    const listed = this.listed[node]!;
    let left = wanted;
    for (let judged = JUDGED_PER_WANTED * (wanted + 1); left > 0 && judged > 0 && listed.count > 0; judged--) {
      const guest = listed.guest();
      const block = listed.block();
      listed.drop();
      if (this.isUntouched[guest]![block] === 0 || !k.isHere(guest) || k.blockNode(guest, block) !== node) continue;
      if (!k.moveBlock(guest, block, to)) {
        this.disown(guest, block); // another time
        continue;
      }
      this.leavingBlocks[node]!++;
      this.askedNs[node] = k.nowNs;
      left--;
    }
  }

  /** Fills the list up again. */
  private list(k: Kernel, node: NodeId): void {
    const listed = this.listed[node]!;
    const hand = this.hand[node]!;
    const { guest: fromGuest, block: fromBlock } = hand;
    const most = listLength(usedBytes(k, node), k.blockBytes);
    for (let looks = 0; looks < MOST_LOOKS && listed.count < most; looks++) {
      if (!advance(k, hand)) return;
      const { guest, block } = hand;
      if (looks > 0 && guest === fromGuest && block === fromBlock) return; // once round
      if (k.blockNode(guest, block) !== node) continue;
      const untouched = (this.isUntouched[guest] ??= new Uint8Array(k.guestBlockCount(guest)));
      if (untouched[block] === 1) continue; // it is on the list
      untouched[block] = 1;
      k.markBlocks(guest, block, 1);
      listed.add(guest, block);
    }
  }

  private targetOf(k: Kernel, node: NodeId): NodeId {
    const below = this.tiers.below[node]!;
    for (let i = 0; i < below.length; i++) {
      const to = below[i]!;
      if (k.nodeFreeBytes(to) >= this.marks.low[to]! + k.blockBytes) return to;
    }
    return NONE;
  }
}

/** Where a hand stands. */
interface Hand {
  guest: GuestId;
  block: number;
}

/** Puts a hand on the next block of a guest that is here; false when there is none. */
function advance(k: Kernel, hand: Hand): boolean {
  hand.block++;
  for (let i = 0; i <= k.guestCount; i++) {
    if (k.isHere(hand.guest) && hand.block < k.guestBlockCount(hand.guest)) return true;
    hand.guest = ((hand.guest + 1) % k.guestCount) as GuestId;
    hand.block = 0;
  }
  return false;
}

function listLength(bytes: number, blockBytes: number): number {
  return Math.max(FEWEST_LISTED, Math.floor((bytes / blockBytes) * SHARE_LISTED));
}

/** Memory of guests on a node. */
function usedBytes(k: Kernel, node: NodeId): number {
  let bytes = 0;
  for (let guest = 0 as GuestId; guest < k.guestCount; guest++) if (k.isHere(guest)) bytes += k.guestNodeBytes(guest, node);
  return bytes;
}

/** A queue of blocks that never holds more than so many. */
class BlockQueue {
  count = 0;
  private first = 0;
  private readonly guests: Int32Array;
  private readonly blocks: Int32Array;

  constructor(most: number) {
    this.guests = new Int32Array(most);
    this.blocks = new Int32Array(most);
  }

  add(guest: GuestId, block: number): void {
    const at = (this.first + this.count++) % this.guests.length;
    this.guests[at] = guest;
    this.blocks[at] = block;
  }

  guest(): GuestId {
    return this.guests[this.first] as GuestId;
  }

  block(): number {
    return this.blocks[this.first]!;
  }

  drop(): void {
    this.first = (this.first + 1) % this.guests.length;
    this.count--;
  }
}
