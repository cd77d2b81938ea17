import type { RunResult } from '../run-result.ts';
import type { RunOrder } from './run-order.ts';

/** Something that runs orders, on one thread or several; the result of an order is the same whoever runs it. */
export interface RunPool {
  run(order: RunOrder): Promise<RunResult>;
  close(): Promise<void>;
}
