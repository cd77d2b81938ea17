import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunResult, runResult } from '../../../experiments/run-result.ts';
import type { RunOrder } from '../../../experiments/runs/run-order.ts';
import { sourceOfOrder } from '../../../experiments/runs/run-order.ts';
import { readScenario } from '../../../experiments/scenario-input.ts';
import type { Manifest } from '../../../experiments/sweep/manifest.ts';
import { lopsided } from '../../../machines/lopsided.ts';
import { policies } from '../../../policies/index.ts';
import { run } from '../../../sim/engine.ts';
import { workloads } from '../../../workloads/index.ts';

/** A folder in memory where there is one: what is tested here is not the disk, and flushing one takes its time. */
export function scratch(): string {
  return mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'numalab-sweep-'));
}

export function sha256(text: string | Uint8Array): string {
  return createHash('sha256').update(text).digest('hex');
}

export const NOTE = 'an input of a sweep: 1,000 µs\n';
export const INPUTS: ReadonlyMap<string, string> = new Map([[sha256(NOTE), NOTE]]);

/** Three tiny runs that differ in seed, with ids as long as real ones. */
export const MANIFEST: Manifest = {
  schemaVersion: 1,
  version: '1.2.3',
  code: '1.2.3+0123456789ab.node20',
  commit: null,
  plan: { name: 'plan.yaml', text: 'workload: lmbench-rd\ngrid: { seed: [5, 6, 7] }\n' },
  policies: [],
  files: [{ name: 'note.txt', sha256: sha256(NOTE) }],
  host: { cpu: 'made up', cpus: 2 },
  words: { machine: 'lopsided', workload: 'lmbench-rd', policy: 'apart', guests: '2', memory: '256MiB', duration: '5ms' },
  varied: ['seed'],
  runs: [5, 6, 7].map((seed) => ({ id: sha256(`run ${seed}`), words: { seed: String(seed) } })),
};

const known = new Map<string, RunResult>();

/** What the engine makes of an order; each but once, as it makes the same again. */
export function executed(order: RunOrder): RunResult {
  const key = JSON.stringify(order);
  if (!known.has(key)) {
    const scenario = readScenario(sourceOfOrder(order), { machines: [lopsided], policies, workloads });
    known.set(key, runResult(scenario, run(scenario), '1.2.3'));
  }
  return known.get(key)!;
}

/** Every file under a folder and its bytes. */
export function contentOf(folder: string): Record<string, string> {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
  const files = names.filter((name) => statSync(join(folder, name)).isFile());
  return Object.fromEntries(files.map((name) => [name, readFileSync(join(folder, name), 'latin1')]));
}
