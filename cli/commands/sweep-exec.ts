import { StoreError } from '../../experiments/failures.ts';
import { InputError, show } from '../../experiments/input-error.ts';
import { plainText } from '../../report/format.ts';
import { Executor } from '../../experiments/runs/execute.ts';
import { KilledRun, keepResult } from '../../experiments/sweep/keep-result.ts';
import { endingOf } from '../../experiments/sweep/status.ts';
import { DifferentResult, type SweepFolder } from '../../experiments/sweep/sweep-folder.ts';
import { GuardedRunner } from '../../experiments/user-policy/guarded-runner.ts';
import { BAD_INPUT, type Call, type Command, DISK_FULL, DONE, type Flag, TRY_AGAIN } from '../command.ts';
import { folderToRun } from '../sweep-call.ts';
import { ISOLATE_FLAG, printable } from '../user-policies.ts';

const INDEX_FLAG: Flag = { name: 'index', summary: 'the run, counted from 0 in the order of the manifest', kind: 'text' };
const INDICES_FLAG: Flag = { name: 'indices', summary: 'several runs, such as 3-7,9', kind: 'text' };

export const sweepExec: Command = {
  name: 'sweep exec',
  summary: 'run one run of a planned sweep, unless its result is there: for schedulers of your own',
  operands: ['folder'],
  flags: [INDEX_FLAG, INDICES_FLAG, ISOLATE_FLAG],
  examples: [
    ['numalab sweep exec sweep --index 17', 'ends with 0 if its result is kept, with 75 if it should be tried again'],
    ['numalab sweep exec sweep --indices 3-7,9', 'one after the other'],
  ],
  async run(call, lab, terminal) {
    const folder = folderToRun(call.operands[0]!, lab.version);
    const indices = indicesOf(call, folder.manifest.runs.length);
    const runner = new GuardedRunner({ isIsolated: call.switches.has('isolate'), log: (text) => terminal.err(printable(text)) });
    const executor = new Executor(lab, runner);
    const codes: number[] = [];
    try {
      for (const index of indices) {
        try {
          terminal.out(`run ${index}: ${await executed(folder, index, executor)}\n`);
        } catch (error) {
          const code = codeFor(error);
          if (code === null) throw error;
          terminal.err(`run ${index}: ${(error as Error).message}\n`);
          codes.push(code);
        }
      }
    } finally {
      await runner.close();
    }
    return [DISK_FULL, TRY_AGAIN, BAD_INPUT].find((code) => codes.includes(code)) ?? DONE;
  },
};

async function executed(folder: SweepFolder, index: number, executor: Executor): Promise<string> {
  if (folder.stateOf(index) === 'done') return 'there already';
  const result = await executor.execute(folder.orderOf(index));
  keepResult(folder, index, result);
  return result.message === null ? endingOf(result) : `${endingOf(result)}: ${plainText(result.message)}`;
}

/** What may pass is to be tried again; null for what is nobody's fault but ours. */
function codeFor(error: unknown): number | null {
  if (error instanceof DifferentResult) return DISK_FULL;
  if (error instanceof StoreError || error instanceof KilledRun) return TRY_AGAIN;
  return error instanceof InputError ? BAD_INPUT : null;
}

/** @throws InputError */
function indicesOf({ texts: { index, indices } }: Call, count: number): number[] {
  if ((index === undefined) === (indices === undefined)) throw new InputError('want one of --index and --indices');
  const word = index === undefined ? '--indices' : '--index';
  const text = (index ?? indices)!;
  const isSound = index === undefined ? /^\d+(-\d+)?(,\d+(-\d+)?)*$/.test(text) : /^\d+$/.test(text);
  const numbers = isSound ? text.split(',').flatMap((part) => within(part, count)) : [];
  if (numbers.length > 0) return [...new Set(numbers)];
  throw new InputError(`${word} = ${show(text)}, want ${index === undefined ? 'runs such as 3-7,9' : 'a run'} from 0 to ${count - 1}`);
}

/** Those from the first to the last; none if one of the two is not a run. */
function within(part: string, count: number): number[] {
  const [first = NaN, last = first] = part.split('-').map(Number);
  return first <= last && last < count ? Array.from({ length: last - first + 1 }, (_, i) => first + i) : [];
}
