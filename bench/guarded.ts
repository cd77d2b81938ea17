import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { GuardedRunner } from '../experiments/user-policy/guarded-runner.ts';
import { loadPolicy } from '../experiments/user-policy/load.ts';
import { formatNumber } from '../report/format.ts';
import { table } from '../report/table.ts';
import { run } from '../sim/engine.ts';
import { CASES, scenarioOf } from './cases.ts';

const ROUNDS = 5;
const NAMES = ['kernbench, 48 floating', 'kernbench, 7 x 2 vCPUs, 60 s'];
const TARGET = 1.3;
const SAME = `import { builtIn, type PolicyEntry } from 'numalab/policy';
export const policy: PolicyEntry = { name: 'same', summary: '', source: '', oracle: false, options: [], make: () => builtIn('kvm-unpinned') };
`;

/** What it costs to run a policy guarded: the same policy both ways, whole runs, CPU time of all threads, interleaved. */
export async function printGuarded(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'numalab-'));
  const runner = new GuardedRunner();
  try {
    const file = join(folder, 'same.ts');
    writeFileSync(file, SAME);
    const policy = await loadPolicy(file, runner);
    const rows = [];
    for (const name of NAMES) {
      const scenario = scenarioOf({ ...CASES[name], policy: 'kvm-unpinned' });
      const [trusted, guarded, ratios]: number[][] = [[], [], []] as number[][];
      for (let round = -1; round < ROUNDS; round++) {
        const inThread = await cpuSeconds(() => run(scenario));
        const behindWall = await cpuSeconds(() => runner.run({ ...scenario, policy, policyOptions: {} }));
        if (inThread.hash !== behindWall.hash) throw new Error(`${name}: guarded decides otherwise`);
        if (round < 0) continue; // both warm up
        trusted!.push(inThread.seconds);
        guarded!.push(behindWall.seconds);
        ratios!.push(behindWall.seconds / inThread.seconds);
      }
      rows.push([name, ...[trusted, guarded, ratios].map((values) => formatNumber(median(values!))), spread(ratios!), TARGET]);
    }
    console.log(
      `\na policy of one's own, guarded, against the same in the engine's thread; CPU s, median of ${ROUNDS} interleaved rounds\n`,
    );
    console.log(table(['case', 'trusted', 'guarded', 'ratio', 'least .. most', 'target'], rows));
  } finally {
    await runner.close();
    rmSync(folder, { recursive: true });
  }
}

async function cpuSeconds(work: () => { hash: string } | Promise<{ hash: string }>): Promise<{ seconds: number; hash: string }> {
  const before = process.cpuUsage();
  const { hash } = await work();
  const { user, system } = process.cpuUsage(before);
  return { seconds: (user + system) / 1e6, hash };
}

function spread(values: readonly number[]): string {
  return `${formatNumber(Math.min(...values))} .. ${formatNumber(Math.max(...values))}`;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}

if (import.meta.url === pathToFileURL(process.argv[1]!).href) await printGuarded();
