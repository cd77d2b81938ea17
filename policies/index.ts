import type { PolicyEntry } from '../sim/policy-api.ts';
import { autonumaPolicies } from './autonuma.ts';
import { configuredPolicies } from './configured.ts';
import { deckPolicies } from './deck.ts';
import { homeNodePolicies } from './home-nodes.ts';
import { hotPagesPolicies } from './hot-pages.ts';
import { hugetlbfsPolicies } from './hugetlbfs.ts';
import { linuxPolicies } from './linux.ts';
import { researchPolicies } from './research.ts';
import { scxPolicies } from './scx.ts';
import { staticPolicies } from './static.ts';
import { tieringPolicies } from './tiering.ts';
import { xenPolicies } from './xen.ts';

/** The policies users can name; the first is what runs when none is named. */
export const policies: readonly PolicyEntry[] = [
  ...linuxPolicies,
  ...autonumaPolicies,
  ...xenPolicies,
  ...deckPolicies,
  ...staticPolicies,
  ...scxPolicies,
  ...tieringPolicies,
  ...researchPolicies,
  ...homeNodePolicies,
  ...hotPagesPolicies,
  ...hugetlbfsPolicies,
  ...configuredPolicies,
];

export function policyNamed(name: string): PolicyEntry | undefined {
  return policies.find((policy) => policy.name === name);
}
