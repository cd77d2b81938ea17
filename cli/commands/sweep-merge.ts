import { showPath } from '../../experiments/input-error.ts';
import { type MergeOutcome, mergeResults } from '../../experiments/sweep/merge.ts';
import { SweepFolder } from '../../experiments/sweep/sweep-folder.ts';
import { counted } from '../../report/format.ts';
import { type Command, DISK_FULL, DONE, FAILED, type Flag, JSON_FLAG, type Terminal } from '../command.ts';

export const PARTIAL_FLAG: Flag = { name: 'partial', summary: 'be content with the results that are there', kind: 'switch' };
/** So many are named one by one. */
const MOST_NAMED = 20;

export const sweepMerge: Command = {
  name: 'sweep merge',
  summary: 'one table of the results of a sweep: DIR/results.parquet and DIR/results.csv, a row for each run, guest and metric',
  operands: ['dir'],
  flags: [PARTIAL_FLAG, JSON_FLAG],
  examples: [
    ['numalab sweep merge study', 'exit code 0: all is there; 1: results are missing; 3: some are damaged'],
    ['numalab sweep merge study --partial', 'while it goes on: missing results are no fault'],
  ],
  run(call, _lab, terminal) {
    const folder = SweepFolder.open(call.operands[0]!);
    const outcome = mergeResults(folder, (done) => terminal.progress(`merging: run ${done + 1} of ${folder.manifest.runs.length}`));
    terminal.progress('');
    if (call.switches.has('json')) terminal.out(`${JSON.stringify({ schemaVersion: 1, ...outcome }, null, 2)}\n`);
    else terminal.out(outcomeText(outcome));
    complainOfResults(outcome, folder.path, terminal);
    if (outcome.damaged.length > 0) return DISK_FULL;
    return outcome.missing.length > 0 && !call.switches.has('partial') ? FAILED : DONE;
  },
};

function outcomeText({ runs, merged, rows, files }: MergeOutcome): string {
  return `${merged} of ${counted(runs, 'run')} merged, ${counted(rows, 'row')}\n${showPath(files.parquet)}\n${showPath(files.csv)}\n`;
}

/** Names what is damaged, and counts what is to be made. */
export function complainOfResults({ missing, damaged }: MergeOutcome, path: string, terminal: Terminal): void {
  for (const { index, file } of damaged.slice(0, MOST_NAMED)) terminal.err(`run ${index}: ${showPath(file)} is damaged and left out\n`);
  if (damaged.length > MOST_NAMED) terminal.err(`and ${damaged.length - MOST_NAMED} more that are damaged\n`);
  const lacking = missing.length + damaged.length;
  if (lacking > 0) terminal.err(`${counted(lacking, 'result')} of ${showPath(path)} to make: numalab sweep run finishes them\n`);
}
