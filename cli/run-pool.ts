import { InputError, show } from '../experiments/input-error.ts';
import { inProcess } from '../experiments/runs/in-process.ts';
import type { RunPool } from '../experiments/runs/run-pool.ts';
import type { Call, Flag, Lab, Terminal } from './command.ts';
import { printable } from './user-policies.ts';

export const WORKERS_FLAG: Flag = {
  name: 'workers',
  summary: 'how many runs at a time, each on a CPU of its own; left out: one a CPU',
  kind: 'text',
};

const MOST_WORKERS = 1024;

/** What runs orders, closed when the work is done. One worker is this thread; results are the same for any number. */
export async function withRunPool<Result>(
  call: Call,
  lab: Lab,
  terminal: Terminal,
  work: (pool: RunPool, lanes: number) => Promise<Result>,
): Promise<Result> {
  const isIsolated = call.switches.has('isolate');
  const log = (text: string): void => terminal.err(printable(text));
  const workers = workerCount(call.texts.workers, lab.cpus ?? 1);
  const pool = workers === 1 || !lab.openPool ? inProcess(lab, { isIsolated, log }) : await lab.openPool({ workers, isIsolated, log });
  try {
    return await work(pool, lab.openPool ? workers : 1);
  } finally {
    await pool.close();
  }
}

/** The number after --workers. */
export function workerCount(text: string | undefined, cpus: number): number {
  if (text === undefined) return cpus;
  const count = /^[1-9]\d{0,3}$/.test(text) ? Number(text) : 0;
  if (count < 1 || count > MOST_WORKERS) throw new InputError(`--workers = ${show(text)}, want a whole number from 1 to ${MOST_WORKERS}`);
  return count;
}
