import { join } from 'node:path';
import type { RunState, SweepFolder } from '../sweep-folder.ts';
import { ProgramError } from './programs.ts';
import { placesInQueue } from './slurm.ts';
import { submittedArrays, tasksOfArray } from './slurm-jobs.ts';
import type { QueuedTask } from './slurm-queue.ts';

/** Where a run is: `lost` was submitted, left no sound result and is in no queue; `missing` was never submitted. */
export type RunPlace = 'done' | 'running' | 'queued' | 'lost' | 'damaged' | 'missing';

export interface SlurmStatus {
  /** By index. */
  readonly places: readonly RunPlace[];
  /** Why tasks wait, with how many runs each reason holds up. */
  readonly reasons: ReadonlyMap<string, number>;
  /** What scancel takes to end all that is in the queue. */
  readonly jobs: readonly string[];
}

/**
 * What squeue says and what results are there, as one. The queue is asked first: a run that ends in between is then done, not lost.
 * @throws ProgramError if the queue cannot be seen; InputError without squeue
 */
export async function slurmStatus(sweep: SweepFolder): Promise<SlurmStatus> {
  const queue = await placesInQueue(sweep.path);
  const states = sweep.manifest.runs.map((_, index) => sweep.stateOf(index));
  return mergedStatus(states, queue, submittedIndices(sweep.path));
}

export function mergedStatus(
  states: readonly RunState[],
  queue: ReadonlyMap<number, QueuedTask>,
  submitted: ReadonlySet<number>,
): SlurmStatus {
  const places = states.map((state, index): RunPlace => {
    if (state === 'done') return 'done';
    return queue.get(index)?.place ?? (state === 'damaged' ? 'damaged' : submitted.has(index) ? 'lost' : 'missing');
  });
  const reasons = new Map<string, number>();
  for (const [index, { reason }] of queue) {
    if (places[index] === 'queued') reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  }
  return { places, reasons, jobs: [...new Set([...queue.values()].map(({ id }) => id.split('_')[0]!))].sort() };
}

export function wasSubmitted(folder: string): boolean {
  return submittedArrays(folder).length > 0;
}

function submittedIndices(folder: string): Set<number> {
  return new Set(submittedArrays(folder).flatMap(({ name }) => tasksOfArray(folder, name).flat()));
}

/** Where the log of the last task of a run is; null if it has none. */
export function logsOf(folder: string, index: number): string[] {
  return submittedArrays(folder).flatMap(({ name, jobId }) => {
    const task = tasksOfArray(folder, name).findIndex((indices) => indices.includes(index));
    return task < 0 || jobId === null ? [] : [join(folder, 'slurm', 'logs', `${jobId}_${task}.out`)];
  });
}

const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 15_000;
/** A controller that is restarted is away for minutes; the jobs go on meanwhile. */
const MOST_UNANSWERED = 40;
/** Results on a shared disk may show seconds after the task has left the queue. */
const LATE_PAUSES_MS = [1000, 3000, 10_000];

/**
 * Waits until nothing of the folder is in the queue any more.
 * @throws ProgramError if Slurm has not answered for ten minutes
 */
export async function waitForSlurm(sweep: SweepFolder, tell: (status: SlurmStatus) => void): Promise<SlurmStatus> {
  let pauseMs = FIRST_PAUSE_MS;
  let unanswered = 0;
  while (true) {
    try {
      const status = await slurmStatus(sweep);
      unanswered = 0;
      tell(status);
      if (!status.places.some((place) => place === 'queued' || place === 'running')) break;
    } catch (error) {
      if (!(error instanceof ProgramError) || ++unanswered > MOST_UNANSWERED) throw error;
    }
    await pause(pauseMs);
    pauseMs = Math.min(pauseMs * 1.1, LONGEST_PAUSE_MS);
  }
  for (const latePauseMs of LATE_PAUSES_MS) {
    const status = await slurmStatus(sweep);
    if (!status.places.includes('lost')) return status;
    await pause(latePauseMs);
  }
  return slurmStatus(sweep);
}

function pause(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs));
}
