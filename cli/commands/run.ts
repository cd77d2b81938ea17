import { runResult } from '../../experiments/run-result.ts';
import { type Command, DONE, FAILED, JSON_FLAG, SCENARIO_FLAG, WORD_FLAGS } from '../command.ts';
import { runText } from '../run-text.ts';
import { readScenario } from '../../experiments/scenario-input.ts';
import { exitText } from '../exit-text.ts';
import { reproduction } from '../reproduction.ts';
import { policiesOf, sourceOf } from '../scenario-call.ts';
import { ISOLATE_FLAG, withUserPolicies } from '../user-policies.ts';

export const run: Command = {
  name: 'run',
  summary: 'simulate one scenario and tell what came of it',
  flags: [...WORD_FLAGS, SCENARIO_FLAG, ISOLATE_FLAG, JSON_FLAG],
  examples: [
    ['numalab run --policy kvm-numactl --workload lmbench-rd --guests 7 --memory 2GiB', 'seven guests, one node each'],
    ['numalab run --policy apart:margin=0.2 --workload kernbench:jobs=200,j=2 --seed 7', 'options of a policy and a workload'],
    ['numalab run --scenario mixed.yaml --seed 3 --json', 'a file, with another seed'],
    ['numalab run --policy ./mine.ts:slice=5ms --workload kernbench', 'a policy of your own (numalab policy new mine)'],
  ],
  run(call, lab, terminal) {
    const source = sourceOf(call);
    return withUserPolicies(call, lab, terminal, policiesOf(source), async (user) => {
      const scenario = readScenario(source, user.lab);
      const recording = await user.run(scenario);
      const result = runResult(scenario, recording, lab.version);
      terminal.out(call.switches.has('json') ? `${JSON.stringify(result, null, 2)}\n` : runText(result));
      if (recording.exit) terminal.err(exitText(result.policy, recording.exit, reproduction(call, result.policy, scenario.seed)));
      return recording.status === 'ok' ? DONE : FAILED;
    });
  },
};
