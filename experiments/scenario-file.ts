import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { InputError, show } from './input-error.ts';
import { MAX_FILE_BYTES } from './yaml-tree.ts';

/**
 * The text of a scenario file, or of another that `word` stands for on the command line; `-` is the standard input. No more than the limit is ever read, so a file of gigabytes, an endless
 * device and a growing pipe are refused alike.
 * @throws InputError naming the file
 */
export function readScenarioFile(name: string, word = '--scenario'): { name: string; text: string } {
  const refuse = (message: string): never => {
    throw new InputError(`${word} = ${show(name)}, ${message}`);
  };
  let bytes = Buffer.alloc(0);
  try {
    bytes = readAtMost(name, MAX_FILE_BYTES + 1);
  } catch (error) {
    refuse(`want a file that can be read (${show((error as NodeJS.ErrnoException).code ?? error)})`);
  }
  if (bytes.length > MAX_FILE_BYTES) refuse('want a file of at most 1MiB');
  try {
    return { name: name === '-' ? 'standard input' : name, text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch {
    return refuse('want text in UTF-8');
  }
}

/** Reads files that words name: where the file stands that has the words. */
export function readerBeside(file: string): (name: string) => { name: string; text: string } {
  return (name) => readScenarioFile(isAbsolute(name) ? name : join(dirname(file), name), 'rt-app');
}

function readAtMost(name: string, most: number): Buffer<ArrayBuffer> {
  const file = name === '-' ? 0 : openSync(name, 'r');
  try {
    if (fstatSync(file).size > MAX_FILE_BYTES) return Buffer.alloc(most);
    const buffer = Buffer.alloc(most);
    let length = 0;
    for (let count = 1; count > 0 && length < most; length += count) count = readSync(file, buffer, length, most - length, null);
    return buffer.subarray(0, length);
  } finally {
    if (file !== 0) closeSync(file);
  }
}
