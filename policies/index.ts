import type { PolicyEntry } from '../sim/policy-api.ts';
import { deckPolicies } from './deck.ts';
import { hotPagesPolicies } from './hot-pages.ts';
import { linuxPolicies } from './linux.ts';
import { scxPolicies } from './scx.ts';
import { staticPolicies } from './static.ts';
import { xenPolicies } from './xen.ts';

/** The policies users can name; the first is what runs when none is named. */
export const policies: readonly PolicyEntry[] = [
  ...linuxPolicies,
  ...xenPolicies,
  ...deckPolicies,
  ...staticPolicies,
  ...scxPolicies,
  ...hotPagesPolicies,
];

export function policyNamed(name: string): PolicyEntry | undefined {
  return policies.find((policy) => policy.name === name);
}
