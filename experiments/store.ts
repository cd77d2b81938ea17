import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { InputError, show } from './input-error.ts';

/** A result could not be kept: the disk is full, or no longer there. */
export class StoreError extends Error {
  override name = 'StoreError';
}

/**
 * Asks before hours of work whether its result could be written.
 * @throws InputError if not
 */
export function checkWritable(path: string, word: string): void {
  try {
    if (existsSync(path) && statSync(path).isDirectory()) throw new InputError(`${word} = ${show(path)}: is a folder, want a file`);
    if (existsSync(path) && !statSync(path).isFile()) throw new InputError(`${word} = ${show(path)}: is a device or pipe, want a file`);
    makeFolder(dirname(path));
    accessSync(dirname(path), constants.W_OK);
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(`${word} = ${show(path)}: ${codeOf(error)}, want a file that can be written`);
  }
}

/**
 * Writes a file as a whole or not at all: to a temporary one beside it, flushed, then renamed over. What stood there before stays
 * until then, whatever goes wrong.
 * @throws StoreError; nothing is left behind
 */
export function writeWhole(named: string, text: string): void {
  const path = existsSync(named) ? realpathSync(named) : named; // a link stays a link
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    makeFolder(dirname(path));
    const file = openSync(temporary, 'w');
    try {
      const bytes = Buffer.from(text);
      for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at); // a full disk may take a part and say nothing
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (error) {
    try {
      rmSync(temporary, { force: true });
    } catch {
      // its folder is none: there is nothing to remove
    }
    throw new StoreError(`${show(path)}: ${codeOf(error)}, the result is not written`);
  }
}

/** One level at a time: Node 20's recursive mkdir never returns on file systems that refuse with ENOENT, such as /proc. */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  mkdirSync(path);
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error);
}
