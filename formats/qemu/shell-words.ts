import { shown, type SourceText } from '../format-error.ts';
import { enter, type Expansion, readExpansion, remember, type Variables } from './shell-variables.ts';

/** A word of a command line, quotes taken off, with the place of each of its characters. */
export interface ShellWord {
  readonly text: string;
  /** [character] offset in the source; then that after the word. */
  readonly offsets: readonly number[];
  /** The first part that only a shell could tell, which stands in the text as it is written: see `knownWord`. */
  readonly unknown?: Expansion;
}

/** Far beyond any command line. */
export const MOST_COMMAND_CHARACTERS: number = 1024 ** 2;
const MOST_WORDS = 50_000;

const BLANK = /[ \t\r]/;
/** What a shell would put something in the place of. */
const EXPANDS = /[A-Za-z_0-9{(@*#?$!-]/;

/**
 * Commands as a POSIX shell reads them, one a line, where nothing is ever run: quotes, backslashes, lines continued, comments.
 * `;`, `&`, `|` and a line's end end a command. Patterns (`*`) stay as written; a variable that the text itself sets to a plain value before,
 * in any case, has that value. Redirections are passed over.
 * @param isOther whether a command is none of those asked for: only such may be in a branch or loop, or joined with `&&` and `||`
 * @throws FormatError for others there, `(`, a document in the text (`<<`) and a quote without its end
 */
export function readCommands(source: SourceText, isOther: (words: readonly ShellWord[]) => boolean): (readonly ShellWord[])[] {
  const { text } = source;
  if (text.includes('\0')) return [argumentList(source)];
  const commands: (readonly ShellWord[])[] = [];
  const variables: Variables = { values: new Map(), put: 0, depth: 0 };
  let words: ShellWord[] = [];
  let wordCount = 0;
  let joinedAt: number | null = null; // where the first `&&` or `||` of a list stands
  const endCommand = (joinsAt: number | null): void => {
    const own = enter(variables, words);
    const at = joinedAt ?? joinsAt;
    if (own.length > 0 && !isOther(own)) {
      if (at !== null) source.fail(at, `${text.slice(at, at + 2)}, want one command`);
      if (variables.depth > 0)
        source.fail(own[0]!.offsets[0]!, `${shown(own[0]!.text)} in a branch or loop, want a command that runs once in any case`);
    }
    if (own.length > 0) commands.push(own);
    remember(variables, own, variables.depth === 0 && joinedAt === null);
    if (words.length > 0 || joinsAt !== null) joinedAt = joinsAt === null ? null : at; // a list goes on in the line behind its mark
    words = [];
  };
  for (let at = 0; at < text.length;) {
    const mark = text[at]!;
    if (BLANK.test(mark)) at++;
    else if (mark === '\\' && isLineEnd(text, at + 1)) at = afterLineEnd(text, at + 1);
    else if (mark === '#') at = lineEnd(text, at);
    else if (mark === '<' || mark === '>' || (mark === '&' && text[at + 1] === '>')) at = afterRedirection(source, at, variables);
    else if (mark === '\n' || mark === ';' || mark === '&' || mark === '|') {
      const isJoined = text[at + 1] === mark && (mark === '&' || mark === '|');
      if (mark === '|' && words.length === 0) source.fail(at, '|, want a command before it');
      endCommand(isJoined ? at : null);
      at += isJoined ? 2 : 1;
    } else {
      if (++wordCount > MOST_WORDS) source.fail(at, `more than ${MOST_WORDS} words, want fewer`);
      const { word, end } = readWord(source, at, variables);
      const isNumberOfFile = /[<>]/.test(text[end] ?? '') && /^\d$/.test(word.text);
      const isNothing = word.text === '' && !/["']/.test(text.slice(at, end)); // a variable without a value, outside quotes
      if (!isNumberOfFile && !isNothing) words.push(word);
      at = end;
    }
  }
  endCommand(null);
  return commands;
}

/** @throws FormatError for a word with a part that only a shell could tell */
export function knownWord(source: SourceText, word: ShellWord): ShellWord {
  if (word.unknown) source.fail(word.unknown.at, `${word.unknown.text}, want what it stands for: nothing is expanded or run`);
  return word;
}

/** As /proc/PID/cmdline has them: each ends in a zero byte. */
function argumentList(source: SourceText): ShellWord[] {
  const words = source.text.replace(/\0$/, '').split('\0');
  if (words.length > MOST_WORDS) source.fail(0, `more than ${MOST_WORDS} words, want fewer`);
  let at = 0;
  return words.map((word) => {
    const offsets = Array.from({ length: word.length + 1 }, (_, i) => at + i);
    at += word.length + 1;
    return { text: word, offsets };
  });
}

/** `> FILE`, `2>&1`, `&>> FILE`, `< FILE`: what goes where changes nothing of the command. */
function afterRedirection(source: SourceText, start: number, variables: Variables): number {
  const [operator = ''] = /^(?:&>>?|>[>|&]?|<[&>]?)/.exec(source.text.slice(start, start + 3)) ?? [];
  let at = start + operator.length;
  if (source.text[at] === '<') source.fail(start, '<<, want one command without a document in it');
  while (BLANK.test(source.text[at] ?? '')) at++;
  const { word, end } = readWord(source, at, variables);
  if (word.text === '') source.fail(start, `${operator}, want a file after it`);
  return end;
}

function readWord(source: SourceText, start: number, variables: Variables): { word: ShellWord; end: number } {
  const { text } = source;
  let content = '';
  const offsets: number[] = [];
  let unknown: Expansion | undefined;
  let quote = '';
  let quotedAt = start;
  let at = start;
  const keep = (offset: number, said = text[offset]!): void => {
    content += said;
    for (let i = 0; i < said.length; i++) offsets.push(offset);
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
      const { end, value } = readExpansion(source, at, variables, quote !== '');
      const written = text.slice(at, end);
      if (value === null) unknown ??= { at, text: shortened(written) };
      keep(at, value ?? written);
      at = end - 1;
    } else if (mark === '"' || (mark === "'" && quote === '')) {
      if (quote === mark) quote = '';
      else {
        quote = mark;
        quotedAt = at;
      }
    } else if (quote === '"') keep(at);
    else if (BLANK.test(mark) || /[\n;&|<>]/.test(mark)) break;
    else if (/[()]/.test(mark)) source.fail(at, `${mark}, want one command, or quotes around it: nothing is run`);
    else keep(at);
  }
  if (quote !== '') source.fail(quotedAt, `a ${quote} without its other, want both`);
  offsets.push(at);
  return { word: unknown ? { text: content, offsets, unknown } : { text: content, offsets }, end: at };
}

const MOST_SHOWN = 40;

function shortened(text: string): string {
  return text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}...` : text;
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
