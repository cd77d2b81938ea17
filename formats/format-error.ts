/** What a reader refuses: where, what it found and what was wanted, in one line. Whoever knows the file puts its name before. */
export class FormatError extends RangeError {
  override name = 'FormatError';
  readonly line: number;
  readonly column: number;

  /** @param said such as `tasks.web.run = "x", want µs`; control characters in it are shown as escapes, the middle of a long one is cut */
  constructor(line: number, column: number, said: string) {
    super(placedText(line, column, said));
    this.line = line;
    this.column = column;
  }
}

/** What is said of a place, in one line: of an error, and of what is only noted. */
export function placedText(line: number, column: number, said: string): string {
  return `line ${line}, column ${column}: ${escaped(cut(said))}`;
}

/** A text whose places can be told: lines and columns from 1, found in logarithmic time once its lines are known. */
export class SourceText {
  readonly text: string;
  private starts: number[] | null = null;

  /** @throws FormatError for a text longer than `most` characters */
  constructor(text: string, most: number = MOST_CHARACTERS) {
    if (text.length > most) throw new FormatError(1, 1, `${text.length} characters, want at most ${most}`);
    this.text = text;
  }

  place(offset: number): { readonly line: number; readonly column: number } {
    this.starts ??= startsOf(this.text);
    let low = 0;
    for (let high = this.starts.length; high - low > 1;) {
      const middle = (low + high) >> 1;
      if (this.starts[middle]! <= offset) low = middle;
      else high = middle;
    }
    return { line: low + 1, column: offset - this.starts[low]! + 1 };
  }

  fail(offset: number, said: string): never {
    const { line, column } = this.place(offset);
    throw new FormatError(line, column, said);
  }
}

/** Far beyond any dump, configuration or trace that somebody would look at by hand. */
export const MOST_CHARACTERS: number = 64 * 1024 ** 2;

/** A line to read, whatever a file has for a name: how it begins, and what was wanted. */
const MOST_SAID = 600;
const HALF_SAID = 280;

function cut(said: string): string {
  return said.length <= MOST_SAID ? said : `${said.slice(0, HALF_SAID)} ... ${said.slice(-HALF_SAID)}`;
}

/** Without control characters, which would reach a terminal. */
export function escaped(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** A value in an error: short, in quotes if it is a text. */
export function shown(value: unknown): string {
  const text = typeof value === 'object' && value !== null ? 'a list or mapping' : (JSON.stringify(value) ?? 'nothing');
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

function startsOf(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}
