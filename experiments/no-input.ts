import { type BigIntStats, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { InputError, show } from './input-error.ts';

/**
 * Asks before anything is done that a result does not replace what it is made of: not under another name either, by links of both
 * kinds. Nothing is written into a folder that is read. An input that is not there is for its reader to refuse.
 * @throws InputError
 */
export function checkNoInput(out: string, word: string, inputs: readonly string[]): void {
  const own = placesOf(out).flatMap((place) => foundAt(place) ?? []);
  const above = placesOf(out).flatMap(foldersAbove);
  for (const input of inputs) {
    const found = input === '-' ? null : foundAt(input);
    if (!found) continue;
    if (own.some((one) => isSame(one, found)))
      throw new InputError(`${word} = ${show(out)}: is ${show(input)}, which is read, want another`);
    if (above.some((one) => isSame(one, found)))
      throw new InputError(`${word} = ${show(out)}: lies in ${show(input)}, which is read, want a file outside of it`);
  }
}

/**
 * Two results are two files.
 * @throws InputError
 */
export function checkApart(out: string, word: string, other: string, otherWord: string): void {
  const [one, two] = [realOf(out), realOf(other)];
  const [oneFound, twoFound] = [foundAt(one), foundAt(two)];
  if (one === two || (oneFound && twoFound && isSame(oneFound, twoFound)))
    throw new InputError(`${word} = ${show(out)}: is that of ${otherWord} as well, want another file`);
}

/** Where the name stands, and where a link of that name leads. */
function placesOf(path: string): string[] {
  return [...new Set([join(realOf(dirname(path)), basename(path)), realOf(path), resolve(path)])];
}

/** Without links; of what is not there yet, as far as something is. */
function realOf(path: string): string {
  try {
    return realpathSync.native(path);
  } catch {
    const folder = dirname(path);
    return folder === path || path === '' ? resolve(path) : join(realOf(folder), basename(path));
  }
}

function foldersAbove(place: string): BigIntStats[] {
  const folder = dirname(place);
  const found = foundAt(folder);
  return [...(found ? [found] : []), ...(folder === place ? [] : foldersAbove(folder))];
}

function foundAt(path: string): BigIntStats | null {
  try {
    return statSync(path, { bigint: true });
  } catch {
    return null;
  }
}

/** Numbers of files rather than names: of one file with two names, and where letters may be large or small. */
function isSame(one: BigIntStats, other: BigIntStats): boolean {
  return one.dev === other.dev && one.ino === other.ino;
}
