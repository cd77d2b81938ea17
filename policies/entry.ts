import type { OptionSpec, OptionValues } from '../sim/options.ts';
import type { Policy, PolicyClaims, PolicyEntry } from '../sim/policy-api.ts';

/** An entry of the list of policies whose parts are put together by `make`. */
export function entry(
  name: string,
  summary: string,
  source: string,
  options: readonly OptionSpec[],
  make: (name: string, values: OptionValues) => Policy,
  claims: PolicyClaims = {},
): PolicyEntry {
  return { name, summary, source, oracle: false, options, claims, make: (values) => make(name, values) };
}
