import type { Recording } from '../../sim/recording.ts';
import type { Scenario } from '../../sim/scenario.ts';
import { formatNamed } from '../named-options.ts';
import { metricsOf, valueOf } from '../compare/metric.ts';
import { workloadText } from '../run-result.ts';
import type { GuardedRunner } from '../user-policy/guarded-runner.ts';
import { type PolicySource, policySource } from '../user-policy/user-policy.ts';
import { type CauseGroup, compareCauses } from './causes.ts';
import { observerOf } from './observe.ts';
import { findParting, KEPT, type Parting } from './parting.ts';

/** Why two policies fare differently on one scenario. */
export interface Explanation {
  readonly machine: string;
  readonly workload: string;
  readonly guests: number;
  readonly seed: string;
  readonly a: ExplainedRun;
  readonly b: ExplainedRun;
  /** What each run came to; empty unless both ended well, or the better would be the one that failed early. */
  readonly metrics: readonly { readonly name: string; readonly unit: string; readonly a: number; readonly b: number }[];
  /** By the unit in which guests count; likewise. */
  readonly groups: readonly CauseGroup[];
  /** null where no decision differs; or where nothing is known of one, as its thread had to be ended. */
  readonly parting: Parting | null;
  readonly isPartingKnown: boolean;
}

export interface ExplainedRun extends Pick<Recording, 'status' | 'message' | 'exit' | 'simulatedNs' | 'hash'> {
  readonly policy: string;
  readonly policySource: PolicySource | null;
  readonly oracle: boolean;
  readonly decisions: number | null;
}

/**
 * Runs one scenario under two policies and tells where the time went, and the first decision that differs.
 * @param tell is given what is being done
 */
export async function explain(
  [first, second]: readonly [Scenario, Scenario],
  runner: Pick<GuardedRunner, 'observe'>,
  tell: (doing: string) => void = () => {},
): Promise<Explanation> {
  const order = { keepFrom: 0, keep: KEPT, lookAt: null };
  const sides = [first, second].map((scenario) => ({ scenario, policy: nameOf(scenario), observe: observerOf(scenario, runner) }));
  const [a, b] = sides as [(typeof sides)[number], (typeof sides)[number]];
  tell(`run of ${a.policy}`);
  const ofA = await a.observe(order);
  tell(`run of ${b.policy}`);
  const ofB = await b.observe(order);
  tell('first decision that differs');
  const isPartingKnown = ofA.witnessed !== null && ofB.witnessed !== null;
  const parting = isPartingKnown ? await findParting({ ...a, witnessed: ofA.witnessed! }, { ...b, witnessed: ofB.witnessed! }) : null;
  const areWell = ofA.recording.status === 'ok' && ofB.recording.status === 'ok';
  return {
    machine: first.machine.spec.name,
    workload: workloadText(first),
    guests: first.guests.length,
    seed: first.seed,
    a: explained(first, ofA.recording, ofA.witnessed?.count ?? null),
    b: explained(second, ofB.recording, ofB.witnessed?.count ?? null),
    metrics: areWell
      ? metricsOf(first, ofA.recording).map((metric) => ({
          name: metric.name,
          unit: metric.unit,
          a: valueOf(ofA.recording, metric),
          b: valueOf(ofB.recording, metric),
        }))
      : [],
    groups: areWell ? compareCauses(ofA.recording, ofB.recording) : [],
    parting,
    isPartingKnown,
  };
}

function nameOf({ policy, policyOptions }: Scenario): string {
  return formatNamed(policy, policyOptions);
}

function explained(scenario: Scenario, recording: Recording, decisions: number | null): ExplainedRun {
  const { status, message, exit, simulatedNs, hash } = recording;
  return {
    policy: nameOf(scenario),
    policySource: policySource(scenario.policy),
    oracle: scenario.policy.oracle,
    status,
    message,
    exit,
    simulatedNs,
    hash,
    decisions,
  };
}
