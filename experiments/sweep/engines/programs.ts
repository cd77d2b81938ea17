import { execFile } from 'node:child_process';
import { ProgramError } from '../../failures.ts';
import { InputError, show } from '../../input-error.ts';

export interface Program {
  readonly name: string;
  /** What it belongs to, for whoever lacks it: `--engine slurm`. */
  readonly wantedBy: string;
}

const LONGEST_ANSWER_BYTES = 256 * 1024 * 1024;
const LONGEST_WAIT_MS = 120_000;

/**
 * What the program wrote to standard output. No shell is between: every argument arrives as it is.
 * @throws InputError if there is no such program; ProgramError if it fails
 */
export function output({ name, wantedBy }: Program, args: readonly string[], environment = process.env): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { env: environment, maxBuffer: LONGEST_ANSWER_BYTES, timeout: LONGEST_WAIT_MS };
    execFile(name, args, options, (error, stdout, stderr) => {
      if (!error) resolve(stdout);
      else if (error.code === 'ENOENT') reject(new InputError(`${wantedBy}: there is no program ${name} here, want one on the PATH`));
      else reject(new ProgramError(`${name}: ${show(firstLine(stderr) || error.message)}`));
    });
  });
}

function firstLine(text: string): string {
  return text.trim().split('\n', 1)[0]!;
}
