import { comparePolicies, type Comparison, metricsOf, type PolicyRuns } from '../../experiments/comparison.ts';
import { InputError, show } from '../../experiments/input-error.ts';
import { formatNamed } from '../../experiments/named-options.ts';
import { workloadText } from '../../experiments/run-result.ts';
import { readScenario } from '../../experiments/scenario-input.ts';
import { policySource } from '../../experiments/user-policy/user-policy.ts';
import { plainText } from '../../report/format.ts';
import type { Recording } from '../../sim/recording.ts';
import type { Scenario } from '../../sim/scenario.ts';
import { comparisonText } from '../comparison-text.ts';
import {
  type Call,
  type Command,
  DONE,
  FAILED,
  type Flag,
  JSON_FLAG,
  type Lab,
  SCENARIO_FLAG,
  type Terminal,
  WORD_FLAGS,
} from '../command.ts';
import { exitText } from '../exit-text.ts';
import { reproduction } from '../reproduction.ts';
import { sourceOf } from '../scenario-call.ts';
import { ISOLATE_FLAG, type UserLab, withUserPolicies } from '../user-policies.ts';
import { seedCount } from '../seed-count.ts';

const POLICY_FLAG: Flag = { name: 'policy', summary: 'a policy; two or more, the first is compared with the others', kind: 'list' };
const SEEDS_FLAG: Flag = { name: 'seeds', summary: 'how many seeds, counted up from --seed', kind: 'text', default: '10' };

export const compare: Command = {
  name: 'compare',
  summary: 'run policies over several seeds and tell which is better, by how much, how sure and why',
  flags: [POLICY_FLAG, SEEDS_FLAG, ...WORD_FLAGS.filter(({ name }) => name !== 'policy'), SCENARIO_FLAG, ISOLATE_FLAG, JSON_FLAG],
  examples: [
    ['numalab compare --policy kvm-unpinned --policy kvm-numactl --workload lmbench-rd --guests 7', 'does pinning pay?'],
    ['numalab compare --policy kvm-unpinned --policy ./mine.ts --workload kernbench --guests 7', 'is your own idea better?'],
    ['numalab compare --policy apart --policy apart:margin=0.2 --seeds 20 --workload kernbench', 'one option, two values'],
  ],
  run(call, lab, terminal) {
    const words = call.lists.policy ?? [];
    if (words.length < 2) throw new InputError(`--policy: given ${words.length === 1 ? 'once' : 'never'}, want two or more to compare`);
    return withUserPolicies(call, lab, terminal, { words }, async (user) => {
      const scenarios = scenariosOf(call, words, user.lab);
      const seeds = seedsOf(call, scenarios[0]!);
      const all = await runAll(scenarios, seeds, user, terminal);
      const runs = all.filter(({ recordings }) => recordings.every(({ status }) => status === 'ok'));
      const failures = all.flatMap(({ policy, recordings }) => failuresOf(policy, recordings, seeds));
      for (const { policy, seed, status, message, exit } of failures) {
        const why = message === null ? '' : `, ${message.replace(/^policy .*? ns: /, '')}`;
        terminal.err(`${show(policy)}, seed ${seed}: ${status}${plainText(why)}\n`);
        if (exit) terminal.err(exitText(policy, exit, reproduction(call, policy, seed)));
      }
      const isBaselineWell = runs[0]?.policy === all[0]!.policy;
      if (!isBaselineWell || runs.length < 2) {
        terminal.err(
          'no comparison: every run of the first policy and of another must end well, or the better would be the one that failed early\n',
        );
        return FAILED;
      }
      if (failures.length > 0)
        terminal.err(
          `compared without ${all
            .filter((one) => !runs.includes(one))
            .map(({ policy }) => show(policy))
            .join(', ')}\n`,
        );
      const metrics = metricsOf(scenarios[0]!, runs[0]!.recordings[0]!);
      const comparisons = metrics.map((metric) => comparePolicies(runs, seeds, metric));
      terminal.out(
        call.switches.has('json')
          ? `${JSON.stringify(asJson(comparisons, scenarios, failures, lab), null, 2)}\n`
          : comparisons.map((comparison) => comparisonText(comparison, scenarios[0]!)).join('\n'),
      );
      return failures.length > 0 ? FAILED : DONE;
    });
  },
};

interface Failure extends Pick<Recording, 'status' | 'message' | 'exit'> {
  readonly policy: string;
  readonly seed: string;
}

function failuresOf(policy: string, recordings: readonly Recording[], seeds: readonly string[]): Failure[] {
  return recordings.flatMap(({ status, message, exit = null }, i) =>
    status === 'ok' ? [] : [{ policy, seed: seeds[i]!, status, message, exit }],
  );
}

/** The same scenario under each policy. All are read before any is run. */
function scenariosOf(call: Call, policies: readonly string[], lab: Lab): Scenario[] {
  const source = sourceOf(call);
  const scenarios = policies.map((policy) => readScenario({ ...source, flags: { ...source.flags, policy } }, lab));
  const names = scenarios.map((scenario) => formatNamed(scenario.policy, scenario.policyOptions));
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new InputError(`--policy = ${twice}: given twice, want different policies`);
  return scenarios;
}

function seedsOf(call: Call, { seed }: Scenario): string[] {
  const count = seedCount(call.texts.seeds ?? SEEDS_FLAG.default!, 2);
  return Array.from({ length: count }, (_, i) => String(BigInt(seed) + BigInt(i)));
}

/** Seed by seed. A policy that failed once is not run again: there is nothing to compare. */
async function runAll(scenarios: readonly Scenario[], seeds: readonly string[], user: UserLab, terminal: Terminal): Promise<PolicyRuns[]> {
  const recordings = scenarios.map((): Recording[] => []);
  const total = scenarios.length * seeds.length;
  const startedMs = performance.now();
  let done = 0;
  for (const seed of seeds) {
    for (const [at, scenario] of scenarios.entries()) {
      const leftS = done === 0 ? '' : `, about ${Math.ceil(((performance.now() - startedMs) / done / 1000) * (total - done))} s left`;
      terminal.progress(`run ${++done} of ${total}${leftS}`);
      if (!recordings[at]!.some(({ exit }) => exit)) recordings[at]!.push(await user.run({ ...scenario, seed }));
    }
  }
  terminal.progress('');
  return scenarios.map(({ policy, policyOptions }, at) => ({
    policy: formatNamed(policy, policyOptions),
    oracle: policy.oracle,
    recordings: recordings[at]!,
  }));
}

/** The first comparison stands at the top; guests that count in other units have theirs in `others`. */
function asJson(comparisons: readonly Comparison[], scenarios: readonly Scenario[], failures: readonly Failure[], lab: Lab): object {
  const sources = new Map(scenarios.map(({ policy, policyOptions }) => [formatNamed(policy, policyOptions), policySource(policy)]));
  const [first, ...others] = comparisons.map((comparison) => ({
    ...comparison,
    policies: comparison.policies.map((policy) => ({ ...policy, policySource: sources.get(policy.policy) ?? null })),
  }));
  return {
    schemaVersion: 1,
    version: lab.version,
    machine: scenarios[0]!.machine.spec.name,
    workload: workloadText(scenarios[0]!),
    ...first,
    others,
    failures: failures.map((failure) => ({ ...failure, policySource: sources.get(failure.policy) ?? null })),
  };
}
