import { expect, test } from 'vitest';
import { ProgramError } from '../../../../experiments/failures.ts';
import { InputError } from '../../../../experiments/input-error.ts';
import { output } from '../../../../experiments/sweep/engines/programs.ts';

const SH = { name: 'sh', wantedBy: '--engine slurm' };

test('what a program wrote is returned, and its arguments arrive as they are', async () => {
  expect(await output(SH, ['-c', 'printf "<%s>" "$@"', 'sh', '$(id) "x"', ''])).toBe('<$(id) "x"><>');
});

test('a program that is not there is named, with what wants it', async () => {
  const absent = { name: 'numalab-no-such-program', wantedBy: '--engine slurm' };
  await expect(output(absent, [])).rejects.toThrow(
    new InputError('--engine slurm: there is no program numalab-no-such-program here, want one on the PATH'),
  );
});

test('a program that fails has its say in one line', async () => {
  const failing = output(SH, ['-c', 'printf "sbatch: error: Batch job submission failed\\nmore\\n" >&2; exit 4']);
  await expect(failing).rejects.toThrow(new ProgramError('sh: sbatch: error: Batch job submission failed'));
});
