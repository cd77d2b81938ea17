import { ProgramError } from '../../experiments/failures.ts';
import { SweepFolder } from '../../experiments/sweep/sweep-folder.ts';
import { InputError } from '../../experiments/input-error.ts';
import { type QueueStatus, queueOf, wasSubmitted } from '../../experiments/sweep/engines/slurm-status.ts';
import { type Found, statusOf, surveyOf } from '../../experiments/sweep/status.ts';
import { type Command, DONE, JSON_FLAG, type Terminal } from '../command.ts';
import { queueText } from '../queue-text.ts';
import { statusText, wordsText } from '../sweep-text.ts';

export const sweepStatus: Command = {
  name: 'sweep status',
  summary: 'say what is done of a sweep, by looking at its results, and for Slurm at the queue',
  operands: ['folder'],
  flags: [JSON_FLAG],
  examples: [['numalab sweep status sweep', 'how many runs are done, missing and damaged, and what they ended as']],
  async run(call, _lab, terminal) {
    const folder = SweepFolder.open(call.operands[0]!);
    const queue = wasSubmitted(folder.path) ? await queueIn(folder.path, terminal) : null;
    const survey = surveyOf(folder);
    const status = statusOf(folder, survey);
    const slurm = queue?.(survey) ?? null;
    if (call.switches.has('json')) terminal.out(`${JSON.stringify({ ...status, slurm }, null, 2)}\n`);
    else terminal.out(statusText(status) + (slurm ? queueText(folder.path, slurm) : '') + wordsText(status));
    return DONE;
  },
};

/** Without an answer from Slurm the results can still be told of. */
async function queueIn(folder: string, terminal: Terminal): Promise<((survey: readonly Found[]) => QueueStatus) | null> {
  try {
    return await queueOf(folder);
  } catch (error) {
    if (!(error instanceof ProgramError || error instanceof InputError)) throw error;
    terminal.err(`what is in the queue of Slurm is not known: ${error.message}\n`);
    return null;
  }
}
