import type { RunResult } from '../run-result.ts';
import type { RunOrder } from './run-order.ts';

/** Executes orders, several at a time where there are CPUs for it. */
export interface RunPool {
  run(order: RunOrder): Promise<RunResult>;
  close(): Promise<void>;
}
