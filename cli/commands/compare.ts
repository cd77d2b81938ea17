import { comparePolicies, type Comparison, metricsOf, type PolicyRuns } from '../../experiments/comparison.ts';
import { InputError, show } from '../../experiments/input-error.ts';
import { formatNamed } from '../../experiments/named-options.ts';
import { didYouMean } from '../../experiments/nearest-name.ts';
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
const OVER_FLAG: Flag = {
  name: 'over',
  summary: 'a word and the values it takes one after the other, such as guests=7,24,48',
  kind: 'text',
};
const SEEDS_FLAG: Flag = { name: 'seeds', summary: 'how many seeds, counted up from --seed', kind: 'text', default: '10' };

export const compare: Command = {
  name: 'compare',
  summary: 'run policies over several seeds and tell which is better, by how much, how sure and why',
  flags: [
    POLICY_FLAG,
    SEEDS_FLAG,
    OVER_FLAG,
    ...WORD_FLAGS.filter(({ name }) => name !== 'policy'),
    SCENARIO_FLAG,
    ISOLATE_FLAG,
    JSON_FLAG,
  ],
  examples: [
    ['numalab compare --policy kvm-unpinned --policy kvm-numactl --workload lmbench-rd --guests 7', 'does pinning pay?'],
    ['numalab compare --policy kvm-unpinned --policy ./mine.ts --workload kernbench --guests 7', 'is your own idea better?'],
    ['numalab compare --policy pin --policy kvm-eevdf --workload kernbench --over guests=7,24,48', 'at three loads'],
    ['numalab compare --policy apart --policy apart:margin=0.2 --seeds 20 --workload kernbench', 'one option, two values'],
  ],
  run(call, lab, terminal) {
    const words = call.lists.policy ?? [];
    if (words.length < 2) throw new InputError(`--policy: given ${words.length === 1 ? 'once' : 'never'}, want two or more to compare`);
    const cases = casesOf(call);
    return withUserPolicies(call, lab, terminal, { words }, async (user) => {
      const read = cases.map((one) => ({ ...one, scenarios: scenariosOf(one.call, words, user.lab) })); // all before any is run
      const results: object[] = [];
      let code = DONE;
      for (const { label, call: one, scenarios } of read) {
        const outcome = await compareOne(one, scenarios, user, lab, terminal);
        if (outcome.isIncomplete) code = FAILED;
        if (outcome.json) results.push(label === null ? outcome.json : { over: label, ...outcome.json });
        if (!call.switches.has('json') && outcome.text !== '')
          terminal.out(label === null ? outcome.text : `${label}\n\n${outcome.text}\n`);
      }
      const isOne = cases[0]!.label === null;
      if (call.switches.has('json') && results.length > 0) terminal.out(`${JSON.stringify(isOne ? results[0] : results, null, 2)}\n`);
      return code;
    });
  },
};

/** The call itself, or with --over one for each value of a word. */
function casesOf(call: Call): { label: string | null; call: Call }[] {
  const { over } = call.texts;
  if (over === undefined) return [{ label: null, call }];
  const [word, list] = over.split(/=(.*)/s) as [string, string | undefined];
  const known = WORD_FLAGS.map(({ name }) => name).filter((name) => name !== 'policy');
  if (!known.includes(word))
    throw new InputError(`--over = ${show(over)}, want a word and its values such as guests=7,24,48${didYouMean(word, known)}`);
  const values = (list ?? '').split(';').flatMap((part) => (part.includes(':') ? [part] : part.split(',')));
  if (values.length < 2 || values.includes('') || new Set(values).size < values.length) {
    throw new InputError(
      `--over = ${show(over)}, want two or more different values such as guests=7,24,48, with ; between those that have options`,
    );
  }
  return values.map((value) => ({ label: `${word} = ${value}`, call: { ...call, texts: { ...call.texts, [word]: value } } }));
}

interface Outcome {
  readonly isIncomplete: boolean;
  readonly text: string;
  readonly json: object | null;
}

async function compareOne(call: Call, scenarios: readonly Scenario[], user: UserLab, lab: Lab, terminal: Terminal): Promise<Outcome> {
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
    return { isIncomplete: true, text: '', json: null };
  }
  if (failures.length > 0) {
    const left = all.filter((one) => !runs.includes(one)).map(({ policy }) => show(policy));
    terminal.err(`compared without ${left.join(', ')}\n`);
  }
  const metrics = metricsOf(scenarios[0]!, runs[0]!.recordings[0]!);
  const comparisons = metrics.map((metric) => comparePolicies(runs, seeds, metric));
  return {
    isIncomplete: failures.length > 0,
    text: comparisons.map((comparison) => comparisonText(comparison, scenarios[0]!)).join('\n'),
    json: asJson(comparisons, scenarios, failures, lab),
  };
}

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
