import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { formatNumber } from '../report/format.ts';
import { table } from '../report/table.ts';
import type { ContentionModel } from '../sim/contention.ts';
import { jobC, LOADS } from './job-c.ts';

/**
 * What it costs to work speeds out anew: CPU time of job C, its event loop included, over the number of its solutions; beside a
 * program in C for the same job, where its source lies beside the project and there is a compiler.
 */
const ROUNDS = 5;
const ACTIVATIONS = 500;
const SHORT = 20;
const MODELS: readonly ContentionModel[] = ['max-min', 'fifo'];
/** us, by model and load. */
const TARGETS: Readonly<Record<ContentionModel, Readonly<Record<string, number>>>> = {
  'max-min': { moderate: 1.5, heavy: 5 },
  fifo: { moderate: 3, heavy: 10 },
};
const C_SOURCE = fileURLToPath(new URL('../../../shared/anchors/c/jobC_local.cpp', import.meta.url));

export function printResolve(): void {
  const reference = buildReference();
  const cases = LOADS.flatMap((load) => MODELS.map((model) => ({ load, model, times: [] as number[], inC: [] as number[] })));
  const ends = cases.map(({ load, model }) => jobC(model, load, SHORT).endS); // warms up too
  for (let round = 0; round < ROUNDS; round++) {
    for (const { load, model, times, inC } of cases) {
      const before = process.cpuUsage();
      const { solves } = jobC(model, load, ACTIVATIONS);
      const { user, system } = process.cpuUsage(before);
      times.push((user + system) / solves);
      if (reference && model === 'max-min') inC.push(reference.run(load));
    }
  }
  reference?.remove();
  console.log(`\nspeeds of 96 tasks on 48 cores with pages on three nodes, us a solution; median of ${ROUNDS} interleaved rounds\n`);
  const rows = cases.map(({ load, model, times, inC }, at) => [
    `${load.name}, ${model}`,
    formatNumber(median(times)),
    `${formatNumber(Math.min(...times))} .. ${formatNumber(Math.max(...times))}`,
    formatNumber(TARGETS[model][load.name]!),
    inC.length > 0 ? formatNumber(median(inC)) : '-',
    ends[at]!.toFixed(6),
  ]);
  console.log(table(['case', 'us', 'least .. most', 'target', 'C', `end of ${SHORT} activations, s`], rows));
  if (!reference) console.log('C reference skipped: its source is not beside the project, or there is no g++');
}

interface Reference {
  run(load: (typeof LOADS)[number]): number;
  remove(): void;
}

/** The reference works all flows out anew under heavy load, where that is its fastest, and only around the change under moderate. */
function buildReference(): Reference | null {
  if (!existsSync(C_SOURCE)) return null;
  const folder = mkdtempSync(join(tmpdir(), 'numalab-bench-'));
  const program = join(folder, 'job-c');
  try {
    execFileSync('g++', ['-O2', '-march=native', '-o', program, C_SOURCE], { stdio: 'ignore' });
  } catch {
    rmSync(folder, { recursive: true });
    return null;
  }
  return {
    run({ name, home, controllerGBps, linkGBps }) {
      const solver = name === 'heavy' ? 'full' : 'local';
      const numbers = [96, ACTIVATIONS, 8, 6, home, controllerGBps, linkGBps].map(String);
      return (JSON.parse(execFileSync(program, ['vector', solver, ...numbers], { encoding: 'utf8' })) as { us: number }).us;
    },
    remove: () => rmSync(folder, { recursive: true }),
  };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1]!;
}
