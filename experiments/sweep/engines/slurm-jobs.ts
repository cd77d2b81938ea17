import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { InputError, show } from '../../input-error.ts';
import { writeWhole } from '../../store.ts';
import { type QueuedTask, queuedTasks } from './slurm-queue.ts';
import { readTasks, type Task, tasksText } from './task-arrays.ts';

/** A job array that was, or was about to be, submitted for a folder. */
export interface SubmittedArray {
  /** Its own in all of the cluster, so that it is found in the queue even if no answer of sbatch came back. */
  readonly name: string;
  /** What sbatch answered; null if it never did. */
  readonly jobId: string | null;
  /** The arguments it was submitted with. */
  readonly sbatch: readonly string[];
}

export function newArrayName(): string {
  return `numalab-${randomBytes(6).toString('hex')}`;
}

/**
 * What was submitted for this folder: where to look in the queue, and no more. What is done is read off the results.
 * @throws InputError if the list is damaged
 */
export function submittedArrays(folder: string): SubmittedArray[] {
  const file = jobsFile(folder);
  if (!existsSync(file)) return [];
  try {
    const { arrays } = JSON.parse(readFileSync(file, 'utf8')) as { arrays: SubmittedArray[] };
    if (arrays.every(({ name }) => /^numalab-[0-9a-f]{12}$/.test(name))) return arrays;
  } catch {
    // said below
  }
  throw new InputError(`${show(file)}: is damaged; remove it once none of its jobs is in the queue (squeue --me)`);
}

export function keepSubmitted(folder: string, arrays: readonly SubmittedArray[]): void {
  writeWhole(jobsFile(folder), `${JSON.stringify({ arrays }, null, 1)}\n`);
}

export function keepTasks(folder: string, name: string, tasks: readonly Task[]): void {
  writeWhole(join(folder, 'slurm', `${name}.tasks`), tasksText(tasks));
}

/** The indices of each task of an array; none if the list is gone, without which the array cannot run them either. */
export function tasksOfArray(folder: string, name: string): Task[] {
  const file = join(folder, 'slurm', `${name}.tasks`);
  return existsSync(file) ? readTasks(readFileSync(file, 'utf8')) : [];
}

/**
 * Where the runs of a folder are in Slurm's queue, by index.
 * @throws InputError without squeue; ProgramError if it cannot tell
 */
export async function placesInQueue(folder: string): Promise<Map<number, QueuedTask>> {
  const names = submittedArrays(folder).map(({ name }) => name);
  return placesOf(await queuedTasks(names), new Map(names.map((name) => [name, tasksOfArray(folder, name)])));
}

/** By index; a run in the queue twice counts as running if one of the two is. `tasks`: those of each array by its name. */
export function placesOf(queue: readonly QueuedTask[], tasks: ReadonlyMap<string, readonly Task[]>): Map<number, QueuedTask> {
  const places = new Map<number, QueuedTask>();
  for (const queued of queue) {
    for (const index of tasks.get(queued.name)?.[queued.task] ?? []) {
      if (places.get(index)?.place !== 'running') places.set(index, queued);
    }
  }
  return places;
}

function jobsFile(folder: string): string {
  return join(folder, 'slurm', 'jobs.json');
}
