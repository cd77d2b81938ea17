import { SweepFolder } from '../../experiments/sweep/sweep-folder.ts';
import { statusOf } from '../../experiments/sweep/status.ts';
import { type Command, DONE, JSON_FLAG } from '../command.ts';
import { statusText, wordsText } from '../sweep-text.ts';

export const sweepStatus: Command = {
  name: 'sweep status',
  summary: 'say what is done of a sweep, by looking at its results',
  operands: ['folder'],
  flags: [JSON_FLAG],
  examples: [['numalab sweep status sweep', 'how many runs are done, missing and damaged, and what they ended as']],
  run(call, _lab, terminal) {
    const status = statusOf(SweepFolder.open(call.operands[0]!));
    terminal.out(call.switches.has('json') ? `${JSON.stringify(status, null, 2)}\n` : statusText(status) + wordsText(status));
    return DONE;
  },
};
