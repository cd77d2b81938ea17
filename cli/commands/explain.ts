import { type ExplainedRun, explain as explainRuns } from '../../experiments/explain/explanation.ts';
import { InputError } from '../../experiments/input-error.ts';
import { formatNamed } from '../../experiments/named-options.ts';
import { readScenario } from '../../experiments/scenario-input.ts';
import type { Scenario } from '../../sim/scenario.ts';
import { type Command, DONE, FAILED, JSON_FLAG, SCENARIO_FLAG, WORD_FLAGS } from '../command.ts';
import { exitText } from '../exit-text.ts';
import { explainText } from '../explain-text.ts';
import { reproduction } from '../reproduction.ts';
import { sourceOf } from '../scenario-call.ts';
import { ISOLATE_FLAG, withUserPolicies } from '../user-policies.ts';

export const explain: Command = {
  name: 'explain',
  summary: 'tell why policy B fares otherwise than A: where the time went, and the first decision that differs',
  operands: ['a', 'b'],
  flags: [...WORD_FLAGS.filter(({ name }) => name !== 'policy'), SCENARIO_FLAG, ISOLATE_FLAG, JSON_FLAG],
  examples: [
    ['numalab explain kvm-unpinned apart --workload kernbench --guests 7 --seed 3', 'why is apart faster?'],
    ['numalab explain apart apart:margin=0.2 --workload kernbench --guests 24', 'what does one option change?'],
    ['numalab explain kvm-unpinned ./mine.ts --scenario mixed.yaml --json', 'a policy of your own, as JSON'],
  ],
  run(call, lab, terminal) {
    const words = call.operands;
    const source = sourceOf(call);
    return withUserPolicies(call, lab, terminal, { words }, async (user) => {
      const scenarios = words.map((policy) => readScenario({ ...source, flags: { ...source.flags, policy } }, user.lab)) as [
        Scenario,
        Scenario,
      ];
      const [a, b] = scenarios.map(({ policy, policyOptions }) => formatNamed(policy, policyOptions));
      if (a === b) throw new InputError(`${a}: given twice, want different policies`);
      const explanation = await explainRuns(scenarios, user, (doing) => terminal.progress(doing));
      terminal.progress('');
      const { schemaVersion, version } = { schemaVersion: 1, version: lab.version };
      terminal.out(
        call.switches.has('json')
          ? `${JSON.stringify({ schemaVersion, version, ...explanation }, null, 2)}\n`
          : explainText(explanation, terminal.width),
      );
      const failed = [explanation.a, explanation.b].filter(({ status }) => status !== 'ok');
      for (const run of failed) terminal.err(failureText(run, (policy) => reproduction(call, policy, explanation.seed)));
      return failed.length === 0 ? DONE : FAILED;
    });
  },
};

function failureText({ policy, status, message, exit }: ExplainedRun, again: (policy: string) => string): string {
  const why = message === null ? '' : `: ${message}`;
  return `${policy}, ${status}${why}\n${exit ? exitText(policy, exit, again(policy)) : ''}`;
}
