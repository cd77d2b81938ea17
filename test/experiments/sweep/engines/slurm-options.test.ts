import { expect, test } from 'vitest';
import { InputError } from '../../../../experiments/input-error.ts';
import { slurmOptions } from '../../../../experiments/sweep/engines/slurm-options.ts';

test('long options of sbatch are handed on as they are', () => {
  expect(slurmOptions(`--partition=main --time=10 --exclusive --comment='a b' --wait-all-nodes=1`)).toEqual([
    '--partition=main',
    '--time=10',
    '--exclusive',
    '--comment=a b',
    '--wait-all-nodes=1',
  ]);
});

test.each(['main', '-p', '-pmain', '--', '-', '--Partition=main', '--time=10 20', '""'])(
  '%j is refused: a word alone might be taken for the job script, and short options may hide others',
  (text) => {
    expect(() => slurmOptions(text)).toThrow(InputError);
    expect(() => slurmOptions(text)).toThrow(/want long options of sbatch with = before a value: --time=10$/);
  },
);

test.each([
  ['--array=0-99', '--array=0-99: --array is not to be set (what is missing decides; --workers says how many tasks run at once)'],
  ['--arr=0-99', '--arr=0-99: --array is not to be set (what is missing decides; --workers says how many tasks run at once)'],
  ['--time=1 --job-name=x', '--job-name=x: --job-name is not to be set (jobs are found again by it)'],
  ['--out=/dev/null', '--out=/dev/null: --output is not to be set (logs go to slurm/logs)'],
  ['--wait', '--wait: --wait is not to be set (want the flag --wait of numalab)'],
])('%j is set already, by its short name too', (text, message) => {
  expect(() => slurmOptions(text)).toThrow(new InputError(`--slurm = ${message}`));
});
