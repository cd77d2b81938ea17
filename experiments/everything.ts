import { machines } from '../machines/index.ts';
import { policies } from '../policies/index.ts';
import { run } from '../sim/engine.ts';
import { workloads } from '../workloads/index.ts';
import { oracleStatic, withOracleStatic } from './oracle/oracle-static.ts';
import type { Engine } from './runs/execute.ts';

/** Everything numalab comes with: what a command line has, and what a thread of a pool makes for itself. */
export function everything(version: string): Engine {
  return { version, machines, policies: [...policies, oracleStatic], workloads, run: withOracleStatic(run) };
}
