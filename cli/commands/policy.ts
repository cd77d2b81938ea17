import { type Command, DONE, JSON_FLAG } from '../command.ts';
import { entriesText, optionsJson } from '../entries-text.ts';

export const policyList: Command = {
  name: 'policy list',
  summary: 'the policies and their options',
  flags: [JSON_FLAG],
  examples: [['numalab policy list', 'what can be compared']],
  run(call, lab, terminal) {
    const entries = lab.policies.map(({ name, summary, source, oracle, options }) => ({
      name,
      summary,
      source,
      oracle,
      options: optionsJson(options),
    }));
    const text = (): string =>
      entriesText(lab.policies.map((policy) => ({ ...policy, remark: policy.oracle ? 'oracle: knows what no kernel could' : '' })));
    terminal.out(call.switches.has('json') ? `${JSON.stringify({ policies: entries }, null, 2)}\n` : text());
    return DONE;
  },
};
