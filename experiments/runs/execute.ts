import type { Recording } from '../../sim/recording.ts';
import type { Scenario } from '../../sim/scenario.ts';
import { type RunResult, runResult } from '../run-result.ts';
import { readScenario } from '../scenario-input.ts';
import type { Registries } from '../scenario-words.ts';
import type { GuardedRunner } from '../user-policy/guarded-runner.ts';
import { describePolicy } from '../user-policy/load.ts';
import { varied } from '../variations.ts';
import { isUserPolicy, type PolicyBundle, type UserPolicy } from '../user-policy/user-policy.ts';
import { type RunOrder, sourceOfOrder } from './run-order.ts';

/** Everything numalab comes with, and its engine. */
export interface Engine extends Registries {
  readonly version: string;
  run(scenario: Scenario): Recording;
}

/** Executes orders one after the other: built-in policies in this thread, others behind the wall. */
export class Executor {
  readonly #engine: Engine;
  readonly #runner: GuardedRunner;
  readonly #known = new Map<string, Promise<UserPolicy>>();
  #own: readonly UserPolicy[] = [];
  #registries: Registries;

  constructor(engine: Engine, runner: GuardedRunner) {
    this.#engine = engine;
    this.#registries = engine;
    this.#runner = runner;
  }

  /** @throws InputError for words that make no scenario */
  async scenarioOf(order: RunOrder): Promise<Scenario> {
    const own = await Promise.all(order.policies.map((bundle) => this.#described(bundle)));
    const scenario = readScenario(sourceOfOrder(order), this.#registriesWith(own));
    const asked = order.timelinePoints === 0 ? scenario : { ...scenario, timelinePoints: order.timelinePoints };
    return order.variation ? varied(asked, order.variation) : asked;
  }

  /** @throws InputError for words that make no scenario */
  async execute(order: RunOrder): Promise<RunResult> {
    const scenario = await this.scenarioOf(order);
    const recording = isUserPolicy(scenario.policy) ? await this.#runner.run(scenario) : this.#engine.run(scenario);
    return runResult(scenario, recording, this.#engine.version);
  }

  /** The same object for the same policies: what reads words is made once for each. */
  #registriesWith(own: readonly UserPolicy[]): Registries {
    const isSame = own.length === this.#own.length && own.every((policy, i) => policy === this.#own[i]);
    if (!isSame) {
      this.#own = own;
      this.#registries = { ...this.#engine, policies: [...this.#engine.policies, ...own] };
    }
    return this.#registries;
  }

  #described(bundle: PolicyBundle): Promise<UserPolicy> {
    const key = `${bundle.file}\n${bundle.sha256}`;
    const known = this.#known.get(key) ?? describePolicy(bundle, this.#runner);
    this.#known.set(key, known);
    return known;
  }
}
