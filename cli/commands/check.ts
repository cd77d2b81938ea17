import { formatNamed } from '../../experiments/named-options.ts';
import { workloadText } from '../../experiments/run-result.ts';
import { counted, formatBytes, formatNs } from '../../report/format.ts';
import { type Command, DONE, JSON_FLAG, SCENARIO_FLAG, WORD_FLAGS } from '../command.ts';
import { readScenario } from '../../experiments/scenario-input.ts';
import { policiesOf, sourceOf } from '../scenario-call.ts';
import { withUserPolicies } from '../user-policies.ts';

export const check: Command = {
  name: 'check',
  summary: 'check a scenario without running it',
  flags: [...WORD_FLAGS, SCENARIO_FLAG, JSON_FLAG],
  examples: [
    ['numalab check --scenario mixed.yaml', 'is the file sound?'],
    ['numalab check --guests 48 --memory 2GiB', 'do 48 guests of 2 GiB fit?'],
  ],
  async run(call, lab, terminal) {
    const source = sourceOf(call);
    const scenario = await withUserPolicies(call, lab, terminal, policiesOf(source), async (user) => {
      const read = readScenario({ ...source, remark: (line) => terminal.err(`note: ${line}\n`) }, user.lab);
      await user.check(read);
      return read;
    });
    const told = {
      machine: scenario.machine.spec.name,
      policy: formatNamed(scenario.policy, scenario.policyOptions),
      workload: workloadText(scenario),
      guests: scenario.guests.length,
      vcpus: scenario.guests.reduce((sum, guest) => sum + guest.vcpus, 0),
      memoryBytes: scenario.guests.reduce((sum, guest) => sum + guest.memoryBytes, 0),
      durationNs: scenario.durationNs,
      seed: scenario.seed,
    };
    if (call.switches.has('json')) terminal.out(`${JSON.stringify({ schemaVersion: 1, sound: true, ...told }, null, 2)}\n`);
    else {
      const length = told.durationNs === null ? 'until all guests have ended' : `for ${formatNs(told.durationNs)}`;
      terminal.out(
        `sound: ${told.workload} under ${told.policy} on ${told.machine}, ${length}, seed ${told.seed}\n` +
          `guests: ${told.guests}, with ${counted(told.vcpus, 'vCPU')} and ${formatBytes(told.memoryBytes)} in all\n`,
      );
    }
    return DONE;
  },
};
