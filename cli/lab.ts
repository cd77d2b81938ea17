import { availableParallelism } from 'node:os';
import { everything } from '../experiments/everything.ts';
import type { Lab } from './command.ts';

/** Everything numalab comes with. */
export function lab(version: string): Lab {
  return {
    ...everything(version),
    cpus: availableParallelism(),
    async openPool(words) {
      const { openPool } = await import('../experiments/runs/pool.ts'); // most commands need no threads
      return openPool({ ...words, version });
    },
  };
}
