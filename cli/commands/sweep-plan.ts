import { statusOf } from '../../experiments/sweep/status.ts';
import { type Command, DONE, type Flag, JSON_FLAG } from '../command.ts';
import { outOf, OUT_FLAG, planInto, planOf, plannedOf } from '../sweep-call.ts';
import { firstRuns, statusText, variedText } from '../sweep-text.ts';
import { ISOLATE_FLAG } from '../user-policies.ts';

const DRY_RUN_FLAG: Flag = { name: 'dry-run', summary: 'count the runs and show the first, and write nothing', kind: 'switch' };

export const sweepPlan: Command = {
  name: 'sweep plan',
  summary: 'count out a plan of runs into a folder; results that are there stay',
  operands: ['plan'],
  flags: [OUT_FLAG, DRY_RUN_FLAG, ISOLATE_FLAG, JSON_FLAG],
  examples: [
    ['numalab sweep plan plan.yaml --dry-run', 'how many runs it is, and the first of them'],
    ['numalab sweep plan plan.yaml --out sweep', 'a manifest of the runs and all they need'],
  ],
  async run(call, lab, terminal) {
    const plan = planOf(call.operands[0]!);
    const isDry = call.switches.has('dry-run');
    const isJson = call.switches.has('json');
    const out = isDry ? null : outOf(call);
    const made = await plannedOf(plan, call, lab, terminal);
    const { runs, varied } = made.manifest;
    if (out === null) {
      terminal.out(
        isJson
          ? `${JSON.stringify({ runs: runs.length, varied, first: runs.slice(0, 10) }, null, 2)}\n`
          : variedText(made.manifest) + firstRuns(made.manifest, 10),
      );
      return DONE;
    }
    const { folder, release } = await planInto(out, made);
    try {
      const status = statusOf(folder);
      terminal.out(isJson ? `${JSON.stringify({ ...status, varied }, null, 2)}\n` : variedText(folder.manifest) + statusText(status));
    } finally {
      release();
    }
    return DONE;
  },
};
