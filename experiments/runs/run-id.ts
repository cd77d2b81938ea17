import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { canonicalJson } from '../../report/json.ts';
import type { MachineSpec } from '../../sim/machine-spec.ts';
import type { Scenario } from '../../sim/scenario.ts';
import { policySource } from '../user-policy/user-policy.ts';

/** What a result depends on beside its scenario. */
const FOLDERS = ['sim', 'machines', 'workloads', 'policies', 'experiments', 'formats'];

/**
 * Names the code that makes results, such as `0.5.0+1f2e3d4c5b6a.node20`: the version, a hash of the modules, as a policy may have been
 * changed in a checkout, and Node's major version, as another may round logarithms in another way.
 */
export function codeOf(version: string): string {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const hash = createHash('sha256');
  for (const folder of FOLDERS) {
    const names = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).filter((name) => /(?<!\.d)\.[jt]s$/.test(name));
    for (const name of names.sort()) hash.update(`${folder}/${name}\n`).update(readFileSync(join(root, folder, name)));
  }
  return `${version}+${hash.digest('hex').slice(0, 12)}.node${process.versions.node.split('.')[0]}`;
}

/**
 * Names a run by everything its result depends on: 64 hexadecimal digits, the SHA-256 of the canonical scenario (seed included), the
 * policy's source, the files its words name, and the code.
 */
export function runId(scenario: Scenario, files: Readonly<Record<string, string>>, code: string): string {
  const { machine, policy, guests, ...setting } = scenario;
  const identity = {
    code,
    machineSha256: specHash(machine.spec),
    policy: policy.name,
    policySha256: policySource(policy)?.sha256 ?? null,
    guests: guests.map(({ workload, ...guest }) => ({ ...guest, workload: workload.name })),
    files,
    setting,
  };
  return sha256Of(identity);
}

const specHashes = new WeakMap<MachineSpec, string>();

/** Of all its figures; a sweep names thousands of runs on few machines. */
function specHash(spec: MachineSpec): string {
  const hash = specHashes.get(spec) ?? sha256Of(spec);
  specHashes.set(spec, hash);
  return hash;
}

function sha256Of(value: unknown): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex');
}
