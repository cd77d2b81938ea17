/** Lists of ids as Linux writes them: `0-2,33` in text, and in masks of 32-bit hexadecimal words, the most significant first. */

/** Beyond any id that Linux gives a CPU or a node. */
export const MOST_ID = 65_535;

/**
 * The ids of `0-2,33`, rising and each once; empty for an empty text.
 * @returns null for anything else, and for more than `most` ids
 */
export function parseIdList(text: string, most: number): number[] | null {
  const trimmed = text.trim();
  if (trimmed === '') return [];
  const ranges: (readonly [first: number, last: number])[] = [];
  for (const part of trimmed.split(',')) {
    const [, first, last = first] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(part) ?? [];
    if (first === undefined || Number(last) > MOST_ID || Number(last) < Number(first)) return null;
    ranges.push([Number(first), Number(last)]);
  }
  const ids: number[] = [];
  let next = 0;
  for (const [first, last] of ranges.sort((a, b) => a[0] - b[0])) {
    for (let id = Math.max(first, next); id <= last; id++) if (ids.push(id) > most) return null;
    next = Math.max(next, last + 1); // each id once, however often a range comes again
  }
  return ids;
}

/**
 * The ids of `00000000,00fc0000`: bit 0 of the last word is id 0.
 * @returns null for what is no mask, and for more than `most` ids
 */
export function parseIdMask(text: string, most: number): number[] | null {
  const words = text.trim().split(',');
  if (words.length * 32 > MOST_ID + 1 || !words.every((word) => /^(?:0x)?[0-9a-f]{1,8}$/i.test(word))) return null;
  const ids: number[] = [];
  words.reverse().forEach((word, at) => {
    const bits = parseInt(word, 16);
    for (let bit = 0; bit < 32; bit++) if ((bits >>> bit) & 1) ids.push(at * 32 + bit);
  });
  return ids.length > most ? null : ids;
}

/** `0-2,33` of rising ids; two that follow one another are a range as well, as in Linux. */
export function formatIdList(ids: readonly number[]): string {
  const parts: string[] = [];
  for (let at = 0; at < ids.length;) {
    let end = at;
    while (end + 1 < ids.length && ids[end + 1] === ids[end]! + 1) end++;
    parts.push(end === at ? String(ids[at]) : `${ids[at]}-${ids[end]}`);
    at = end + 1;
  }
  return parts.join(',');
}

const MOST_RANGES = 32;

/** The same for people: long lists are cut, and say how many ids they have. */
export function asRanges(ids: readonly number[]): string {
  const ranges = formatIdList(ids).split(',');
  return ranges.length > MOST_RANGES ? `${ranges.slice(0, MOST_RANGES).join(',')},... (${ids.length})` : ranges.join(',');
}
