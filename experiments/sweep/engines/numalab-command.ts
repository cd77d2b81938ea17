import { realpathSync } from 'node:fs';

/**
 * The words by which another process, perhaps on another machine that sees the same folders, starts this very numalab to run indices,
 * which stand after them.
 */
export function execCommand(folder: string, isIsolated: boolean): string[] {
  const numalab = [process.execPath, ...process.execArgv, realpathSync(process.argv[1]!)];
  return [...numalab, 'sweep', 'exec', folder, ...(isIsolated ? ['--isolate'] : []), '--indices'];
}
