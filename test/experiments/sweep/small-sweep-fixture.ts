import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lab } from '../../../cli/lab.ts';
import { Executor } from '../../../experiments/runs/execute.ts';
import { codeOf, runId } from '../../../experiments/runs/run-id.ts';
import type { RunWords } from '../../../experiments/runs/run-order.ts';
import type { Manifest } from '../../../experiments/sweep/manifest.ts';
import { SweepFolder, withVaried } from '../../../experiments/sweep/sweep-folder.ts';
import { GuardedRunner } from '../../../experiments/user-policy/guarded-runner.ts';
import type { PolicyBundle } from '../../../experiments/user-policy/user-policy.ts';

export const VERSION = '1.2.3';

export interface Planned {
  readonly words: RunWords;
  readonly varied: readonly string[];
  readonly runs: readonly RunWords[];
  readonly bundles?: readonly PolicyBundle[];
  readonly inputs?: ReadonlyMap<string, string>;
}

/** Short runs of three lopsided guests or fewer; policy and seed vary. */
export const SMALL: Planned = {
  words: { machine: 'lopsided', workload: 'lmbench-rd', memory: '64MiB', duration: '60ms' },
  varied: ['policy', 'guests', 'seed'],
  runs: ['kvm-unpinned', 'apart:margin=0.2'].flatMap((policy) =>
    ['1', '3'].flatMap((guests) => ['1', '2', '3'].map((seed) => ({ policy, guests, seed }))),
  ),
};

export async function withExecutor<Result>(work: (executor: Executor) => Promise<Result>): Promise<Result> {
  const runner = new GuardedRunner();
  try {
    return await work(new Executor(lab(VERSION), runner));
  } finally {
    await runner.close();
  }
}

/** A sweep as planned, without results. */
export function planned(path: string, { words, varied, runs, bundles = [], inputs = new Map() }: Planned): Promise<SweepFolder> {
  const code = codeOf(VERSION);
  return withExecutor(async (executor) => {
    const withIds = [];
    for (const run of runs) {
      const order = { words: withVaried(words, run), policies: bundles, files: {}, timelinePoints: 0 };
      withIds.push({ id: runId(await executor.scenarioOf(order), {}, code), words: run });
    }
    const manifest: Manifest = {
      schemaVersion: 1,
      version: VERSION,
      code,
      commit: null,
      plan: { name: 'plan.yaml', text: 'grid: {}\n' },
      policies: bundles.map((bundle) => ({
        file: bundle.file,
        sha256: [...inputs].find(([, text]) => text === JSON.stringify(bundle))![0],
      })),
      files: [],
      host: {},
      words,
      varied,
      runs: withIds,
    };
    return SweepFolder.create(path, manifest, inputs);
  });
}

/** Makes the results of these runs, in this order. */
export function executed(folder: SweepFolder, indices = folder.manifest.runs.map((_, i) => i)): Promise<void> {
  return withExecutor(async (executor) => {
    for (const index of indices) folder.put(index, await executor.execute(folder.orderOf(index)));
  });
}

/** A folder of its own, and how to be rid of it. */
export function temporary(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'numalab-sweep-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
