import { mkdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { ProgramError } from '../../failures.ts';
import { InputError, show } from '../../input-error.ts';
import { writeWhole } from '../../store.ts';
import type { EngineOutcome, SweepEngine, SweepWork } from '../engine.ts';
import type { SweepFolder } from '../sweep-folder.ts';
import { arrivalsOf } from './arrivals.ts';
import { countFlag } from './flags.ts';
import { jobScript } from './job-script.ts';
import { execCommand } from './numalab-command.ts';
import { output, type Program } from './programs.ts';
import { keepSubmitted, keepTasks, newArrayName, placesInQueue, submittedArrays } from './slurm-jobs.ts';
import { slurmOptions } from './slurm-options.ts';
import { logOf } from './slurm-status.ts';
import { quoted } from './shell.ts';
import { type Pauses, PAUSES, waitForQueue } from './slurm-wait.ts';
import { arraysOf, tasksOf } from './task-arrays.ts';

const SBATCH: Program = { name: 'sbatch', wantedBy: '--engine slurm' };
const SCONTROL: Program = { name: 'scontrol', wantedBy: '--engine slurm' };
const MOST_PER_TASK = 10_000;
const MOST_AT_ONCE = 1_000_000;

export const slurmEngine: SweepEngine = {
  name: 'slurm',
  summary: 'job arrays in the queue of Slurm',
  flags: ['chunk', 'slurm', 'wait', 'workers'],
  check: (flags) => void wishesOf(flags),
  start: (work) => startOnSlurm(work, PAUSES),
};

/** @throws InputError */
function wishesOf(flags: SweepWork['flags']): ArrayWishes {
  return {
    runsPerTask: countFlag(flags.chunk, 'chunk', MOST_PER_TASK, 1),
    tasksAtOnce: countFlag(flags.workers, 'workers', MOST_AT_ONCE, null),
    options: slurmOptions(flags.slurm ?? ''),
  };
}

export async function startOnSlurm(work: SweepWork, pauses: Pauses): Promise<EngineOutcome> {
  const wishes = wishesOf(work.flags);
  const isWaiting = work.switches.has('wait');
  const arrivals = arrivalsOf(work);
  while (true) {
    const missing = arrivals.look();
    const submission = await submit(work.folder, missing, work.isIsolated, wishes);
    tell(work, submission);
    const { refusal } = submission;
    if (!isWaiting) {
      const folder = quoted(work.folder.path);
      work.say(`how far it is: numalab sweep status ${folder}\nwhen all is done: numalab sweep merge ${folder}`);
      if (refusal !== null) throw new ProgramError(`${refusal}; the rest is not submitted: give the same command again when some are done`);
      return 'elsewhere';
    }
    if (refusal !== null) work.say(`${refusal}; the rest is submitted when these are done`);
    const open = await waitForQueue(work, arrivals, pauses);
    if (open === null) return 'stopped';
    if (refusal !== null && open.length > 0 && open.length < missing.length) continue; // there is room in the queue again
    for (const index of open) work.failed(index, `in no queue any more; its log: ${logOf(work.folder.path, index) ?? 'none'}`);
    return 'tried';
  }
}

export interface ArrayWishes {
  readonly runsPerTask: number;
  /** How many tasks of an array may run at once; null for as many as Slurm will. */
  readonly tasksAtOnce: number | null;
  /** What `slurmOptions` made of the user's. */
  readonly options: readonly string[];
}

interface Submission {
  readonly jobIds: readonly string[];
  /** Tasks in these jobs. */
  readonly tasks: number;
  /** Runs in these tasks. */
  readonly runs: number;
  /** Runs that were in the queue already, and are not submitted twice. */
  readonly inQueue: number;
  /** What sbatch said when it took no more, with runs left over; null if it took all. */
  readonly refusal: string | null;
}

/**
 * Submits job arrays for those of the missing runs that are not in the queue already. An array is written down before it is submitted:
 * whatever ends this process, it is found again.
 * @throws InputError without Slurm; ProgramError if the queue cannot be seen, or nothing is in it and nothing could be put there
 */
async function submit(sweep: SweepFolder, missing: readonly number[], isIsolated: boolean, wishes: ArrayWishes): Promise<Submission> {
  const folder = slurmFolder(sweep.path);
  const maxArraySize = await readMaxArraySize();
  const queue = await placesInQueue(folder);
  // What left the queue just now may have a result by now.
  const wanted = missing.filter((index) => !queue.has(index) && sweep.stateOf(index) !== 'done');
  const inQueue = missing.filter((index) => queue.has(index)).length;
  mkdirSync(join(folder, 'slurm', 'logs'), { recursive: true });
  writeWhole(join(folder, 'slurm', 'job.sh'), jobScript(folder, execCommand(folder, isIsolated)));

  const arrays = submittedArrays(folder);
  const jobIds: string[] = [];
  let [tasks, runs] = [0, 0];
  for (const array of arraysOf(tasksOf(wanted, wishes.runsPerTask), maxArraySize)) {
    const name = newArrayName();
    const sbatch = sbatchArguments(folder, name, array.length, wishes);
    keepTasks(folder, name, array);
    keepSubmitted(folder, [...arrays, { name, jobId: null, sbatch }]);
    try {
      const jobId = jobIdOf(await output(SBATCH, sbatch, sbatchEnvironment()));
      arrays.push({ name, jobId, sbatch });
      jobIds.push(jobId);
    } catch (error) {
      if (!(error instanceof ProgramError) || jobIds.length + inQueue === 0) throw error;
      return { jobIds, tasks, runs, inQueue, refusal: error.message };
    }
    keepSubmitted(folder, arrays);
    tasks += array.length;
    runs += array.flat().length;
  }
  return { jobIds, tasks, runs, inQueue, refusal: null };
}

function tell(work: SweepWork, { jobIds, tasks, runs, inQueue }: Submission): void {
  if (inQueue > 0) work.say(`in the queue already: ${inQueue} of the runs to do`);
  if (runs > 0)
    work.say(`submitted: ${counted(runs, 'run')} in ${counted(tasks, 'task')} of ${counted(jobIds.length, 'job')}: ${jobIds.join(' ')}`);
  else work.say('nothing to submit');
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

/** Everything is set on the command line, where neither the script nor SBATCH_ variables can change it. */
export function sbatchArguments(folder: string, name: string, taskCount: number, { tasksAtOnce, options }: ArrayWishes): string[] {
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
