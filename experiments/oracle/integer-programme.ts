import type * as ChildProcess from 'node:child_process';
import { createRequire } from 'node:module';

/**
 * HiGHS is loaded asynchronously, while a search goes on from run to run: so it solves in a process of its own. Bounded by nodes of its
 * tree and never by time, so that it answers the same on every machine.
 */
const CHILD = `
const load = require(process.argv[1]);
const text = require('node:fs').readFileSync(0, 'utf8');
load().then((highs) => {
  const { Status, Columns } = highs.solve(text, { mip_max_nodes: 2000, mip_rel_gap: 0.01 });
  process.stdout.write(JSON.stringify({ Status, Columns }));
});`;

/**
 * Solves an integer programme in CPLEX's LP format.
 * @returns the variables' values; null when it has no solution
 */
export function solveInteger(text: string): Map<string, number> | null {
  const require = createRequire(import.meta.url);
  const { execFileSync } = require('node:child_process') as typeof ChildProcess; // few runs need it
  const highs = require.resolve('highs');
  const answer = execFileSync(process.execPath, ['-e', CHILD, highs], { input: text, encoding: 'utf8', stdio: ['pipe', 'pipe', 'ignore'] });
  const { Columns } = JSON.parse(answer) as { Columns: Readonly<Record<string, { readonly Primal?: number }>> };
  const values = Object.entries(Columns).map(([name, { Primal }]): [string, number] => [name, Primal ?? Number.NaN]);
  return values.some(([, value]) => Number.isNaN(value)) ? null : new Map(values);
}
