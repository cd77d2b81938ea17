import { everything } from '../experiments/everything.ts';
import type { Lab } from './command.ts';

/** Everything numalab comes with. */
export function lab(version: string): Lab {
  return everything(version);
}
