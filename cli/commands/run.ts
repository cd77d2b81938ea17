import { InputError, show } from '../../experiments/input-error.ts';
import { runResult } from '../../experiments/run-result.ts';
import { type Call, type Command, DONE, FAILED, type Flag, JSON_FLAG, SCENARIO_FLAG, WORD_FLAGS } from '../command.ts';
import { runText } from '../run-text.ts';
import { readScenario } from '../../experiments/scenario-input.ts';
import { exitText } from '../exit-text.ts';
import { reproduction } from '../reproduction.ts';
import { policiesOf, sourceOf } from '../scenario-call.ts';
import { timelineText } from '../timeline-text.ts';
import { ISOLATE_FLAG, withUserPolicies } from '../user-policies.ts';

const MOST_POINTS = 1000;
const TIMELINE_FLAG: Flag = {
  name: 'timeline',
  summary: 'also tell how the run went on, looked at so many times or up to twice as many; changes nothing of it',
  kind: 'text',
};

export const run: Command = {
  name: 'run',
  summary: 'simulate one scenario and tell what came of it',
  flags: [...WORD_FLAGS, SCENARIO_FLAG, TIMELINE_FLAG, ISOLATE_FLAG, JSON_FLAG],
  examples: [
    ['numalab run --policy kvm-numactl --workload lmbench-rd --guests 7 --memory 2GiB', 'seven guests, one node each'],
    ['numalab run --policy apart:margin=0.2 --workload kernbench:jobs=200,j=2 --seed 7', 'options of a policy and a workload'],
    ['numalab run --scenario mixed.yaml --seed 3 --json', 'a file, with another seed'],
    ['numalab run --policy autonuma --workload lmbench-rd --guests 7 --timeline 50', 'how it went on'],
    ['numalab run --policy ./mine.ts:slice=5ms --workload kernbench', 'a policy of your own (numalab policy new mine)'],
  ],
  run(call, lab, terminal) {
    const source = sourceOf(call);
    const timelinePoints = pointsOf(call);
    return withUserPolicies(call, lab, terminal, policiesOf(source), async (user) => {
      const scenario = { ...readScenario({ ...source, remark: (line) => terminal.err(`note: ${line}\n`) }, user.lab), timelinePoints };
      const recording = await user.run(scenario);
      const result = runResult(scenario, recording, lab.version);
      terminal.out(call.switches.has('json') ? `${JSON.stringify(result, null, 2)}\n` : runText(result));
      if (result.timeline && !call.switches.has('json')) terminal.out(timelineText(result, result.timeline));
      if (recording.exit) terminal.err(exitText(result.policy, recording.exit, reproduction(call, result.policy, scenario.seed)));
      return recording.status === 'ok' ? DONE : FAILED;
    });
  },
};

function pointsOf({ texts: { timeline } }: Call): number {
  if (timeline === undefined) return 0;
  const points = /^[1-9]\d{0,3}$/.test(timeline) ? Number(timeline) : 0;
  if (points < 1 || points > MOST_POINTS)
    throw new InputError(`--timeline = ${show(timeline)}, want a whole number from 1 to ${MOST_POINTS}`);
  return points;
}
