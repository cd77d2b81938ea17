import { type Command, DONE, JSON_FLAG } from '../command.ts';
import { entriesText, optionsJson } from '../entries-text.ts';

export const workloadList: Command = {
  name: 'workload list',
  summary: 'the workloads and their options',
  flags: [JSON_FLAG],
  examples: [['numalab workload list', 'what guests can run']],
  run(call, lab, terminal) {
    const entries = lab.workloads.map(({ name, summary, ends, options }) => ({ name, summary, ends, options: optionsJson(options) }));
    const text = (): string => entriesText(lab.workloads.map((workload) => ({ ...workload, remark: `ends ${workload.ends}` })));
    terminal.out(call.switches.has('json') ? `${JSON.stringify(entries, null, 2)}\n` : text());
    return DONE;
  },
};
