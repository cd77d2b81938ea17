import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { ProgramError } from '../../failures.ts';
import { InputError, show } from '../../input-error.ts';
import { writeWhole } from '../../store.ts';
import type { SweepEngine, SweepWork } from '../engine.ts';
import { arrivalsOf } from './arrivals.ts';
import { countFlag } from './flags.ts';
import { execCommand } from './numalab-command.ts';
import { output, type Program } from './programs.ts';
import { shellQuote } from './shell.ts';
import { type Task, tasksOf } from './task-arrays.ts';

const PARALLEL: Program = { name: 'parallel', wantedBy: '--engine parallel' };
const MOST_PER_TASK = 10_000;
const MOST_AT_ONCE = 100_000;
/** How often a task that ends with any code but 0 is started in all, on another host if there are several. */
const TRIES = 3;
const LOOK_EACH_MS = 1_000;
/** What a stopped sweep gives to the runs that have begun. */
const GRACE_MS = 2_000;

export const parallelEngine: SweepEngine = {
  name: 'parallel',
  summary: 'processes under GNU parallel, also on other hosts over ssh',
  flags: ['chunk', 'hosts', 'workers'],
  check: (flags) => void wishesOf(flags),
  async start(work) {
    const { runsPerTask, tasksAtOnce, hosts } = wishesOf(work.flags);
    await wantGnu();
    const folder = parallelFolder(work.folder.path);
    mkdirSync(join(folder, 'parallel'), { recursive: true });
    const list = joblist(execCommand(folder, work.isIsolated), tasksOf(work.missing, runsPerTask));
    writeWhole(join(folder, 'parallel', 'joblist'), list);

    const arrivals = arrivalsOf(work);
    const looking = setInterval(() => void attempt(() => arrivals.look()), LOOK_EACH_MS);
    const messages = join(folder, 'parallel', 'messages.txt');
    try {
      await runToEnd(parallelArguments(folder, tasksAtOnce, hosts), messages, work.stop);
    } finally {
      clearInterval(looking);
    }
    const open = arrivals.look();
    if (work.stop.aborted) return 'stopped';
    for (const index of open) work.failed(index, 'its task never ended well');
    if (open.length > 0) for (const line of lastLines(messages)) work.say(`  ${line}`);
    return 'tried';
  },
};

/** @throws InputError */
function wishesOf(flags: SweepWork['flags']): { runsPerTask: number; tasksAtOnce: number | null; hosts: readonly string[] } {
  return {
    runsPerTask: countFlag(flags.chunk, 'chunk', MOST_PER_TASK, 1),
    tasksAtOnce: countFlag(flags.workers, 'workers', MOST_AT_ONCE, null),
    hosts: flags.hosts === undefined ? [] : sshLogins(flags.hosts),
  };
}

/** One command a line: read as they stand, nothing in them is replaced, whatever braces the folder's name may have. */
export function joblist(exec: readonly string[], tasks: readonly Task[]): string {
  const command = exec.map(shellQuote).join(' ');
  return tasks.map((task) => `${command} ${task.join(',')}\n`).join('');
}

export function parallelArguments(folder: string, tasksAtOnce: number | null, hosts: readonly string[]): string[] {
  return [
    '--plain', // no settings of the user's own, which may ask for anything
    '--will-cite', // its notice would stand among the messages; docs/clusters.md passes it on
    '--halt=never',
    `--retries=${TRIES}`,
    `--joblog=${join(folder, 'parallel', 'joblog')}`,
    `--arg-file=${join(folder, 'parallel', 'joblist')}`,
    ...(tasksAtOnce === null ? [] : [`--jobs=${tasksAtOnce}`]),
    ...hosts.map((host) => `--sshlogin=${host}`),
  ];
}

/**
 * Hosts as ssh names them, from the user's `--hosts=a,user@b,:`; `:` is this machine, `4/a` has four tasks at once.
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

/** Another program of that name comes with moreutils. */
async function wantGnu(): Promise<void> {
  const version = await output(PARALLEL, ['--version']).catch((error: unknown) => {
    if (error instanceof ProgramError) return '';
    throw error;
  });
  if (!version.startsWith('GNU parallel')) throw new InputError('--engine parallel: the program parallel here is not that of GNU');
}

/** @throws InputError for a name that would break a line of the list */
function parallelFolder(path: string): string {
  const folder = realpathSync(path);
  if (/\p{Cc}/u.test(folder)) throw new InputError(`${show(folder)}: has a control character, want another folder for GNU parallel`);
  return folder;
}

/** Whatever its exit status, what is done is read off the results. */
async function runToEnd(args: readonly string[], messageFile: string, stop: AbortSignal): Promise<void> {
  const messages = openSync(messageFile, 'w');
  try {
    const environment = { ...process.env, PARALLEL_SHELL: '/bin/sh' };
    const child = spawn(PARALLEL.name, args, { stdio: ['ignore', 'ignore', messages], env: environment });
    const end = (): void => endSoon(child);
    stop.addEventListener('abort', end, { once: true });
    await new Promise<void>((resolve, reject) => {
      child.once('error', (error) => reject(new ProgramError(`parallel: ${show(error.message)}`)));
      child.once('exit', () => resolve());
    });
    stop.removeEventListener('abort', end);
  } finally {
    closeSync(messages);
  }
}

/** What stands in the way of looking is told when it is looked at last. */
function attempt(look: () => void): void {
  try {
    look();
  } catch {
    // again in a second
  }
}

/** By one signal it starts nothing more, by a second it ends what runs. */
function endSoon(child: ChildProcess): void {
  child.kill('SIGTERM');
  const second = setTimeout(() => child.kill('SIGTERM'), GRACE_MS);
  child.once('exit', () => clearTimeout(second));
}

function lastLines(file: string): string[] {
  return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-5);
}
