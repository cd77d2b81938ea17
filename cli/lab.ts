import { oracleStatic, withOracleStatic } from '../experiments/oracle/oracle-static.ts';
import { machines } from '../machines/index.ts';
import { policies } from '../policies/index.ts';
import { run } from '../sim/engine.ts';
import { workloads } from '../workloads/index.ts';
import type { Lab } from './command.ts';

/** Everything numalab comes with. */
export function lab(version: string): Lab {
  return { version, machines, policies: [...policies, oracleStatic], workloads, run: withOracleStatic(run) };
}
