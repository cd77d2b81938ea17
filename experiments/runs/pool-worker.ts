import { parentPort, workerData } from 'node:worker_threads';
import { everything } from '../everything.ts';
import { InputError } from '../input-error.ts';
import { GuardedRunner } from '../user-policy/guarded-runner.ts';
import { Executor } from './execute.ts';
import type { PoolReply, PoolSetup } from './pool.ts';
import type { RunOrder } from './run-order.ts';

/** A thread of the pool: does one order at a time. An error goes back as data, because a copied error forgets what it is. */
const { version, isIsolated } = workerData as PoolSetup;
const runner = new GuardedRunner({ isIsolated, log: (printed) => parentPort!.postMessage({ printed }) });
const executor = new Executor(everything(version), runner);

export async function execute(order: RunOrder): Promise<PoolReply> {
  try {
    return { told: 'result', result: await executor.execute(order) };
  } catch (error) {
    if (error instanceof InputError) return { told: 'refused', message: error.message };
    return { told: 'broken', message: String(error), stack: error instanceof Error ? String(error.stack) : '' };
  }
}
