import { dirname } from 'node:path';
import { StoreError } from './failures.ts';
import { showPath } from './input-error.ts';
import { removeStale } from './temporary-files.ts';
import type { Traced } from './user-policy/guarded-runner.ts';
import { WholeFile } from './whole-file.ts';

/**
 * Has a trace written to a temporary file, which takes its name when it is whole; what stood there before stays until then. What others that
 * died have left in the folder is removed.
 * @param write is given the open file; null if it was stopped
 * @param stopping what leaves it before its end, and then ends whoever writes: the answer is null, and nothing is left behind
 * @throws StoreError when the disk is full, and nothing is left behind
 */
export async function writeTrace(
  path: string,
  write: (descriptor: number) => Promise<Traced | null>,
  stopping?: { readonly stop: AbortSignal; end(): Promise<void> },
): Promise<Traced | null> {
  removeStale(dirname(path));
  const file = new WholeFile(path);
  try {
    const stop = stopping?.stop;
    const ending = new Promise<null>((resolve, reject) => {
      stop?.addEventListener('abort', () => void stopping!.end().then(() => resolve(null), reject)); // nobody may write there any more
    });
    const whole = write(file.descriptor);
    const result = await Promise.race([whole, ending]);
    if (stop?.aborted) return await ending;
    if (result?.traced?.failure) throw new StoreError(`${showPath(path)}: ${result.traced.failure}, the trace is not written`);
    if (result?.traced) file.commit();
    return result;
  } finally {
    file.abandon(); // nothing to do after commit
  }
}
