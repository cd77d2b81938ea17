import { FolderInUse, ProgramError, StoreError } from '../experiments/failures.ts';
import { InputError, show } from '../experiments/input-error.ts';
import { parseArguments } from './arguments.ts';
import { BAD_INPUT, DISK_FULL, DONE, FAILED, IN_USE, TRY_AGAIN, type Lab, type LateLab, type Terminal } from './command.ts';
import { commands } from './commands/index.ts';

/** Runs one command line and returns the exit code of the process. */
export async function numalab(argv: readonly string[], lab: Lab | LateLab, terminal: Terminal): Promise<number> {
  try {
    const parsed = await parseArguments(argv, commands, lab.version);
    if (typeof parsed === 'string') {
      terminal.out(parsed);
      return DONE;
    }
    return await parsed.command.run(parsed.call, 'load' in lab ? await lab.load() : lab, terminal);
  } catch (error) {
    if (error instanceof InputError) {
      terminal.err(`${error.message}\n`);
      return BAD_INPUT;
    }
    if (error instanceof StoreError) {
      terminal.err(`${error.message}\n`);
      return DISK_FULL;
    }
    if (error instanceof FolderInUse) {
      terminal.err(`${error.message}\n`);
      return IN_USE;
    }
    if (error instanceof ProgramError) {
      terminal.err(`${error.message}\n`);
      return TRY_AGAIN;
    }
    const isDebug = argv.includes('--debug');
    terminal.err(isDebug && error instanceof Error ? `${error.stack}\n` : `internal error: ${show(String(error))}; --debug shows where\n`);
    return FAILED;
  }
}
