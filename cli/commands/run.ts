import { InputError, show, showPath } from '../../experiments/input-error.ts';
import { isUserPolicy } from '../../experiments/user-policy/user-policy.ts';
import type { Scenario } from '../../sim/scenario.ts';
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

const RT_APP_LOG_FLAG: Flag = {
  name: 'rt-app-log',
  summary:
    "also write rt-app's own logs of an rt-app file's threads into this folder, over those that are there; changes nothing of the run",
  kind: 'text',
};

export const run: Command = {
  name: 'run',
  summary: 'simulate one scenario and tell what came of it',
  flags: [...WORD_FLAGS, SCENARIO_FLAG, TIMELINE_FLAG, RT_APP_LOG_FLAG, ISOLATE_FLAG, JSON_FLAG],
  examples: [
    ['numalab run --policy kvm-numactl --workload lmbench-rd --guests 7 --memory 2GiB', 'seven guests, one node each'],
    ['numalab run --policy apart:margin=0.2 --workload kernbench:jobs=200,j=2 --seed 7', 'options of a policy and a workload'],
    ['numalab run --scenario mixed.yaml --seed 3 --json', 'a file, with another seed'],
    ['numalab run --policy autonuma --workload lmbench-rd --guests 7 --timeline 50', 'how it went on'],
    [
      'numalab run --machine vm-2cpu --policy kvm-eevdf --workload rt-app:mix.json --rt-app-log logs',
      'an rt-app file, logged as rt-app does',
    ],
    ['numalab run --policy ./mine.ts:slice=5ms --workload kernbench', 'a policy of your own (numalab policy new mine)'],
  ],
  run(call, lab, terminal) {
    const source = sourceOf(call);
    const timelinePoints = pointsOf(call);
    return withUserPolicies(call, lab, terminal, policiesOf(source), async (user) => {
      const read = { ...readScenario({ ...source, remark: (line) => terminal.err(`note: ${line}\n`) }, user.lab), timelinePoints };
      const logged = await loggedOf(call, read);
      const scenario = logged?.scenario ?? read;
      const recording = await user.run(scenario);
      const result = runResult(scenario, recording, lab.version);
      terminal.out(call.switches.has('json') ? `${JSON.stringify(result, null, 2)}\n` : runText(result));
      if (result.timeline && !call.switches.has('json')) terminal.out(timelineText(result, result.timeline));
      if (logged) terminal.err(logged.write());
      if (recording.exit) terminal.err(exitText(result.policy, recording.exit, reproduction(call, result.policy, scenario.seed)));
      return recording.status === 'ok' ? DONE : FAILED;
    });
  },
};

interface Logged {
  readonly scenario: Scenario;
  /** Returns what to say of it. */
  write(): string;
}

async function loggedOf({ texts: { 'rt-app-log': folder } }: Call, scenario: Scenario): Promise<Logged | null> {
  if (folder === undefined) return null;
  const { loggedScenario, makeLogFolder, writeLogs } = await import('../../experiments/rt-app/log-files.ts');
  const logged = loggedScenario(scenario);
  if (logged === null) throw new InputError(`--rt-app-log = ${showPath(folder)}, want an rt-app file beside it (--workload rt-app:FILE)`);
  if (isUserPolicy(scenario.policy)) {
    throw new InputError(
      `--rt-app-log = ${showPath(folder)}, want a policy of policy list beside it: one of your own runs in a thread apart, which keeps no logs`,
    );
  }
  makeLogFolder(folder);
  return {
    scenario: logged.scenario,
    write() {
      const count = writeLogs(folder, logged.rows);
      const left = logged.rows.leftOut > 0 ? `; ${logged.rows.leftOut} rows beyond what is kept of a thread are left out` : '';
      return `${count} logs in ${showPath(folder)}${left}\n`;
    },
  };
}

function pointsOf({ texts: { timeline } }: Call): number {
  if (timeline === undefined) return 0;
  const points = /^[1-9]\d{0,3}$/.test(timeline) ? Number(timeline) : 0;
  if (points < 1 || points > MOST_POINTS)
    throw new InputError(`--timeline = ${show(timeline)}, want a whole number from 1 to ${MOST_POINTS}`);
  return points;
}
