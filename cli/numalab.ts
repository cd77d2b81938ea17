import { InputError, show } from '../experiments/input-error.ts';
import { StoreError } from '../experiments/store.ts';
import { parseArguments } from './arguments.ts';
import { BAD_INPUT, DISK_FULL, DONE, FAILED, type Lab, type LateLab, type Terminal } from './command.ts';
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
    const isDebug = argv.includes('--debug');
    terminal.err(isDebug && error instanceof Error ? `${error.stack}\n` : `internal error: ${show(String(error))}; --debug shows where\n`);
    return FAILED;
  }
}
