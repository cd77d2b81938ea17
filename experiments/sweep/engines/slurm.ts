import { mkdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { InputError, show } from '../../input-error.ts';
import { writeWhole } from '../../store.ts';
import type { SweepFolder } from '../sweep-folder.ts';
import { jobScript } from './job-script.ts';
import { output, type Program, ProgramError } from './programs.ts';
import { keepSubmitted, keepTasks, newArrayName, type SubmittedArray, submittedArrays, tasksOfArray } from './slurm-jobs.ts';
import { type QueuedTask, queuedTasks } from './slurm-queue.ts';
import { arraysOf, type Task, tasksOf } from './task-arrays.ts';

const SBATCH: Program = { name: 'sbatch', wantedBy: '--engine slurm' };
const SCONTROL: Program = { name: 'scontrol', wantedBy: '--engine slurm' };

export interface SlurmWishes {
  /** Node, its flags and the main file of numalab, as every node of the cluster can run it. */
  readonly numalab: readonly string[];
  readonly runsPerTask: number;
  /** How many tasks of an array may run at once; null for as many as Slurm will. */
  readonly tasksAtOnce: number | null;
  /** What `slurmOptions` made of the user's. */
  readonly options: readonly string[];
}

export interface Submission {
  readonly arrays: readonly SubmittedArray[];
  /** Runs in these arrays. */
  readonly submitted: number;
  /** Runs that were in the queue already, and are not submitted twice. */
  readonly inQueue: number;
  /** What sbatch said when it took no more, with runs left over; null if it took all. */
  readonly refusal: string | null;
}

/**
 * Submits job arrays for the runs without a sound result that are not in the queue already. An array is written down before it is
 * submitted: whatever ends this process, it is found again.
 * @throws InputError without Slurm; ProgramError if the queue cannot be seen, or nothing could be submitted
 */
export async function submit(sweep: SweepFolder, wishes: SlurmWishes): Promise<Submission> {
  const folder = slurmFolder(sweep.path);
  const maxArraySize = await readMaxArraySize();
  const queue = await placesInQueue(folder);
  const missing = sweep.manifest.runs.flatMap((_, index) => (sweep.stateOf(index) === 'done' ? [] : [index]));
  const wanted = missing.filter((index) => !queue.has(index));
  const script = join(folder, 'slurm', 'job.sh');
  mkdirSync(join(folder, 'slurm', 'logs'), { recursive: true });
  writeWhole(script, jobScript(folder, wishes.numalab));

  const earlier = submittedArrays(folder);
  const arrays: SubmittedArray[] = [];
  let submitted = 0;
  for (const tasks of arraysOf(tasksOf(wanted, wishes.runsPerTask), maxArraySize)) {
    const name = newArrayName();
    const sbatch = sbatchArguments(folder, name, tasks.length, wishes);
    const array: SubmittedArray = { name, jobId: null, taskCount: tasks.length, sbatch };
    keepTasks(folder, name, tasks);
    keepSubmitted(folder, [...earlier, ...arrays, array]);
    try {
      arrays.push({ ...array, jobId: jobIdOf(await output(SBATCH, sbatch, sbatchEnvironment())) });
    } catch (error) {
      if (!(error instanceof ProgramError) || arrays.length === 0) throw error;
      return { arrays, submitted, inQueue: missing.length - wanted.length, refusal: error.message };
    }
    keepSubmitted(folder, [...earlier, ...arrays]);
    submitted += tasks.flat().length;
  }
  return { arrays, submitted, inQueue: missing.length - wanted.length, refusal: null };
}

/** Where the runs of a folder are in Slurm's queue, by index; a run in the queue twice counts as running if one of the two is. */
export async function placesInQueue(folder: string): Promise<Map<number, QueuedTask>> {
  const arrays = submittedArrays(folder);
  const tasks = new Map(arrays.map(({ name }) => [name, tasksOfArray(folder, name)]));
  return placesOf(await queuedTasks(arrays.map(({ name }) => name)), tasks);
}

/** `tasks`: the indices of each task, by the name of its array. */
export function placesOf(queue: readonly QueuedTask[], tasks: ReadonlyMap<string, readonly Task[]>): Map<number, QueuedTask> {
  const places = new Map<number, QueuedTask>();
  for (const queued of queue) {
    for (const index of tasks.get(queued.name)?.[queued.task] ?? []) {
      if (places.get(index)?.place !== 'running') places.set(index, queued);
    }
  }
  return places;
}

/** Everything is set on the command line, where neither the script nor SBATCH_ variables can change it. */
export function sbatchArguments(folder: string, name: string, taskCount: number, { tasksAtOnce, options }: SlurmWishes): string[] {
  const throttle = tasksAtOnce === null ? '' : `%${tasksAtOnce}`;
  return [
    '--parsable',
    '--requeue',
    '--open-mode=append',
    `--job-name=${name}`,
    `--array=0-${taskCount - 1}${throttle}`,
    `--chdir=${folder}`,
    `--output=${folder.replaceAll('%', '%%')}/slurm/logs/%A_%a.out`,
    ...options,
    join(folder, 'slurm', 'job.sh'),
    name,
  ];
}

/**
 * The folder as jobs name it, wherever they run.
 * @throws InputError for a name that Slurm cannot be given
 */
function slurmFolder(path: string): string {
  const folder = realpathSync(path);
  // A backslash ends Slurm's reading of %A and %a in the name of a log; a line's end would break the script's.
  if (/[\\\p{Cc}]/u.test(folder))
    throw new InputError(`${show(folder)}: has a backslash or control character, want another folder for Slurm`);
  return folder;
}

function sbatchEnvironment(): NodeJS.ProcessEnv {
  const { SBATCH_WAIT: _wait, SBATCH_ERROR: _error, ...environment } = process.env;
  return environment;
}

/** `17`, or `17;cluster`. */
function jobIdOf(answer: string): string {
  const id = /^(\d+)(?:;\S*)?\s*$/.exec(answer)?.[1];
  if (id === undefined) throw new ProgramError(`sbatch: said ${show(answer)}, want a job id`);
  return id;
}

/** One more than the greatest number of a task. */
async function readMaxArraySize(): Promise<number> {
  const size = Number(/^MaxArraySize\s*=\s*(\d+)/m.exec(await output(SCONTROL, ['show', 'config']))?.[1]);
  if (!(size >= 2)) throw new ProgramError('scontrol: this Slurm takes no job arrays (MaxArraySize)');
  return size;
}
