import { statSync } from 'node:fs';
import { join } from 'node:path';
import { InputError, show } from '../experiments/input-error.ts';
import { checkNoInput } from '../experiments/no-input.ts';
import { codeOf } from '../experiments/runs/run-id.ts';
import { readScenarioFile } from '../experiments/scenario-file.ts';
import { checkWritable } from '../experiments/store.ts';
import { lockFolder } from '../experiments/sweep/folder-lock.ts';
import { type Plan, readPlan } from '../experiments/sweep/plan.ts';
import { writePlanned } from '../experiments/sweep/plan-folder.ts';
import { planned, type Planned } from '../experiments/sweep/planned.ts';
import { SweepFolder } from '../experiments/sweep/sweep-folder.ts';
import { GuardedRunner } from '../experiments/user-policy/guarded-runner.ts';
import type { Call, Flag, Lab, Terminal } from './command.ts';
import { printable } from './user-policies.ts';

export const OUT_FLAG: Flag = { name: 'out', summary: 'folder of the sweep: its manifest, inputs and results', kind: 'text' };

/** @throws InputError for a plan that cannot be read */
export function planOf(file: string): Plan {
  return readPlan(readScenarioFile(file, 'PLAN'));
}

/** @throws InputError for a run that cannot be, or a policy that cannot be loaded */
export async function plannedOf(plan: Plan, call: Call, lab: Lab, terminal: Terminal): Promise<Planned> {
  const runner = new GuardedRunner({ isIsolated: call.switches.has('isolate'), log: (text) => terminal.err(printable(text)) });
  try {
    return await planned(plan, lab, runner, codeOf(lab.version));
  } finally {
    await runner.close();
  }
}

/** @throws InputError without `--out`, or if nothing can be written there */
export function outOf(call: Call): string {
  const { out } = call.texts;
  if (out === undefined) throw new InputError(`--out: left out, want the folder of the sweep`);
  const manifest = join(out, 'manifest.json');
  checkNoInput(manifest, '--out', [call.operands[0]!]);
  checkWritable(manifest, '--out');
  return out;
}

/**
 * Plans into a folder nobody else works in.
 * @throws FolderInUse
 */
export async function planInto(path: string, { manifest, inputs }: Planned): Promise<{ folder: SweepFolder; release: () => void }> {
  const release = await lockFolder(path);
  try {
    return { folder: writePlanned(path, { manifest, inputs }), release };
  } catch (error) {
    release();
    throw error;
  }
}

/**
 * The sweep of a folder, to run its runs.
 * @throws InputError if the code here is not that of its plan: other code may give other results under the same ids
 */
export function folderToRun(path: string, version: string): SweepFolder {
  const folder = SweepFolder.open(path);
  const here = codeOf(version);
  const { code, plan } = folder.manifest;
  if (code === here) return folder;
  throw new InputError(
    `${show(path)}: planned by ${show(code)}, but this is ${here}; plan it again (numalab sweep plan ${show(plan.name)} --out ${show(path)}), or run it with what planned it`,
  );
}

export function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
