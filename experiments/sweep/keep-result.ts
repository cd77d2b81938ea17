import type { RunResult } from '../run-result.ts';
import type { SweepFolder } from './sweep-folder.ts';

/** The process of an isolated policy was killed from outside, by a system short of memory for one: not a result, as another try may end otherwise. */
export class KilledRun extends Error {
  override name = 'KilledRun';
}

/**
 * Keeps a result, also that of a policy that failed: it fails again the next time.
 * @throws KilledRun; whatever `put` throws
 */
export function keepResult(folder: SweepFolder, index: number, result: RunResult): void {
  if (result.exit?.kind === 'killed') throw new KilledRun(result.exit.message);
  folder.put(index, result);
}
