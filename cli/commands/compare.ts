import { comparePolicies, type Comparison, metricsOf, type PolicyRuns } from '../../experiments/comparison.ts';
import { InputError, show } from '../../experiments/input-error.ts';
import { formatNamed } from '../../experiments/named-options.ts';
import { workloadText } from '../../experiments/run-result.ts';
import { readScenario } from '../../experiments/scenario-input.ts';
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
import { sourceOf } from '../scenario-call.ts';
import { seedCount } from '../seed-count.ts';

const POLICY_FLAG: Flag = { name: 'policy', summary: 'a policy; two or more, the first is compared with the others', kind: 'list' };
const SEEDS_FLAG: Flag = { name: 'seeds', summary: 'how many seeds, counted up from --seed', kind: 'text', default: '10' };

export const compare: Command = {
  name: 'compare',
  summary: 'run policies over several seeds and tell which is better, by how much, how sure and why',
  flags: [POLICY_FLAG, SEEDS_FLAG, ...WORD_FLAGS.filter(({ name }) => name !== 'policy'), SCENARIO_FLAG, JSON_FLAG],
  examples: [
    ['numalab compare --policy kvm-unpinned --policy kvm-numactl --workload lmbench-rd --guests 7', 'does pinning pay?'],
    ['numalab compare --policy apart --policy apart:margin=0.2 --seeds 20 --workload kernbench', 'one option, two values'],
  ],
  run(call, lab, terminal) {
    const scenarios = scenariosOf(call, lab);
    const seeds = seedsOf(call, scenarios[0]!);
    const runs = runAll(scenarios, seeds, lab, terminal);
    const failures = runs.flatMap(({ policy, recordings }) =>
      recordings.flatMap(({ status, message }, i) =>
        status === 'ok' ? [] : [`${policy}, seed ${seeds[i]}: ${status}${message === null ? '' : `, ${message}`}`],
      ),
    );
    if (failures.length > 0) {
      terminal.err(failures.map((failure) => `${show(failure)}\n`).join(''));
      terminal.err('no comparison: every run must end well, or the better policy would be the one that failed early\n');
      return FAILED;
    }
    const metrics = metricsOf(scenarios[0]!, runs[0]!.recordings[0]!);
    const comparisons = metrics.map((metric) => comparePolicies(runs, seeds, metric));
    terminal.out(
      call.switches.has('json')
        ? `${JSON.stringify(asJson(comparisons, scenarios[0]!, lab), null, 2)}\n`
        : comparisons.map((comparison) => comparisonText(comparison, scenarios[0]!)).join('\n'),
    );
    return DONE;
  },
};

/** The same scenario under each policy. All are read before any is run. */
function scenariosOf(call: Call, lab: Lab): Scenario[] {
  const policies = call.lists.policy ?? [];
  if (policies.length < 2) throw new InputError(`--policy: given ${policies.length === 1 ? 'once' : 'never'}, want two or more to compare`);
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

function runAll(scenarios: readonly Scenario[], seeds: readonly string[], lab: Lab, terminal: Terminal): PolicyRuns[] {
  const recordings = scenarios.map((): Recording[] => []);
  const total = scenarios.length * seeds.length;
  const startedMs = performance.now();
  let done = 0;
  for (const seed of seeds) {
    scenarios.forEach((scenario, at) => {
      const leftS = done === 0 ? '' : `, about ${Math.ceil(((performance.now() - startedMs) / done / 1000) * (total - done))} s left`;
      terminal.progress(`run ${++done} of ${total}${leftS}`);
      recordings[at]!.push(lab.run({ ...scenario, seed }));
    });
  }
  terminal.progress('');
  return scenarios.map(({ policy, policyOptions }, at) => ({
    policy: formatNamed(policy, policyOptions),
    oracle: policy.oracle,
    recordings: recordings[at]!,
  }));
}

/** The first comparison stands at the top; guests that count in other units have theirs in `others`. */
function asJson([first, ...others]: readonly Comparison[], scenario: Scenario, lab: Lab): object {
  return {
    schemaVersion: 1,
    version: lab.version,
    machine: scenario.machine.spec.name,
    workload: workloadText(scenario),
    ...first,
    others,
  };
}
