import { below, type Random } from '../../sim/random.ts';

/** What readers trip over: numbers at the edges of what fits, names that objects have of themselves, brackets, quotes, ends of lines. */
const TOKENS = [
  '__proto__', 'constructor', 'toString', 'prototype', '-1', '0', '1e999', '99999999999999999999', '4294967296', '0x', 'NaN', '-0', '0.1e-400',
  '"', "'", '\\', '/*', '*/', '//', '<!--', '<![CDATA[', ']]>', '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>', '&b;', '&#0;', '&#x110000;',
  '{', '}', '[', ']', '(', ')', '<', '>', ',', ';', ':', '=', '^', '-', '#', '%', '\n', '\r', '\t', ' ', '\0', '\u2028', '\ud800', '0-4294967295',
  '^0', '$(true)', '`true`', '../../../etc/passwd', 'true', 'null', '[[[[[[[[[[[[[[[[', '{"a":{"a":{"a":{"a":', '0xf...f', '00000000,',
]; // prettier-ignore

/** One of the seeds, with one to eight changes: bits, bytes, cuts, repeats, pieces of another seed, tokens, and numbers made larger. */
export function mutatedInput(seeds: readonly Uint8Array[], random: Random): Uint8Array {
  let bytes = Buffer.from(seeds[below(random, seeds.length)]!);
  for (let left = 1 + below(random, 8); left > 0; left--) bytes = changed(bytes, seeds, random);
  return bytes;
}

function changed(bytes: Buffer<ArrayBuffer>, seeds: readonly Uint8Array[], random: Random): Buffer<ArrayBuffer> {
  const at = below(random, bytes.length + 1);
  const length = 1 + below(random, Math.min(64, bytes.length - at + 1));
  const replaced = (count: number, by: Uint8Array): Buffer<ArrayBuffer> =>
    Buffer.concat([bytes.subarray(0, at), by, bytes.subarray(at + count)]);
  switch (below(random, 9)) {
    case 0: {
      const flipped = Buffer.from(bytes);
      if (at < bytes.length) flipped[at]! ^= 1 << below(random, 8);
      return flipped;
    }
    case 1:
      return replaced(1, Uint8Array.of(below(random, 256)));
    case 2:
      return replaced(length, new Uint8Array(0));
    case 3:
      return Buffer.from(bytes.subarray(0, at));
    case 4:
      return replaced(0, repeated(bytes.subarray(at, at + length), 1 + below(random, 20)));
    case 5: {
      const other = seeds[below(random, seeds.length)]!;
      const from = below(random, other.length + 1);
      return replaced(length, other.subarray(from, from + 1 + below(random, 200)));
    }
    case 6:
      return digitsChanged(bytes, at, random);
    default:
      return replaced(below(random, 2) * length, Buffer.from(TOKENS[below(random, TOKENS.length)]!));
  }
}

function repeated(piece: Uint8Array, times: number): Uint8Array {
  return Buffer.concat(Array.from({ length: times }, () => piece));
}

/** The next number from there on becomes another: most checks are about numbers. */
function digitsChanged(bytes: Buffer<ArrayBuffer>, from: number, random: Random): Buffer<ArrayBuffer> {
  const isDigit = (byte: number): boolean => byte >= 48 && byte <= 57;
  let at = from;
  while (at < bytes.length && !isDigit(bytes[at]!)) at++;
  let end = at;
  while (end < bytes.length && isDigit(bytes[end]!)) end++;
  const number = String(Math.floor(10 ** (random() * 20)));
  return Buffer.concat([bytes.subarray(0, at), Buffer.from(number.includes('e') ? '1' : number), bytes.subarray(end)]);
}
