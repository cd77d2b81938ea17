import { numberOption, type OptionSpec } from '../../sim/options.ts';
import type { PolicyEntry } from '../../sim/policy-api.ts';
import { bestStatic, type Run } from './search.ts';

const runs: OptionSpec = {
  name: 'runs',
  summary: 'most short simulations that its search makes before what stands out is run in full (assumed)',
  kind: 'count',
  default: 100,
  min: 1,
  max: 100_000,
};

/**
 * The best static placement, found by simulating the very run it is then used for: what no scheduler could know, and so a ceiling for
 * all that hold guests in one place. It is no policy by itself: `withOracleStatic` searches first.
 */
export const oracleStatic: PolicyEntry = {
  name: 'oracle-static',
  summary: 'Every guest is held where a search over simulations of this very run found it best: a ceiling for placements that stay.',
  source: 'search: exhaustive where small, else an integer programme (HiGHS) and local improvement',
  oracle: true,
  options: [runs],
  make() {
    throw new RangeError('oracle-static: want a search before the run, which whoever runs it has left out');
  },
};

/** Runs scenarios; those of oracle-static under the best placement that a search finds. */
export function withOracleStatic(run: Run): Run {
  return (scenario) => {
    if (scenario.policy !== oracleStatic) return run(scenario);
    return bestStatic(scenario, numberOption(scenario.policyOptions, 'runs'), run).recording;
  };
}
