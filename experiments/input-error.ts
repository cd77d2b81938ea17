/** What a user gave is wrong. The message is one clear line: where, the value, what was wanted. */
export class InputError extends RangeError {
  override readonly name = 'InputError';
}

const LONGEST = 60;
/** Control characters, the marks that turn the direction of text, and lone surrogates: none may reach a terminal or break the line. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu;

/** A value as an error or a table may show it: on one line, without control characters, not too long. */
export function show(value: unknown): string {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'a mapping';
  if (value === '') return 'nothing';
  const text = String(value).replace(UNSAFE, (mark) => `\\u{${mark.codePointAt(0)!.toString(16)}}`);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}...` : text;
}
