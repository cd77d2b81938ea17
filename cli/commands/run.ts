import { InputError, show, showPath } from '../../experiments/input-error.ts';
import type { Scenario } from '../../sim/scenario.ts';
import type { RtAppLogs } from '../../experiments/rt-app/rows.ts';
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
      const scenario = { ...readScenario({ ...source, remark: (line) => terminal.err(`note: ${line}\n`) }, user.lab), timelinePoints };
      const writeLogs = await logWriter(call, scenario);
      const { recording, logs } = writeLogs ? await user.log(scenario) : { recording: await user.run(scenario), logs: null };
      const result = runResult(scenario, recording, lab.version);
      terminal.out(call.switches.has('json') ? `${JSON.stringify(result, null, 2)}\n` : runText(result));
      if (result.timeline && !call.switches.has('json')) terminal.out(timelineText(result, result.timeline));
      if (writeLogs) terminal.err(writeLogs(logs));
      if (recording.exit) terminal.err(exitText(result.policy, recording.exit, reproduction(call, result.policy, scenario.seed)));
      return recording.status === 'ok' ? DONE : FAILED;
    });
  },
};

/** What writes the logs that are asked for, and returns what to say of it. */
async function logWriter(
  { texts: { 'rt-app-log': folder } }: Call,
  scenario: Scenario,
): Promise<((logs: RtAppLogs | null) => string) | null> {
  if (folder === undefined) return null;
  const { makeLogFolder, writeLogs } = await import('../../experiments/rt-app/log-files.ts');
  const { loggedScenario } = await import('../../experiments/rt-app/logged-scenario.ts');
  if (loggedScenario(scenario) === null)
    throw new InputError(`--rt-app-log = ${showPath(folder)}, want an rt-app file beside it (--workload rt-app:FILE)`);
  makeLogFolder(folder);
  return (logs) => {
    if (logs === null) return `${showPath(folder)}: the thread of the policy had to be ended, no logs are written\n`;
    const count = writeLogs(folder, logs);
    const left = logs.leftOut > 0 ? `; ${logs.leftOut} rows beyond what is kept of a thread are left out` : '';
    return `${count} logs in ${showPath(folder)}${left}\n`;
  };
}

function pointsOf({ texts: { timeline } }: Call): number {
  if (timeline === undefined) return 0;
  const points = /^[1-9]\d{0,3}$/.test(timeline) ? Number(timeline) : 0;
  if (points < 1 || points > MOST_POINTS)
    throw new InputError(`--timeline = ${show(timeline)}, want a whole number from 1 to ${MOST_POINTS}`);
  return points;
}
