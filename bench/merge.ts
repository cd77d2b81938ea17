import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runResult, type RunResult } from '../experiments/run-result.ts';
import type { Manifest } from '../experiments/sweep/manifest.ts';
import { mergeResults } from '../experiments/sweep/merge.ts';
import { SweepFolder } from '../experiments/sweep/sweep-folder.ts';
import { formatNumber } from '../report/format.ts';
import { run } from '../sim/engine.ts';
import { scenarioOf } from './cases.ts';

const RUNS = 10_000;
const ROUNDS = 3;
const MOST_S = 10;
const MOST_MB = 300;
const POLICIES = ['kvm-unpinned', 'kvm-numactl', 'apart', 'autonuma', 'hot-pages-first'];
const MEMORIES = ['512MiB', '1GiB', '2GiB', '4GiB'];

interface Cost {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakMB: number;
  readonly rows: number;
}

/** What it costs to merge the results of 10,000 runs of seven guests, each time in a process of its own. */
function main(): void {
  const [flag, folder] = process.argv.slice(2);
  if (flag === '--merge') return console.log(JSON.stringify(merge(folder!)));
  const path = mkdtempSync(join(tmpdir(), 'numalab-merge-'));
  try {
    makeSet(path);
    const costs = Array.from({ length: ROUNDS }, () => {
      const text = execFileSync(process.execPath, [fileURLToPath(import.meta.url), '--merge', path], { encoding: 'utf8' });
      return JSON.parse(text) as Cost;
    });
    const megabytes = (name: string): string => formatNumber(statSync(join(path, name)).size / 1e6);
    console.log(`${cpus()[0]!.model}, Node ${process.versions.node}; ${RUNS} runs of 7 guests, ${costs[0]!.rows} rows`);
    console.log(`results.parquet ${megabytes('results.parquet')} MB, results.csv ${megabytes('results.csv')} MB`);
    console.log(`wall time ${costs.map(({ seconds }) => formatNumber(seconds)).join(', ')} s, want less than ${MOST_S}`);
    console.log(`CPU time ${costs.map(({ cpuSeconds }) => formatNumber(cpuSeconds)).join(', ')} s, start of the process included`);
    console.log(`peak memory ${costs.map(({ peakMB }) => formatNumber(peakMB)).join(', ')} MB, want less than ${MOST_MB}`);
  } finally {
    rmSync(path, { recursive: true });
  }
}

function merge(path: string): Cost {
  const startMs = performance.now();
  const { rows } = mergeResults(SweepFolder.open(path));
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  return {
    seconds: (performance.now() - startMs) / 1000,
    cpuSeconds: (userCPUTime + systemCPUTime) / 1e6,
    peakMB: (maxRSS * 1024) / 1e6,
    rows,
  };
}

/** One real run, told 10,000 times with other figures. */
function makeSet(path: string): void {
  const scenario = scenarioOf({ workload: 'kernbench', policy: 'kvm-unpinned', guests: '7', memory: '512MiB', duration: '1s' });
  const real = runResult(scenario, run(scenario), 'bench');
  const words = Array.from({ length: RUNS }, (_, i) => ({
    policy: POLICIES[i % POLICIES.length]!,
    memory: MEMORIES[Math.floor(i / POLICIES.length) % MEMORIES.length]!,
    seed: String(1 + Math.floor(i / POLICIES.length / MEMORIES.length)),
  }));
  const manifest: Manifest = {
    schemaVersion: 1,
    version: 'bench',
    code: 'bench',
    commit: null,
    plan: { name: 'bench', text: '' },
    policies: [],
    files: [],
    host: {},
    words: { workload: 'kernbench', guests: '7' },
    varied: ['policy', 'memory', 'seed'],
    runs: words.map((of) => ({ id: createHash('sha256').update(JSON.stringify(of)).digest('hex'), words: of })),
  };
  const folder = SweepFolder.create(path, manifest, new Map());
  words.forEach(({ policy, seed }, i) => folder.put(i, { ...varied(real, i), policy, seed }));
}

/** Every figure but 0 is another one in each run, and a whole one stays whole. */
function varied(real: RunResult, index: number): RunResult {
  let state = index + 1;
  const draw = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  return JSON.parse(JSON.stringify(real), (_, value: unknown) => {
    if (typeof value !== 'number') return value;
    const other = value * (0.9 + 0.2 * draw());
    return Number.isInteger(value) ? Math.round(other) : other;
  }) as RunResult;
}

main();
