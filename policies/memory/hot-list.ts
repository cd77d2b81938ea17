import { type GuestId, NONE } from '../../sim/units.ts';
import { BlockIndex } from './block-index.ts';

/** Entries of a list, one of which is always free for the next block: BIGOS_MONITOR_TRACKED. */
const LIST_LENGTH = 512;
/** Score of a block that enters, what each further sample adds, and the most it may have; those not sampled lose nothing. */
const ENTER_SCORE = 1;
const HIT_SCORE = 1;
const MAX_SCORE = 1024;

/**
 * The blocks that a CPU was sampled at, the highest score first, of equal ones the latest first. Where all entries but one are taken the
 * last makes room for a new block.
 * After: G. Voron's xen-tokyo, xen/common/hotlist.c, touch_entry and moveup_list_entry.
 */
export class HotList {
  /** First slot, or NONE; `after` leads on. */
  first: number = NONE;
  readonly after = new Int32Array(LIST_LENGTH); //  [slot] the next cooler, or NONE
  readonly scores = new Int32Array(LIST_LENGTH); // [slot]
  readonly blocks = new BlockIndex(LIST_LENGTH);
  private last: number = NONE;
  private readonly before = new Int32Array(LIST_LENGTH); // [slot] the next hotter, or NONE

  touch(guest: GuestId, block: number): void {
    const found = this.blocks.find(guest, block);
    if (found === NONE) {
      const slot = this.blocks.add(guest, block);
      if (this.blocks.isFull) this.remove(this.last);
      this.scores[slot] = ENTER_SCORE;
      this.insert(slot, this.last);
    } else {
      const hotter = this.before[found]!;
      this.unlink(found);
      this.scores[found] = Math.min(MAX_SCORE, this.scores[found]! + HIT_SCORE);
      this.insert(found, hotter);
    }
  }

  scoreOf(guest: GuestId, block: number): number {
    const slot = this.blocks.find(guest, block);
    return slot === NONE ? 0 : this.scores[slot]!;
  }

  forget(guest: GuestId, block: number): void {
    const slot = this.blocks.find(guest, block);
    if (slot !== NONE) this.remove(slot);
  }

  clear(): void {
    this.blocks.clear();
    this.first = this.last = NONE;
  }

  private remove(slot: number): void {
    this.unlink(slot);
    this.blocks.remove(slot);
  }

  /** Puts an entry in above all from `hotter` upwards that have no more than its score. */
  private insert(slot: number, hotter: number): void {
    while (hotter !== NONE && this.scores[hotter]! <= this.scores[slot]!) hotter = this.before[hotter]!;
    const cooler = hotter === NONE ? this.first : this.after[hotter]!;
    this.before[slot] = hotter;
    this.after[slot] = cooler;
    this.link(hotter, slot, cooler);
  }

  private unlink(slot: number): void {
    const [hotter, cooler] = [this.before[slot]!, this.after[slot]!];
    if (hotter === NONE) this.first = cooler;
    else this.after[hotter] = cooler;
    if (cooler === NONE) this.last = hotter;
    else this.before[cooler] = hotter;
  }

  private link(hotter: number, slot: number, cooler: number): void {
    if (hotter === NONE) this.first = slot;
    else this.after[hotter] = slot;
    if (cooler === NONE) this.last = slot;
    else this.before[cooler] = slot;
  }
}
