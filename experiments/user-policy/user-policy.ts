import type { PolicyEntry } from '../../sim/policy-api.ts';

/** What the results say of a policy of the user's own. */
export interface PolicySource {
  readonly file: string;
  /** Of the bundle: of all the policy's own files, without comments about where they lie. */
  readonly sha256: string;
}

/** A policy file as it goes to a worker: bundled, with nothing of it run here. */
export interface PolicyBundle extends PolicySource {
  readonly code: string;
  /** Where the file is, in full. */
  readonly path: string;
  /** From the bundle back to the files, as JSON. */
  readonly sourceMap: string;
}

/** A policy that is run in a worker only; here is what is known of it. Its name is the file as it was written. */
export interface UserPolicy extends PolicyEntry {
  readonly bundle: PolicyBundle;
}

export function isUserPolicy(policy: PolicyEntry): policy is UserPolicy {
  return 'bundle' in policy;
}

export function policySource(policy: PolicyEntry): PolicySource | null {
  if (!isUserPolicy(policy)) return null;
  const { file, sha256 } = policy.bundle;
  return { file, sha256 };
}
