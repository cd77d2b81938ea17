import { formatNumber } from '../report/format.ts';
import { table } from '../report/table.ts';
import type { ContentionModel } from '../sim/contention.ts';
import { buildReference, type CReference } from './c-reference.ts';
import { jobC, LOADS } from './job-c.ts';
import { redraw } from './redraw.ts';

/**
 * What it costs to work speeds out anew: of 48 running vCPUs of which one is drawn anew, beside the targets; and in job C with max-min,
 * CPU time with its event loop over the number of its solutions, beside a program in C for the same job, where its source lies beside
 * the project and there is a compiler.
 */
const ROUNDS = 5;
const REDRAWS = 30_000;
const ACTIVATIONS = 500;
const SHORT = 20;
const MODELS: readonly ContentionModel[] = ['max-min', 'fifo'];
/** us, by model and load. */
const TARGETS: Readonly<Record<ContentionModel, Readonly<Record<string, number>>>> = {
  'max-min': { moderate: 1.5, heavy: 5 },
  fifo: { moderate: 3, heavy: 10 },
};

export function printResolve(): void {
  printRedraws();
  printJobC();
}

function printRedraws(): void {
  const cases = LOADS.flatMap((load) => MODELS.map((model) => ({ load, model, times: [] as number[], ...redraw(model, load, REDRAWS) }))); // warms up too
  for (let round = 0; round < ROUNDS; round++) for (const { load, model, times } of cases) times.push(redraw(model, load, REDRAWS).us);
  console.log(`\none of 48 running vCPUs with pages on three nodes drawn anew, us a solution; median of ${ROUNDS} interleaved rounds\n`);
  const rows = cases.map(({ load, model, times, changed }) => [
    `${load.name}, ${model}`,
    ...spread(times),
    formatNumber(TARGETS[model][load.name]!),
    formatNumber(changed),
  ]);
  console.log(table(['case', 'us', 'least .. most', 'target', 'new speeds'], rows));
}

function printJobC(): void {
  const reference = buildReference('jobC_local.cpp');
  const cases = LOADS.map((load) => ({ load, times: [] as number[], inC: [] as number[], endS: jobC('max-min', load, SHORT).endS }));
  for (let round = 0; round < ROUNDS; round++) {
    for (const { load, times, inC } of cases) {
      const before = process.cpuUsage();
      const { solves } = jobC('max-min', load, ACTIVATIONS);
      const { user, system } = process.cpuUsage(before);
      times.push((user + system) / solves);
      if (reference) inC.push(runReference(reference, load));
    }
  }
  reference?.remove();
  console.log(`\njob C: 96 tasks that share 48 cores, max-min, us a solution; median of ${ROUNDS} interleaved rounds\n`);
  const rows = cases.map(({ load, times, inC, endS }) => [
    load.name,
    ...spread(times),
    inC.length > 0 ? formatNumber(median(inC)) : '-',
    endS.toFixed(6),
  ]);
  console.log(table(['load', 'us', 'least .. most', 'C', `end of ${SHORT} activations, s`], rows));
  if (!reference) console.log('C reference skipped: its source is not beside the project, or there is no g++');
}

function spread(times: readonly number[]): [string, string] {
  return [formatNumber(median(times)), `${formatNumber(Math.min(...times))} .. ${formatNumber(Math.max(...times))}`];
}

/** The reference works all flows out anew under heavy load, where that is its fastest, and only around the change under moderate. */
function runReference(reference: CReference, { name, home, controllerGBps, linkGBps }: (typeof LOADS)[number]): number {
  const solver = name === 'heavy' ? 'full' : 'local';
  return reference.run('vector', solver, ...[96, ACTIVATIONS, 8, 6, home, controllerGBps, linkGBps].map(String)).us!;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1]!;
}
