import { availableParallelism } from 'node:os';
import { Piscina } from 'piscina';
import { InputError } from '../input-error.ts';
import type { RunResult } from '../run-result.ts';
import { poolModule } from './pool-module.ts';
import type { RunOrder } from './run-order.ts';
import type { RunPool } from './run-pool.ts';

/** The thread of a run ended before its run did: out of memory, or by whatever else. The run may go well another time. */
export class WorkerDied extends Error {
  override name = 'WorkerDied';
}

/** The pool was closed before the run was done. */
export class PoolClosed extends Error {
  override name = 'PoolClosed';
}

/** The simulator is at fault, as far as this run goes. */
export class BrokenRun extends Error {
  override name = 'BrokenRun';
}

export interface PoolOptions {
  readonly version: string;
  /** Threads; all CPUs that this process may use unless said. */
  readonly workers?: number | undefined;
  /** Whether policies of the user's own run in processes of their own. */
  readonly isIsolated?: boolean | undefined;
  /** Of each thread, for what is not in typed arrays; as Node sees fit unless said. */
  readonly heapMb?: number | undefined;
  /** Is given what policies print. */
  log?(text: string): void;
}

/** What each thread is told when it starts. */
export interface PoolSetup {
  readonly version: string;
  readonly isIsolated: boolean;
}

export type PoolReply =
  | { readonly told: 'result'; readonly result: RunResult }
  | { readonly told: 'refused'; readonly message: string }
  | { readonly told: 'broken'; readonly message: string; readonly stack: string };

/** Threads that execute orders. One that dies takes only its own run along, and is replaced. To be closed. */
export async function openPool(options: PoolOptions): Promise<RunPool> {
  return poolOf(await poolModule(), options);
}

/** A pool whose threads load the module of this name, which exports `execute`; it is loaded at once. */
export function poolOf(filename: string, { version, workers, isIsolated, heapMb, log }: PoolOptions): RunPool {
  const threads = workers ?? availableParallelism();
  const setup: PoolSetup = { version, isIsolated: isIsolated ?? false };
  const pool = new Piscina<RunOrder, PoolReply>({
    filename,
    name: 'execute',
    minThreads: threads,
    maxThreads: threads,
    workerData: setup,
    execArgv: [],
    atomics: 'disabled', // a thread that sleeps on an atomic does not see what happens to those it watches
    recordTiming: false,
    ...(heapMb !== undefined && { resourceLimits: { maxOldGenerationSizeMb: heapMb } }),
  });
  let isClosed = false;
  let lost: Error | null = null;
  const waiting = new Set<(error: Error) => void>();
  /** Piscina starts no more threads once one has died before it was ready, and tells of a dead one its run or, without one, the pool. */
  const checkThreads = ({ message }: Error): void => {
    if (isClosed || pool.threads.length > 0) return; // another has taken its place
    lost = new Error(`no thread for runs can be started: ${message}`);
    for (const reject of waiting) reject(lost);
  };
  pool.on('error', checkThreads);
  pool.on('message', ({ printed }: { printed: string }) => log?.(printed));
  function reply(order: RunOrder): Promise<PoolReply> {
    return new Promise((resolve, reject) => {
      waiting.add(reject);
      const died = (error: Error): void => {
        reject(isClosed ? new PoolClosed('the pool was closed') : new WorkerDied(`the thread of the run ended: ${error.message}`));
        checkThreads(error);
      };
      void pool.run(order).then(resolve, died).finally(() => waiting.delete(reject)); // prettier-ignore
    });
  }
  return {
    async run(order) {
      if (isClosed) throw new PoolClosed('the pool was closed');
      if (lost) throw lost;
      const answer = await reply(order);
      switch (answer.told) {
        case 'result':
          return answer.result;
        case 'refused':
          throw new InputError(answer.message);
        case 'broken':
          throw Object.assign(new BrokenRun(answer.message), { stack: answer.stack });
      }
    },
    async close() {
      isClosed = true;
      await pool.destroy();
    },
  };
}
