import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { InputError, show } from './input-error.ts';
import type { FileWord, ReadFile } from './file-words.ts';
import { formatQuantity } from './quantities.ts';
import { MAX_FILE_BYTES } from './yaml-tree.ts';

/** Of files that words name: traces are long. */
export const MAX_NAMED_FILE_BYTES: number = 64 * 1024 ** 2;

const CHUNK_BYTES = 1024 ** 2;

/**
 * The text of a scenario file, or of another that `word` stands for on the command line; `-` is the standard input. No more than `most`
 * bytes are ever read, so a file of gigabytes, an endless device and a growing pipe are refused alike.
 * @throws InputError naming the file
 */
export function readScenarioFile(name: string, word = '--scenario', most: number = MAX_FILE_BYTES): { name: string; text: string } {
  const bytes = readBytes(name, word, most);
  try {
    return { name: name === '-' ? 'standard input' : name, text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch {
    throw new InputError(`${word} = ${show(name)}, want text in UTF-8${adviceOn(bytes)}`);
  }
}

/** Files that are taken for their text, by how they begin. */
const BINARIES: readonly (readonly [string, string])[] = [
  ['PERFILE2', "perf's own file: perf script -i prints it as text"],
  ['\x17\x08Dtracing', "trace-cmd's own file: trace-cmd report -i prints it as text"],
  ['\xff\xfe', 'UTF-16: iconv -f UTF-16 -t UTF-8 turns it into that'],
  ['\xfe\xff', 'UTF-16: iconv -f UTF-16 -t UTF-8 turns it into that'],
  ['\x1f\x8b', 'packed with gzip: gunzip unpacks it'],
];

function adviceOn(bytes: Uint8Array): string {
  const begin = String.fromCharCode(...bytes.subarray(0, 16));
  const advice = BINARIES.find(([magic]) => begin.startsWith(magic))?.[1];
  return advice === undefined ? '' : ` (${advice})`;
}

/**
 * The bytes of a file, or of the standard input for `-`, as far as the limit.
 * @throws InputError naming the file, for one that cannot be read or has more
 */
export function readBytes(name: string, word: string, most: number): Uint8Array {
  const refuse = (message: string): never => {
    throw new InputError(`${word} = ${show(name)}, ${message}`);
  };
  let bytes: Buffer = Buffer.alloc(0);
  try {
    bytes = readAtMost(name, most + 1);
  } catch (error) {
    refuse(`want a file that can be read (${show((error as NodeJS.ErrnoException).code ?? error)})`);
  }
  return bytes.length > most ? refuse(`want a file of at most ${formatQuantity('bytes', most)}`) : bytes;
}

/** What a file that a word names is called in errors. */
export const LABELS: Readonly<Record<FileWord, string>> = { machine: 'machine', workload: 'workload' };

/** Reads files that words name: where the file stands that has the words. */
export function readerBeside(file: string): ReadFile {
  return (name, word) => readScenarioFile(isAbsolute(name) ? name : join(dirname(file), name), LABELS[word], MAX_NAMED_FILE_BYTES);
}

function readAtMost(name: string, most: number): Buffer {
  const file = name === '-' ? 0 : openSync(name, 'r');
  try {
    if (fstatSync(file).size >= most) return Buffer.alloc(most);
    const chunks: Buffer[] = [];
    let length = 0;
    for (let count = 1; count > 0 && length < most; length += count) {
      const chunk = Buffer.alloc(Math.min(CHUNK_BYTES, most - length));
      count = readSync(file, chunk, 0, chunk.length, null);
      chunks.push(chunk.subarray(0, count));
    }
    return Buffer.concat(chunks);
  } finally {
    if (file !== 0) closeSync(file);
  }
}

/** Files of /proc and pipes do not say how large they are. */
