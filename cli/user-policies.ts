import { dirname } from 'node:path';
import { readYaml } from '../experiments/yaml-tree.ts';
import type { ScenarioSource } from '../experiments/scenario-input.ts';
import type { tracedHere } from '../experiments/trace-here.ts';
import type { TraceOrder } from '../experiments/trace-order.ts';
import type { GuardedRunner, Logged, Observed, Traced } from '../experiments/user-policy/guarded-runner.ts';
import { fileOfWord, isPolicyFile, loadPolicy } from '../experiments/user-policy/load.ts';
import { isUserPolicy, type UserPolicy } from '../experiments/user-policy/user-policy.ts';
import type { Recording } from '../sim/recording.ts';
import type { Scenario } from '../sim/scenario.ts';
import type { WitnessOrder } from '../sim/witness.ts';
import { type Call, type Flag, type Lab, type Terminal } from './command.ts';

export const ISOLATE_FLAG: Flag = {
  name: 'isolate',
  summary: 'run a policy of your own in a process of its own, whose memory is bounded as a whole',
  kind: 'switch',
};

/** A lab that also knows the policies the call names by their files. */
export interface UserLab {
  readonly lab: Lab;
  /** In this thread for a policy that numalab comes with, guarded for any other. */
  run(scenario: Scenario): Promise<Recording>;
  /** A policy of the user's own, guarded, and what it decides. */
  observe(scenario: Scenario, order: WitnessOrder): Promise<Observed>;
  /** Either, with the logs of its rt-app file. */
  log(scenario: Scenario): Promise<Logged>;
  /** Either, with its trace written; null if it was stopped, which one in this thread sees to itself. */
  trace(scenario: Scenario, order: TraceOrder, stop: AbortSignal): Promise<Traced | null>;
  /** Ends whatever runs policies of the user's own, before its work is done. */
  end(): Promise<void>;
  /** @throws InputError for a policy of the user's own that a run would refuse before it begins */
  check(scenario: Scenario): Promise<void>;
}

/**
 * Loads the policies that flags and file name by their files, then does the work, then ends whatever ran them.
 * @param words policies as written in flags
 * @throws InputError if one cannot be loaded
 */
export async function withUserPolicies<Result>(
  call: Call,
  lab: Lab,
  terminal: Terminal,
  { words, file }: { readonly words: readonly string[]; readonly file?: ScenarioSource['file'] },
  work: (user: UserLab) => Promise<Result>,
): Promise<Result> {
  const runner = lateRunner(call, terminal);
  try {
    const loaded: UserPolicy[] = [];
    const load = async (word: string, folder: string): Promise<void> => {
      const name = fileOfWord(word);
      if (isPolicyFile(word) && !loaded.some((policy) => policy.name === name))
        loaded.push(await loadPolicy(name, await runner.get(), folder));
    };
    for (const word of words) await load(word, '.');
    if (words.length === 0 && file) await load(policyWord(file), dirname(file.name));
    const known: Lab = { ...lab, policies: [...lab.policies, ...loaded] };
    return await work({
      lab: known,
      run: async (scenario) => (isUserPolicy(scenario.policy) ? (await runner.get()).run(scenario) : lab.run(scenario)),
      log: async (scenario) => (isUserPolicy(scenario.policy) ? (await runner.get()).log(scenario) : loggedHere(scenario, lab)),
      check: async (scenario) => {
        if (isUserPolicy(scenario.policy)) await (await runner.get()).check(scenario);
      },
      trace: async (scenario, order, stop) =>
        isUserPolicy(scenario.policy) ? (await runner.get()).trace(scenario, order) : traceHere(scenario, order, stop),
      end: () => runner.close(),
      observe: async (scenario, order) => (await runner.get()).observe(scenario, order),
    });
  } finally {
    await runner.close();
  }
}

async function loggedHere(scenario: Scenario, lab: Lab): Promise<Logged> {
  const { loggedScenario } = await import('../experiments/rt-app/logged-scenario.ts');
  const logged = loggedScenario(scenario);
  return { recording: lab.run(logged?.scenario ?? scenario), logs: logged?.rows.told() ?? null };
}

async function traceHere(...of: Parameters<typeof tracedHere>): Promise<Traced | null> {
  const { tracedHere } = await import('../experiments/trace-here.ts');
  return tracedHere(...of);
}

/** What runs policies of the user's own, loaded when the first is met. */
function lateRunner(call: Call, terminal: Terminal): { get(): Promise<GuardedRunner>; close(): Promise<void> } {
  let loading: Promise<GuardedRunner> | null = null;
  const load = async (): Promise<GuardedRunner> => {
    const { GuardedRunner } = await import('../experiments/user-policy/guarded-runner.ts');
    return new GuardedRunner({ isIsolated: call.switches.has('isolate'), log: (text) => terminal.err(printable(text)) });
  };
  return {
    get: () => (loading ??= load()),
    close: async () => (await loading)?.close(),
  };
}

/** The file is read in full, and refused, when the scenario is. */
function policyWord({ name, text }: NonNullable<ScenarioSource['file']>): string {
  const { value } = readYaml(name, text);
  const word = typeof value === 'object' && !Array.isArray(value) ? value.policy : undefined;
  return typeof word === 'string' ? word : '';
}

/** Lines stay lines; nothing else reaches the terminal. */
export function printable(text: string): string {
  return text.replace(/[^\P{C}\n\t]/gu, '');
}
