import { join } from 'node:path';
import type { Found } from '../status.ts';
import { placesInQueue, submittedArrays, tasksOfArray } from './slurm-jobs.ts';
import type { QueuedTask } from './slurm-queue.ts';

/** What Slurm has of the runs of a folder that have no sound result. */
export interface QueueStatus {
  readonly running: number;
  readonly queued: number;
  /** Indices of runs that were submitted, left no sound result and are in no queue. */
  readonly lost: readonly number[];
  /** Why tasks wait, and how many runs for that reason. */
  readonly reasons: Readonly<Record<string, number>>;
  /** Of the arrays in the queue, as scancel takes them. */
  readonly jobs: readonly string[];
}

/** Whether anything of the folder ever went to Slurm. */
export function wasSubmitted(folder: string): boolean {
  return submittedArrays(folder).length > 0;
}

/**
 * Ask for this first and then look at the results: a run that ends in between is then done, not lost.
 * @throws ProgramError if the queue cannot be seen; InputError without squeue
 */
export async function queueOf(folder: string): Promise<(survey: readonly Found[]) => QueueStatus> {
  const queue = await placesInQueue(folder);
  const submitted = new Set(submittedArrays(folder).flatMap(({ name }) => tasksOfArray(folder, name).flat()));
  return (survey) => queueStatus(survey, queue, submitted);
}

export function queueStatus(survey: readonly Found[], queue: ReadonlyMap<number, QueuedTask>, submitted: ReadonlySet<number>): QueueStatus {
  const open = survey.flatMap(({ state }, index) => (state === 'done' ? [] : [index]));
  const tasks = open.flatMap((index) => queue.get(index) ?? []);
  const waiting = tasks.filter(({ place }) => place === 'queued');
  const reasons: Record<string, number> = {};
  for (const { reason } of waiting) reasons[reason] = (reasons[reason] ?? 0) + 1;
  return {
    running: tasks.length - waiting.length,
    queued: waiting.length,
    lost: open.filter((index) => submitted.has(index) && !queue.has(index)),
    reasons,
    jobs: [...new Set([...queue.values()].map(({ id }) => id.split('_')[0]!))].sort((a, b) => Number(a) - Number(b)),
  };
}

/** The log of the last task that had this run; null if none is known. */
export function logOf(folder: string, index: number): string | null {
  const array = submittedArrays(folder).findLast(({ name, jobId }) => jobId !== null && taskOf(folder, name, index) >= 0);
  return array ? join(folder, 'slurm', 'logs', `${array.jobId}_${taskOf(folder, array.name, index)}.out`) : null;
}

function taskOf(folder: string, name: string, index: number): number {
  return tasksOfArray(folder, name).findIndex((indices) => indices.includes(index));
}
