import { GuardedRunner } from '../user-policy/guarded-runner.ts';
import { type Engine, Executor } from './execute.ts';
import type { RunPool } from './run-pool.ts';

/** Runs orders in this thread, one after the other: policies of the user's own behind the wall, as ever. */
export function inProcess(engine: Engine, guarding: { readonly isIsolated: boolean; log(text: string): void }): RunPool {
  const runner = new GuardedRunner(guarding);
  const executor = new Executor(engine, runner);
  return { run: (order) => executor.execute(order), close: () => runner.close() };
}
