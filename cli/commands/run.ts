import { runResult } from '../../experiments/run-result.ts';
import { type Command, DONE, FAILED, JSON_FLAG, SCENARIO_FLAG, WORD_FLAGS } from '../command.ts';
import { runText } from '../run-text.ts';
import { scenarioOf } from '../scenario-call.ts';

export const run: Command = {
  name: 'run',
  summary: 'simulate one scenario and tell what came of it',
  flags: [...WORD_FLAGS, SCENARIO_FLAG, JSON_FLAG],
  examples: [
    ['numalab run --policy kvm-numactl --workload lmbench-rd --guests 7 --memory 2GiB', 'seven guests, one node each'],
    ['numalab run --policy apart:margin=0.2 --workload kernbench:jobs=200,j=2 --seed 7', 'options of a policy and a workload'],
    ['numalab run --scenario mixed.yaml --seed 3 --json', 'a file, with another seed'],
  ],
  run(call, lab, terminal) {
    const scenario = scenarioOf(call, lab);
    const recording = lab.run(scenario);
    const result = runResult(scenario, recording, lab.version);
    terminal.out(call.switches.has('json') ? `${JSON.stringify(result, null, 2)}\n` : runText(result));
    return recording.status === 'ok' ? DONE : FAILED;
  },
};
