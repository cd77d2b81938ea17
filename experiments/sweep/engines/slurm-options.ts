import { InputError, show } from '../../input-error.ts';
import { shellWords } from './shell.ts';

/** What is set already, with the reason, or the other way there is. */
const SET: Readonly<Record<string, string>> = {
  array: 'what is missing decides; --workers says how many tasks run at once',
  'job-name': 'jobs are found again by it',
  chdir: 'a job runs in the folder of the sweep',
  output: 'logs go to slurm/logs',
  error: 'logs go to slurm/logs',
  'open-mode': 'a task that runs again adds to its log',
  requeue: 'always set',
  'no-requeue': 'a task that was killed by no fault of its own must run again',
  parsable: 'always set',
  wrap: 'the job script is written already',
  wait: 'want the flag --wait of numalab',
  'test-only': 'nothing would be submitted',
};

/**
 * The options for sbatch in the user's `--slurm='--partition=main --time=10'`. Each is long and stands in one word with its value: a
 * value alone might be taken for the name of the job script, and a run of short ones may hide any of those that are set already.
 * @throws InputError for anything else, and for what is set already
 */
export function slurmOptions(text: string): string[] {
  const words = shellWords(text, '--slurm');
  for (const word of words) {
    const name = /^--([a-z][a-z-]*)(?:=.*)?$/s.exec(word)?.[1];
    if (name === undefined) throw new InputError(`--slurm = ${show(word)}, want long options of sbatch with = before a value: --time=10`);
    const set = Object.keys(SET).find((one) => one.startsWith(name)); // sbatch takes a shortened name too
    if (set !== undefined) throw new InputError(`--slurm = ${show(word)}: --${set} is not to be set (${SET[set]})`);
  }
  return words;
}
