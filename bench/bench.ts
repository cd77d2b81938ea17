import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { writeWhole } from '../experiments/store.ts';
import { formatNumber, formatShare } from '../report/format.ts';
import { table } from '../report/table.ts';
import { run } from '../sim/engine.ts';
import { CASES, scenarioOf } from './cases.ts';
import { printGuarded } from './guarded.ts';
import { shares } from './profile.ts';
import { printDispatch } from './dispatch.ts';
import { printPageMoves } from './page-moves.ts';
import { printResolve } from './resolve.ts';

/**
 * `npm run bench`: instants per second and CPU time per instant, against a recorded baseline. Rounds are interleaved with a
 * yardstick, a fixed piece of arithmetic, so that ratios to the baseline compare the code and not the machine. CPU time, not wall
 * time; medians. `-- --record` writes the baseline anew; `-- --memory SECONDS` is what it calls itself with to see peak memory.
 */
const ROUNDS = 5;
const BASELINE = new URL('../../bench/baseline.json', import.meta.url);

interface Baseline {
  readonly cpu: string;
  readonly node: string;
  /** CPU time per instant as a multiple of the yardstick's. */
  readonly cases: Readonly<Record<string, number>>;
}

async function main(): Promise<void> {
  const memory = process.argv.indexOf('--memory');
  if (memory > 0) return printMemory(process.argv[memory + 1]!);
  const names = Object.keys(CASES);
  const scenarios = names.map((name) => scenarioOf(CASES[name]!));
  for (const scenario of scenarios) run({ ...scenario, durationNs: 1e9 }); // warm up
  yardstickNs();
  const times = names.map((): number[] => []); // us per instant, by round
  const ratios = names.map((): number[] => []);
  const instants: number[] = [];
  const cpuSeconds = names.map((): number[] => []);
  for (let round = 0; round < ROUNDS; round++) {
    scenarios.forEach((scenario, at) => {
      const before = yardstickNs();
      const { cpuNs, instants: count } = timed(() => run(scenario));
      const unit = (before + yardstickNs()) / 2;
      instants[at] = count;
      cpuSeconds[at]!.push(cpuNs / 1e9);
      times[at]!.push(cpuNs / count / 1000);
      ratios[at]!.push(cpuNs / count / unit);
    });
  }
  const baseline = readBaseline();
  const parts = scenarios.map((scenario) => shares(() => run(scenario)));
  const rows = names.map((name, at) => [
    name,
    instants[at]!,
    Math.round(1e6 / median(times[at]!)),
    formatNumber(median(times[at]!)),
    `${formatNumber(Math.min(...times[at]!))} .. ${formatNumber(Math.max(...times[at]!))}`,
    formatNumber(median(cpuSeconds[at]!)),
    baseline?.cases[name] === undefined ? '-' : formatNumber(median(ratios[at]!) / baseline.cases[name]),
    ...['dispatch', 'speeds', 'recording', 'guests', 'loop', 'other'].map((part) => formatShare(parts[at]![part]!, 2)),
  ]);
  const { model } = cpus()[0]!;
  console.log(`${model}, Node ${process.versions.node}; median of ${ROUNDS} interleaved rounds, CPU time of one core, tracing off\n`);
  console.log(
    table(
      [
        'case',
        'instants',
        'instants/s',
        'us an instant',
        'least .. most',
        'CPU s',
        'x baseline',
        'dispatch',
        'speeds',
        'recording',
        'guests',
        'loop',
        'other',
      ],
      rows,
    ),
  );
  printResolve();
  printDispatch();
  printPageMoves();
  await printGuarded();
  const [short, long] = [memoryOf('6'), memoryOf('60')];
  console.log(`\npeak memory, 48 floating kernbench guests: ${short} MiB for 6 simulated seconds, ${long} MiB for 60`);
  console.log(baseline ? `baseline: ${baseline.cpu}, Node ${baseline.node}` : 'no baseline recorded');
  if (process.argv.includes('--record')) {
    const cases = Object.fromEntries(names.map((name, at) => [name, Number(median(ratios[at]!).toPrecision(4))]));
    writeWhole(fileURLToPath(BASELINE), `${JSON.stringify({ cpu: model, node: process.versions.node, cases }, null, 2)}\n`);
    console.log('baseline recorded');
  }
}

function timed(work: () => { instants: number }): { cpuNs: number; instants: number } {
  const before = process.cpuUsage();
  const { instants } = work();
  const { user, system } = process.cpuUsage(before);
  return { cpuNs: (user + system) * 1000, instants };
}

/** CPU ns of a million steps of a hold model on a heap of 300 keys, over a million: how fast this machine is now. */
function yardstickNs(): number {
  const STEPS = 1_000_000;
  const heap = new Float64Array(300);
  let state = 12345;
  const before = process.cpuUsage();
  for (let step = 0; step < STEPS; step++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const key = heap[0]! + state / 2 ** 32;
    let slot = 0;
    for (let child = 1; child < heap.length; child = 2 * slot + 1) {
      if (child + 1 < heap.length && heap[child + 1]! < heap[child]!) child++;
      if (heap[child]! >= key) break;
      heap[slot] = heap[child]!;
      slot = child;
    }
    heap[slot] = key;
  }
  const { user, system } = process.cpuUsage(before);
  return ((user + system) * 1000) / STEPS;
}

function printMemory(durationS: string): void {
  run(scenarioOf({ ...CASES['kernbench, 48 floating'], duration: `${durationS}s` }));
  console.log(Math.round(process.resourceUsage().maxRSS / 1024));
}

function memoryOf(durationS: string): string {
  return execFileSync(process.execPath, [fileURLToPath(import.meta.url), '--memory', durationS], { encoding: 'utf8' }).trim();
}

function readBaseline(): Baseline | null {
  return existsSync(BASELINE) ? (JSON.parse(readFileSync(BASELINE, 'utf8')) as Baseline) : null;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1]!;
}

await main();
