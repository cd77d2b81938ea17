import type { SourceText } from '../format-error.ts';

/** A word of a command line, quotes taken off, with the place of each of its characters. */
export interface ShellWord {
  readonly text: string;
  /** [character] offset in the source; then that after the word. */
  readonly offsets: readonly number[];
}

/** Far beyond any command line. */
export const MOST_COMMAND_CHARACTERS: number = 1024 ** 2;
const MOST_WORDS = 50_000;

const BLANK = /[ \t\r]/;
/** What a shell would put something in the place of. */
const EXPANDS = /[A-Za-z_0-9{(@*#?$!-]/;

/**
 * Commands as a POSIX shell reads them, one a line, where nothing is ever expanded or run: quotes, backslashes, lines continued, comments.
 * `;`, a line's end and a `&` end a command. Patterns (`*`) stay as written.
 * @throws FormatError for what only a shell could tell: `$NAME`, `$(...)`, backquotes, pipes, redirections; for a quote without its end
 */
export function readCommands(source: SourceText): ShellWord[][] {
  const { text } = source;
  const commands: ShellWord[][] = [];
  let words: ShellWord[] = [];
  let wordCount = 0;
  for (let at = 0; at < text.length;) {
    const mark = text[at]!;
    if (BLANK.test(mark)) at++;
    else if (mark === '\\' && isLineEnd(text, at + 1)) at = afterLineEnd(text, at + 1);
    else if (mark === '#') at = lineEnd(text, at);
    else if (mark === '\n' || mark === ';' || mark === '&') {
      if (mark === '&' && text[at + 1] === '&') source.fail(at, `&&, want one command`);
      if (words.length > 0) commands.push(words);
      words = [];
      at++;
    } else {
      if (++wordCount > MOST_WORDS) source.fail(at, `more than ${MOST_WORDS} words, want fewer`);
      const { word, end } = readWord(source, at);
      words.push(word);
      at = end;
    }
  }
  if (words.length > 0) commands.push(words);
  return commands;
}

function readWord(source: SourceText, start: number): { word: ShellWord; end: number } {
  const { text } = source;
  let content = '';
  const offsets: number[] = [];
  let quote = '';
  let quotedAt = start;
  let at = start;
  const keep = (offset: number): void => {
    content += text[offset]!;
    offsets.push(offset);
  };
  for (; at < text.length; at++) {
    const mark = text[at]!;
    if (quote === "'") {
      if (mark === quote) quote = '';
      else keep(at);
    } else if (mark === '\\') {
      if (isLineEnd(text, at + 1)) at = afterLineEnd(text, at + 1) - 1;
      else if (at + 1 >= text.length) source.fail(at, 'a backslash at the end, want something after it');
      else if (quote === '"' && !/[$`"\\]/.test(text[at + 1]!)) keep(at);
      else keep(++at);
    } else if (mark === '`' || (mark === '$' && EXPANDS.test(text[at + 1] ?? ''))) {
      source.fail(
        at,
        `${mark === '`' ? 'a backquote' : text.slice(at, at + 12).split(/[\s,"'/]/)[0]!}, want what it stands for: nothing is expanded or run`,
      );
    } else if (mark === '"' || (mark === "'" && quote === '')) {
      if (quote === mark) quote = '';
      else {
        quote = mark;
        quotedAt = at;
      }
    } else if (quote === '"') keep(at);
    else if (BLANK.test(mark) || mark === '\n' || mark === ';' || mark === '&') break;
    else if (/[|<>()]/.test(mark)) source.fail(at, `${mark}, want one command, or quotes around it: nothing is run`);
    else keep(at);
  }
  if (quote !== '') source.fail(quotedAt, `a ${quote} without its other, want both`);
  offsets.push(at);
  return { word: { text: content, offsets }, end: at };
}

function isLineEnd(text: string, at: number): boolean {
  return text[at] === '\n' || (text[at] === '\r' && text[at + 1] === '\n');
}

function afterLineEnd(text: string, at: number): number {
  return text[at] === '\r' ? at + 2 : at + 1;
}

function lineEnd(text: string, at: number): number {
  const end = text.indexOf('\n', at);
  return end < 0 ? text.length : end;
}
