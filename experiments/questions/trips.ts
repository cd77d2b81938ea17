import { numberOption, type OptionSpec } from '../../sim/options.ts';
import type { PolicyEntry } from '../../sim/policy-api.ts';
import { ms } from '../../sim/units.ts';
import { baseNamed, travelling } from './itinerary.ts';

/** The guest that goes on a trip and the one that loads the link, by their places in the scenario. */
const TRAVELLER = 0;

const time = (name: string, summary: string, value: number): OptionSpec => ({ name, summary, kind: 'time', default: value, min: ms(1) });
const leaves = time('leaves', 'when the first guest is sent away', ms(500));
const away = time('away', 'for how long it is held there', ms(100));
const settles = time('settles', 'when the second guest, which loads the link, is sent to the same place for good', ms(200));

/**
 * A trip: the first guest is sent away from its memory for a time and comes home. The second, if there is one, took its memory at the
 * same home and uses it from the same place, so that it loads the way between; its own memory stays where it is.
 */
function trip(name: string, base: string): PolicyEntry {
  return travelling({
    name,
    summary: `As ${base}, and the first guest is sent away and comes back.`,
    base: baseNamed(base),
    options: [leaves, away, settles],
    lodgesWith: () => TRAVELLER,
    moves: (guest) => guest === TRAVELLER,
    itinerary: (guest, options) => {
      if (guest > TRAVELLER) return [{ atNs: numberOption(options, 'settles'), where: 'away' }];
      const atNs = numberOption(options, 'leaves');
      return [
        { atNs, where: 'away' },
        { atNs: atNs + numberOption(options, 'away'), where: 'home' },
      ];
    },
  });
}

/** What becomes of the pages of who is away: they stay; they follow, there and back, by one rule; they follow and are copied back. */
export const LEAVE = 'leave';
export const MOVE = 'move';
export const RETURN = 'return';

export const trips: readonly PolicyEntry[] = [trip(LEAVE, 'kvm-eevdf'), trip(MOVE, 'hot-pages-first'), trip(RETURN, 'temporary-migration')];
