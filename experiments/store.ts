import { accessSync, constants, existsSync, realpathSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { StoreError } from './failures.ts';
import { type FileCalls, FILE_CALLS, failureOf, isCode } from './file-calls.ts';
import { InputError, show, showPath } from './input-error.ts';
import { temporaryName } from './temporary-files.ts';

/**
 * Asks before hours of work whether its result could be written.
 * @throws InputError if not
 */
export function checkWritable(path: string, word: string): void {
  try {
    if (existsSync(path) && statSync(path).isDirectory()) throw new InputError(`${word} = ${show(path)}: is a folder, want a file`);
    if (existsSync(path) && !statSync(path).isFile()) throw new InputError(`${word} = ${show(path)}: is a device or pipe, want a file`);
    makeFolder(dirname(path), FILE_CALLS);
    accessSync(dirname(path), constants.W_OK);
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(`${word} = ${show(path)}: ${codeOf(error)}, want a file that can be written`);
  }
}

/**
 * Writes a file as a whole or not at all: to a temporary one beside it, flushed, then renamed over, and the folder flushed, so that it
 * outlives a loss of power. What stood there before stays until then, whatever goes wrong.
 * @throws StoreError; nothing is left behind
 */
export function writeWhole(named: string, text: string, files: FileCalls = FILE_CALLS): void {
  keep(named, () => {
    const path = existsSync(named) ? realpathSync(named) : named; // a link stays a link
    const bytes = Buffer.from(text);
    placed(path, bytes, files, (temporary) => files.renameSync(temporary, path));
  });
}

/**
 * As writeWhole, but over nothing: of several that write one name at once, one is told that it did.
 * @returns false if something stands there
 * @throws StoreError; nothing is left behind
 */
export function writeNew(path: string, text: string, files: FileCalls = FILE_CALLS): boolean {
  return keep(path, () => {
    try {
      placed(path, Buffer.from(text), files, (temporary) => linkTo(temporary, path, files));
      return true;
    } catch (error) {
      if (isCode(error, 'EEXIST')) return false;
      throw error;
    }
  });
}

/** Another name for a file, over nothing. File systems without links have no such call: there the later of two writers stands. */
function linkTo(temporary: string, path: string, files: FileCalls): void {
  try {
    files.linkSync(temporary, path);
  } catch (error) {
    if (!isCode(error, 'EPERM', 'ENOTSUP', 'ENOSYS', 'EOPNOTSUPP', 'EMLINK')) throw error;
    if (stands(path, files)) throw Object.assign(new Error('stands already'), { code: 'EEXIST' });
    files.renameSync(temporary, path);
    return;
  }
  removeQuietly(temporary, files);
}

function stands(path: string, files: FileCalls): boolean {
  try {
    files.lstatSync(path);
    return true;
  } catch (error) {
    if (isCode(error, 'ENOENT')) return false;
    throw error;
  }
}

/** Puts bytes into a temporary file and lets `place` give it its name. */
function placed(path: string, bytes: Uint8Array, files: FileCalls, place: (temporary: string) => void): void {
  const folder = dirname(path);
  makeFolder(folder, files);
  for (let isLast = false; ; isLast = true) {
    const temporary = join(folder, temporaryName());
    try {
      writeFlushed(temporary, bytes, files);
      place(temporary);
      break;
    } catch (error) {
      removeQuietly(temporary, files);
      // Somebody has cleared it away, or a network disk did what it was asked and lost the answer: once more, which finds out.
      if (isLast || !isCode(error, 'ENOENT')) throw error;
    }
  }
  flushFolder(folder, files);
}

function writeFlushed(path: string, bytes: Uint8Array, files: FileCalls): void {
  const file = files.openSync(path, 'wx');
  try {
    for (let at = 0; at < bytes.length;) {
      const taken = files.writeSync(file, bytes, at); // a full disk may take a part and say nothing
      if (taken === 0) throw Object.assign(new Error('ENOSPC: nothing was taken, write'), { code: 'ENOSPC' });
      at += taken;
    }
    files.fsyncSync(file);
  } finally {
    files.closeSync(file);
  }
}

/** A name outlives a loss of power once its folder is flushed. Windows, and some network disks, have no such call. */
export function flushFolder(path: string, files: FileCalls): void {
  if (process.platform === 'win32') return;
  const folder = files.openSync(path, 'r');
  try {
    files.fsyncSync(folder);
  } catch (error) {
    if (!isCode(error, 'EINVAL', 'ENOTSUP', 'ENOSYS')) throw error;
  } finally {
    files.closeSync(folder);
  }
}

/** One level at a time: Node 20's recursive mkdir never returns on file systems that refuse with ENOENT, such as /proc. */
function makeFolder(path: string, files: FileCalls): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path), files);
  try {
    files.mkdirSync(path);
  } catch (error) {
    if (isCode(error, 'EEXIST')) return; // another process was quicker
    throw error;
  }
  flushFolder(dirname(path), files);
}

function removeQuietly(path: string, files: FileCalls): void {
  try {
    files.unlinkSync(path);
  } catch {
    // there is nothing to remove, or no way to: it will be stale
  }
}

function keep<T>(path: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw new StoreError(`${showPath(path)}: ${failureOf(error)}, the result is not written`);
  }
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error);
}
