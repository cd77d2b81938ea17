/** What a user gave is wrong. The message is one clear line: where, the value, what was wanted. */
export class InputError extends RangeError {
  override readonly name = 'InputError';
}

const LONGEST = 60;
const LONGEST_PATH = 600;
/** Control characters, the marks that turn the direction of text, and lone surrogates: none may reach a terminal or break the line. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu;

/** A value as an error or a table may show it: on one line, without control characters, not too long. */
export function show(value: unknown): string {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'a mapping';
  if (value === '') return 'nothing';
  const text = safe(String(value));
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}...` : text;
}

/** The path of a file as an error may show it: on one line, and whole, because its end is what tells it from others. */
export function showPath(path: string): string {
  const text = safe(path);
  return text.length > LONGEST_PATH ? `${text.slice(0, LONGEST_PATH)}...` : text;
}

function safe(text: string): string {
  return text.replace(UNSAFE, (mark) => `\\u{${mark.codePointAt(0)!.toString(16)}}`);
}
