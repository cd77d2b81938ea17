import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { InputError, show } from '../../input-error.ts';
import { writeWhole } from '../../store.ts';
import type { SweepFolder } from '../sweep-folder.ts';
import { output, type Program, ProgramError } from './programs.ts';
import { shellQuote } from './shell.ts';

const PARALLEL: Program = { name: 'parallel', wantedBy: '--engine parallel' };

/** A task that ends with any code but 0 is started this many times in all, on another host if there are several. */
const TRIES = 3;

export interface ParallelWishes {
  /** Node, its flags and the main file of numalab, as every host can run it. */
  readonly numalab: readonly string[];
  /** Tasks at once on each host; null for one a core. */
  readonly tasksAtOnce: number | null;
  /** What `sshLogins` made of the user's; none for this machine alone. */
  readonly hosts: readonly string[];
}

export interface ParallelOutcome {
  /** How many tasks never ended well; null if parallel itself ended badly. What is done, only results tell. */
  readonly failedTasks: number | null;
  /** The last lines said by tasks and by parallel itself. */
  readonly messages: readonly string[];
}

/**
 * Runs what has no sound result under GNU parallel, and returns when that has ended.
 * @throws InputError without GNU parallel, or for a folder it cannot be given
 */
export async function runParallel(sweep: SweepFolder, wishes: ParallelWishes): Promise<ParallelOutcome> {
  const version = await output(PARALLEL, ['--version']);
  if (!version.startsWith('GNU parallel')) throw new InputError('--engine parallel: the program parallel here is not that of GNU');
  const folder = parallelFolder(sweep.path);
  const missing = sweep.manifest.runs.flatMap((_, index) => (sweep.stateOf(index) === 'done' ? [] : [index]));
  mkdirSync(join(folder, 'parallel'), { recursive: true });
  writeWhole(join(folder, 'parallel', 'joblist'), joblist(folder, missing, wishes.numalab));
  const messageFile = join(folder, 'parallel', 'messages.txt');
  const status = await runToEnd(parallelArguments(folder, wishes), messageFile);
  const messages = readFileSync(messageFile, 'utf8').trimEnd().split('\n').slice(-5);
  // Its status is how many failed, up to 100, and 101 for more.
  return { failedTasks: status !== null && status <= 101 ? status : null, messages };
}

/** One command a line: read as they stand, nothing in them is replaced, whatever braces the folder's name may have. */
export function joblist(folder: string, indices: readonly number[], numalab: readonly string[]): string {
  const command = [...numalab, 'sweep', 'exec', folder, '--index'].map(shellQuote).join(' ');
  return indices.map((index) => `${command} ${index}\n`).join('');
}

export function parallelArguments(folder: string, { tasksAtOnce, hosts }: ParallelWishes): string[] {
  return [
    '--plain', // no settings of the user's own, which may ask for anything
    '--will-cite', // its notice would stand in the messages; docs/clusters.md passes it on
    '--halt=never',
    `--retries=${TRIES}`,
    `--joblog=${join(folder, 'parallel', 'joblog')}`,
    `--arg-file=${join(folder, 'parallel', 'joblist')}`,
    ...(tasksAtOnce === null ? [] : [`--jobs=${tasksAtOnce}`]),
    ...hosts.map((host) => `--sshlogin=${host}`),
  ];
}

/**
 * Hosts as ssh names them, from the user's `--hosts=a,user@b,:`; `:` is this machine.
 * @throws InputError for what ssh or parallel might take for something else
 */
export function sshLogins(text: string): string[] {
  const hosts = text.split(',');
  for (const host of hosts) {
    if (!/^(?:\d+\/)?(?::|(?:\w[\w.-]*@)?\w[\w.-]*)$/.test(host)) {
      throw new InputError(`--hosts = ${show(host)}, want names such as lab1,user@lab2 with : for this machine`);
    }
  }
  return hosts;
}

/** @throws InputError for a name that would break a line of the list */
function parallelFolder(path: string): string {
  const folder = realpathSync(path);
  if (/\p{Cc}/u.test(folder)) throw new InputError(`${show(folder)}: has a control character, want another folder for GNU parallel`);
  return folder;
}

function runToEnd(args: readonly string[], messageFile: string): Promise<number | null> {
  const messages = openSync(messageFile, 'w');
  return new Promise<number | null>((resolve, reject) => {
    const child = spawn(PARALLEL.name, args, { stdio: ['ignore', 'ignore', messages], env: { ...process.env, PARALLEL_SHELL: '/bin/sh' } });
    child.once('error', (error) => reject(new ProgramError(`parallel: ${show(error.message)}`)));
    child.once('exit', resolve);
  }).finally(() => closeSync(messages));
}
