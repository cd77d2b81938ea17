import { InputError, show } from '../../input-error.ts';

/** A word that any POSIX shell reads as this text and nothing else. */
export function shellQuote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** The same for people to read and copy: as it is where that will do. */
export function quoted(text: string): string {
  return /^[\w./+-]+$/.test(text) ? text : shellQuote(text);
}

/**
 * Splits options as they are written on a command line: at spaces, with '...' and "..." around what holds some. Nothing is expanded.
 * @throws InputError for a quote that is not closed; `word` is the flag they were given to
 */
export function shellWords(text: string, word: string): string[] {
  const words: string[] = [];
  const part = /\s+|"([^"]*)"|'([^']*)'|([^\s"']+)/gy;
  let open: string | null = null; // the word being read
  let at = 0;
  for (let match = part.exec(text); match; match = part.exec(text)) {
    at = part.lastIndex;
    const piece = match[1] ?? match[2] ?? match[3];
    if (piece !== undefined) open = (open ?? '') + piece;
    else if (open !== null) {
      words.push(open);
      open = null;
    }
  }
  if (at < text.length) throw new InputError(`${word} = ${show(text)}: a quote is not closed`);
  return open === null ? words : [...words, open];
}
