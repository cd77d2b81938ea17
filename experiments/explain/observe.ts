import { run } from '../../sim/engine.ts';
import type { Scenario } from '../../sim/scenario.ts';
import { Witness, type WitnessOrder } from '../../sim/witness.ts';
import { numberOption } from '../../sim/options.ts';
import { oracleStatic } from '../oracle/oracle-static.ts';
import { bestStatic } from '../oracle/search.ts';
import type { GuardedRunner, Observed } from '../user-policy/guarded-runner.ts';
import { isUserPolicy } from '../user-policy/user-policy.ts';

/** Runs one scenario from its start, keeping of its decisions what the order says. Each run is the same again. */
export type Observe = (order: WitnessOrder) => Promise<Observed>;

/** A built-in policy is run in this thread, any other behind the wall. What the oracle chose is searched once. */
export function observerOf(scenario: Scenario, runner: Pick<GuardedRunner, 'observe'>): Observe {
  if (isUserPolicy(scenario.policy)) return (order) => runner.observe(scenario, order);
  let searched: Scenario | null = null;
  return (order) => {
    searched ??= withPlacement(scenario);
    const witness = new Witness(order);
    const recording = run(searched, undefined, witness);
    return Promise.resolve({ recording, witnessed: witness.told() });
  };
}

/** What is to be run of a scenario: with oracle-static, under the placement that its search finds. */
export function withPlacement(scenario: Scenario): Scenario {
  if (scenario.policy !== oracleStatic) return scenario;
  const { candidate } = bestStatic(scenario, numberOption(scenario.policyOptions, 'runs'), run);
  return { ...scenario, policy: { ...scenario.policy, check: () => {}, make: () => candidate.make() } };
}
