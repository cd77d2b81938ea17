import type { Kernel } from '../../../sim/policy-api.ts';
import { type GuestId, NONE } from '../../../sim/units.ts';
import type { Tiers } from './tiers.ts';

/**
 * Marks those of a run of blocks that lie on slow nodes, in runs, as a call for each block would cost more.
 * After: Linux 6.12 mm/mprotect.c, which passes over the top tier while numa_balancing is 2.
 * @param told of each such block, marked before or not
 * @returns blocks that are marked now and were not before
 */
export function markSlow(k: Kernel, tiers: Tiers, told: (guest: GuestId, block: number) => void): Kernel['markBlocks'] {
  const isSlow = (guest: GuestId, block: number): boolean => {
    const node = k.blockNode(guest, block);
    return node !== NONE && tiers.isSlow[node] === 1;
  };
  return (guest, first, count) => {
    const end = first + count;
    let marked = 0;
    let begin = first; // of the present run
    for (let block = first; block < end; block++) {
      if (isSlow(guest, block)) {
        told(guest, block);
        continue;
      }
      if (block > begin) marked += k.markBlocks(guest, begin, block - begin);
      begin = block + 1;
    }
    return end > begin ? marked + k.markBlocks(guest, begin, end - begin) : marked;
  };
}
