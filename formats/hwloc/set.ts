/**
 * Sets of CPUs or nodes as hwloc writes them: 32-bit words in hexadecimal, the highest first, joined by commas; a word of zero may be left
 * out, and `0xf...f` before the first comma stands for ones without an end. After hwloc/bitmap.c, hwloc_bitmap_sscanf.
 */
export interface HwlocSet {
  /** By rising number. */
  readonly members: readonly number[];
  /** From this number on, everything is in it as well; null for a set that ends. */
  readonly endlessFrom: number | null;
}

/** Highest number of a CPU or node that is looked at, plus one. */
export const MOST_NUMBERS = 65_536;

const WORD_BITS = 32;
const WORD = /^(?:0x)?[0-9a-f]{1,8}$/i;
const ENDLESS = '0xf...f';

/** @param fail called with what is wrong: no such set, or a number of 65536 and more in it */
export function readHwlocSet(text: string, fail: (said: string) => never): HwlocSet {
  if (text === '') fail('"", want words in hexadecimal such as 0x0000000f');
  if (text.length > (MOST_NUMBERS / WORD_BITS) * 11 + ENDLESS.length) fail(`${text.length} characters, want numbers below ${MOST_NUMBERS}`);
  const words = text.split(',');
  const isEndless = words[0] === ENDLESS;
  if (isEndless) words.shift();
  if (words.length > MOST_NUMBERS / WORD_BITS) fail(`${words.length} words, want numbers below ${MOST_NUMBERS}`);
  const members: number[] = [];
  for (let i = words.length - 1; i >= 0; i--) {
    const word = words[i]!;
    if (word === '') continue;
    if (!WORD.test(word)) fail(`${JSON.stringify(word.slice(0, 40))}, want a word in hexadecimal such as 0x0000000f`);
    const first = (words.length - 1 - i) * WORD_BITS;
    const bits = parseInt(word, 16);
    for (let bit = 0; bit < WORD_BITS; bit++) if ((bits >>> bit) & 1) members.push(first + bit);
  }
  return { members, endlessFrom: isEndless ? words.length * WORD_BITS : null };
}

export function writeHwlocSet(members: Iterable<number>): string {
  const words: number[] = [0];
  for (const member of members) {
    const word = Math.floor(member / WORD_BITS);
    while (words.length <= word) words.push(0);
    words[word]! |= 1 << (member % WORD_BITS);
  }
  return words
    .map((bits) => `0x${(bits >>> 0).toString(16).padStart(8, '0')}`)
    .reverse()
    .join(',');
}

/** Those of `all` that are in the set. */
export function within(set: HwlocSet, all: readonly number[]): number[] {
  const members = new Set(set.members);
  return all.filter((number) => members.has(number) || (set.endlessFrom !== null && number >= set.endlessFrom));
}
