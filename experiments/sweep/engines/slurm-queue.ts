import { ProgramError } from '../../failures.ts';
import { output, type Program } from './programs.ts';

/** One task of a job array, as Slurm has it now. */
export interface QueuedTask {
  /** Of the array: the name it was submitted under. */
  readonly name: string;
  /** `17_3`, as scancel takes it. */
  readonly id: string;
  /** From 0 within the array. */
  readonly task: number;
  readonly place: 'queued' | 'running';
  /** Why it waits (Resources, JobHeldUser, ...); None for one that runs. */
  readonly reason: string;
}

const SQUEUE: Program = { name: 'squeue', wantedBy: '--engine slurm' };
const FORMAT = '%j|%F|%K|%T|%r';

const WAITING = ['PENDING', 'REQUEUED', 'REQUEUE_FED', 'REQUEUE_HOLD', 'RESV_DEL_HOLD', 'SPECIAL_EXIT'];
/** The rest counts as running: a task that is COMPLETING may yet be put back. */
const ENDED = [
  'BOOT_FAIL',
  'CANCELLED',
  'COMPLETED',
  'DEADLINE',
  'FAILED',
  'NODE_FAIL',
  'OUT_OF_MEMORY',
  'PREEMPTED',
  'REVOKED',
  'TIMEOUT',
];

/**
 * The tasks of the arrays of these names that are in the queue, by asking squeue.
 * @throws InputError if there is no squeue; ProgramError if it cannot tell
 */
export async function queuedTasks(names: readonly string[]): Promise<QueuedTask[]> {
  if (names.length === 0) return [];
  // Settings of the user's own for squeue would hide tasks.
  const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('SQUEUE_')));
  return readSqueue(await output(SQUEUE, ['--noheader', '--array', `--name=${names.join(',')}`, `--format=${FORMAT}`], environment));
}

/** @throws ProgramError for a line that is not in the format */
export function readSqueue(text: string): QueuedTask[] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .flatMap((line) => {
      const match = /^([^|]+)\|(\d+)\|(\d+)\|([A-Z_]+)\|(.*)$/.exec(line.trim());
      if (!match) throw new ProgramError(`squeue: said ${JSON.stringify(line)}, want ${FORMAT}`);
      const [, name, job, task, state, reason] = match as unknown as [string, string, string, string, string, string];
      if (ENDED.includes(state)) return [];
      return { name, id: `${job}_${task}`, task: Number(task), place: WAITING.includes(state) ? 'queued' : 'running', reason };
    });
}
