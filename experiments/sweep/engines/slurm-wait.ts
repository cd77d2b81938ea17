import { setTimeout as later } from 'node:timers/promises';
import { ProgramError } from '../../failures.ts';
import type { SweepWork } from '../engine.ts';
import type { Arrivals } from './arrivals.ts';
import { placesInQueue } from './slurm-jobs.ts';

export interface Pauses {
  /** Between two looks at the queue: at first, and as it has grown in the end. */
  readonly firstMs: number;
  readonly longestMs: number;
  /** Looks after the queue is empty: results on a shared disk may show seconds after their task has gone. */
  readonly lateMs: readonly number[];
}

export const PAUSES: Pauses = { firstMs: 1_000, longestMs: 15_000, lateMs: [1_000, 3_000, 10_000] };

/** A controller that is restarted is away for minutes; the jobs go on meanwhile. */
const MOST_UNANSWERED = 40;

/**
 * Until every run has a result, or nothing of the folder is in the queue any more. Returns the indices of those that have none, or null
 * if it was stopped.
 * @throws ProgramError if Slurm has not answered for ten minutes
 */
export async function waitForQueue(work: SweepWork, arrivals: Arrivals, pauses: Pauses): Promise<readonly number[] | null> {
  let open = arrivals.look();
  let isInQueue = true;
  let unanswered = 0;
  let pauseMs = pauses.firstMs;
  for (let late = 0; open.length > 0 && (isInQueue || late < pauses.lateMs.length);) {
    await later(isInQueue ? pauseMs : pauses.lateMs[late++]!, undefined, { signal: work.stop }).catch(() => {});
    if (work.stop.aborted) {
      work.say('what was submitted stays in the queue');
      return null;
    }
    try {
      isInQueue = (await placesInQueue(work.folder.path)).size > 0;
      unanswered = 0;
    } catch (error) {
      if (!(error instanceof ProgramError) || ++unanswered > MOST_UNANSWERED) throw error;
    }
    open = arrivals.look();
    pauseMs = Math.min(pauseMs * 1.1, pauses.longestMs);
  }
  return open;
}
