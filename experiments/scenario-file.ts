import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { InputError, show } from './input-error.ts';
import type { FileWord, ReadFile } from './file-words.ts';
import { MAX_FILE_BYTES } from './yaml-tree.ts';

/**
 * The text of a scenario file, or of another that `word` stands for on the command line; `-` is the standard input. No more than the limit is ever read, so a file of gigabytes, an endless
 * device and a growing pipe are refused alike.
 * @throws InputError naming the file
 */
export function readScenarioFile(name: string, word = '--scenario'): { name: string; text: string } {
  const bytes = readBytes(name, word, MAX_FILE_BYTES);
  try {
    return { name: name === '-' ? 'standard input' : name, text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch {
    throw new InputError(`${word} = ${show(name)}, want text in UTF-8`);
  }
}

/**
 * The bytes of a file, or of the standard input for `-`, as far as the limit.
 * @throws InputError naming the file, for one that cannot be read or has more
 */
export function readBytes(name: string, word: string, most: number): Uint8Array {
  const refuse = (message: string): never => {
    throw new InputError(`${word} = ${show(name)}, ${message}`);
  };
  let bytes = Buffer.alloc(0);
  try {
    bytes = readAtMost(name, most);
  } catch (error) {
    refuse(`want a file that can be read (${show((error as NodeJS.ErrnoException).code ?? error)})`);
  }
  return bytes.length > most ? refuse(`want a file of at most ${most / 1024 ** 2}MiB`) : bytes;
}

/** What a file that a word names is called in errors. */
export const LABELS: Readonly<Record<FileWord, string>> = { machine: 'machine', workload: 'rt-app' };

/** Reads files that words name: where the file stands that has the words. */
export function readerBeside(file: string): ReadFile {
  return (name, word) => readScenarioFile(isAbsolute(name) ? name : join(dirname(file), name), LABELS[word]);
}

/** One byte more than the limit tells that there are more. */
function readAtMost(name: string, limit: number): Buffer<ArrayBuffer> {
  const file = name === '-' ? 0 : openSync(name, 'r');
  try {
    const { size } = fstatSync(file);
    if (size > limit) return Buffer.alloc(limit + 1);
    let buffer = Buffer.alloc(Math.min(limit, Math.max(size, FIRST_BYTES)) + 1);
    let length = 0;
    for (let count = 1; count > 0 && length <= limit; length += count) {
      if (length === buffer.length) buffer = Buffer.concat([buffer], Math.min(limit + 1, length * 2));
      count = readSync(file, buffer, length, buffer.length - length, null);
    }
    return buffer.subarray(0, length);
  } finally {
    if (file !== 0) closeSync(file);
  }
}

/** Files of /proc and pipes do not say how large they are. */
const FIRST_BYTES = 1 << 16;
