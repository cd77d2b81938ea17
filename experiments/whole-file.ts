import { closeSync, existsSync, fsyncSync, openSync, realpathSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { StoreError } from './failures.ts';
import { FILE_CALLS, failureOf } from './file-calls.ts';
import { showPath } from './input-error.ts';
import { flushFolder } from './store.ts';
import { temporaryName } from './temporary-files.ts';

/**
 * A file too large for one text: written piece by piece to a temporary one beside it, flushed, then renamed over. What stood there
 * before stays until `commit`.
 */
export class WholeFile {
  readonly #path: string;
  readonly #temporary: string;
  readonly #file: number;
  #isOpen = true;

  /** @throws StoreError */
  constructor(named: string) {
    this.#path = existsSync(named) ? realpathSync(named) : named; // a link stays a link
    this.#temporary = join(dirname(this.#path), temporaryName());
    this.#file = this.#try(() => openSync(this.#temporary, 'wx+'));
  }

  /** @throws StoreError; nothing is left behind */
  write(bytes: Uint8Array): void {
    this.#try(() => {
      for (let at = 0; at < bytes.length;) at += writeSync(this.#file, bytes, at); // a full disk may take a part and say nothing
    });
  }

  /** Of the temporary file, for a thread that writes there itself. */
  get descriptor(): number {
    return this.#file;
  }

  /** @throws StoreError; nothing is left behind */
  commit(): void {
    this.#try(() => {
      fsyncSync(this.#file);
      this.#close();
      renameSync(this.#temporary, this.#path);
      flushFolder(dirname(this.#path), FILE_CALLS);
    });
  }

  /** Leaves what stood there before; nothing to do after `commit` or an error. */
  abandon(): void {
    if (!this.#isOpen) return;
    this.#close();
    rmSync(this.#temporary, { force: true });
  }

  #close(): void {
    this.#isOpen = false;
    closeSync(this.#file);
  }

  #try<Result>(work: () => Result): Result {
    try {
      return work();
    } catch (error) {
      if (this.#file !== undefined && this.#isOpen) this.#close();
      try {
        rmSync(this.#temporary, { force: true });
      } catch {
        // its folder is none: there is nothing to remove
      }
      throw new StoreError(`${showPath(this.#path)}: ${failureOf(error)}, the result is not written`);
    }
  }
}
