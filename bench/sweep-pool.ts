import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { everything } from '../experiments/everything.ts';
import { localEngine } from '../experiments/sweep/local-engine.ts';
import { writePlanned } from '../experiments/sweep/plan-folder.ts';
import { readPlan } from '../experiments/sweep/plan.ts';
import { planned } from '../experiments/sweep/planned.ts';
import { GuardedRunner } from '../experiments/user-policy/guarded-runner.ts';
import { formatNumber, formatShare } from '../report/format.ts';
import { table } from '../report/table.ts';

/**
 * `npm run bench:sweep` (`-- 1` for one round instead of three): how much faster two workers are than one with 200 short runs, and what of it is start-up and tear-down. Wall time,
 * results written and flushed as in any sweep; rounds are interleaved, medians. It says something on two quiet cores only, so the CPU
 * time and how many CPUs were got stand beside it.
 */
const RUNS = 200;
const ROUNDS = Number(process.argv[2] ?? 3);
const PLAN = `guests: 7\nworkload: kernbench:jobs=50\ngrid: {policy: [kvm-unpinned, apart], seed: 1..${RUNS / 2}}\n`;

interface Timed {
  readonly wallMs: number;
  readonly cpuMs: number;
}

async function main(): Promise<void> {
  const one: Timed[] = [];
  const two: Timed[] = [];
  const ends: Timed[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    one.push(await sweep(1, RUNS));
    two.push(await sweep(2, RUNS));
    ends.push(await sweep(2, 2));
  }
  const each = median(one.map(({ wallMs }) => wallMs)) / RUNS;
  // Both threads do one run: what is beyond that is start and end.
  const overheadMs = Math.max(0, median(ends.map(({ wallMs }) => wallMs)) - each);
  const row = (name: string, rounds: readonly Timed[]): string[] => [
    name,
    formatNumber(median(rounds.map(({ wallMs }) => wallMs)) / 1000),
    rounds.map(({ wallMs }) => formatNumber(wallMs / 1000)).join(' '),
    formatNumber(median(rounds.map(({ cpuMs }) => cpuMs)) / 1000),
    formatNumber(median(rounds.map(({ cpuMs, wallMs }) => cpuMs / wallMs))),
  ];
  const rows = [row('1 worker', one), row('2 workers', two), row('2 workers, 2 runs', ends)];
  process.stdout.write(
    `${RUNS} runs, ${ROUNDS} rounds, ${availableParallelism()} CPUs, load ${loadavg()
      .map((load) => formatNumber(load))
      .join(' ')}\n`,
  );
  process.stdout.write(table(['', 'wall s', 'rounds', 'CPU s', 'CPUs had'], rows) + '\n');
  const twoMs = median(two.map(({ wallMs }) => wallMs));
  const ratios = one.map(({ wallMs }, round) => wallMs / two[round]!.wallMs);
  process.stdout.write(
    `two workers are ${formatNumber(median(ratios))} times as fast as one (rounds: ${ratios.map((ratio) => formatNumber(ratio)).join(' ')}), `,
  );
  process.stdout.write(`start and end take ${formatShare(overheadMs / twoMs)} of it\n`);
}

/** The first runs of the plan in a folder of their own. */
async function sweep(workers: number, count: number): Promise<Timed> {
  const path = mkdtempSync(join(tmpdir(), 'numalab-bench-'));
  const runner = new GuardedRunner();
  try {
    const folder = writePlanned(path, await planned(readPlan({ name: 'plan.yaml', text: PLAN }), everything('bench'), runner, 'bench'));
    const cpuBefore = process.cpuUsage();
    const startMs = performance.now();
    await localEngine.start({
      folder,
      missing: Array.from({ length: count }, (_, index) => index),
      version: 'bench',
      isIsolated: false,
      flags: { workers: String(workers) },
      switches: new Set(),
      stop: new AbortController().signal,
      done: () => {},
      failed: (index, message) => {
        throw new Error(`run ${index}: ${message}`);
      },
      log: () => {},
      say: () => {},
    });
    const wallMs = performance.now() - startMs;
    const { user, system } = process.cpuUsage(cpuBefore);
    return { wallMs, cpuMs: (user + system) / 1000 };
  } finally {
    await runner.close();
    rmSync(path, { recursive: true, force: true });
  }
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}

await main();
