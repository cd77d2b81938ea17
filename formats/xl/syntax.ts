import { startsGuest } from '../guest-comment.ts';
import { shown, type SourceText } from '../format-error.ts';

/** A value of an xl configuration: text in quotes, a number as it stands, or a list of values. */
export type XlValue =
  | { readonly kind: 'string' | 'number'; readonly text: string; readonly offset: number }
  | { readonly kind: 'list'; readonly items: XlValue[]; readonly offset: number };

const MOST_DEPTH = 16;
const MOST_VALUES = 1_000_000;
const WANTED = 'want KEY = VALUE';

/**
 * Reads the settings of an xl configuration: `KEY = VALUE` or `KEY += VALUE`, ended by a line's end or `;`, comments from # on, lists in
 * brackets that may go over lines and end in a comma. As in xl the last of several settings of a key
 * holds, but a second name is refused: it is files of several guests in one, and the last would have settings of the others.
 * After: Xen, tools/libs/util/libxlu_cfg_l.l and libxlu_cfg_y.y, and xlu__cfgl_dequote of libxlu_cfg.c.
 * @throws FormatError for what xl would call a syntax error, more than 16 levels of lists or a million values
 */
export function readXlSettings(source: SourceText): Map<string, XlValue> {
  return new XlParser(source).settings(1)[0]!;
}

/**
 * As readXlSettings, of a text with several guests: one ends where a comment that begins with `# guest ` stands before a second name.
 * @param most guests
 * @throws FormatError as readXlSettings; for a second name without such a comment, and for more guests
 */
export function readXlSettingsOfMany(source: SourceText, most: number): Map<string, XlValue>[] {
  return new XlParser(source).settings(most);
}

class XlParser {
  private readonly source: SourceText;
  private readonly text: string;
  private at = 0;
  private values = 0;

  constructor(source: SourceText) {
    this.source = source;
    this.text = source.text;
  }

  settings(most: number): Map<string, XlValue>[] {
    let settings = new Map<string, XlValue>();
    const guests = [settings];
    for (let end = 0; ; end = this.at) {
      this.skipBlanks(true);
      while (this.text[this.at] === ';') {
        this.at++;
        this.skipBlanks(true);
      }
      if (this.at >= this.text.length) return guests;
      const start = this.at;
      const key = this.take(IDENT) ?? this.fail(start, `${shown(this.text[start])}, ${WANTED} with a key in small letters`);
      this.skipBlanks(false);
      const isAdded = this.text[this.at] === '+';
      if (isAdded) this.at++;
      if (this.text[this.at++] !== '=') this.fail(start, `${key}, ${WANTED}`);
      this.skipBlanks(false);
      const value = this.value(key, 0);
      if (key === 'name' && settings.has(key)) {
        if (most === 1 || !startsGuest(this.text.slice(end, start)))
          this.fail(start, 'name: set again, want a file for each guest: xl makes one guest of it all');
        if (guests.length === most) this.fail(start, `name: more than ${most} guests, want fewer`);
        guests.push((settings = new Map<string, XlValue>()));
      }
      const old = isAdded ? settings.get(key) : undefined;
      settings.set(key, old ? this.joined(key, old, value) : value);
      this.endOfSetting(key);
    }
  }

  private endOfSetting(key: string): void {
    this.skipBlanks(false);
    const mark = this.text[this.at];
    if (mark !== undefined && mark !== '\n' && mark !== ';' && mark !== '#')
      this.fail(this.at, `${key}: ${shown(mark)} after its value, want ; or a new line`);
  }

  private value(key: string, depth: number): XlValue {
    const offset = this.at;
    if (++this.values > MOST_VALUES) this.fail(offset, `${key}: more than ${MOST_VALUES} values`);
    const mark = this.text[offset];
    if (mark === '[') return this.list(key, depth + 1);
    if (mark === '"' || mark === "'") return { kind: 'string', text: this.quoted(key), offset };
    const text = this.take(NUMBER);
    if (text === null)
      this.fail(offset, `${key} = ${mark === undefined ? 'nothing' : shown(mark)}, want a number, a text in quotes or [a list]`);
    return { kind: 'number', text: text!, offset };
  }

  private list(key: string, depth: number): XlValue {
    const offset = this.at++;
    if (depth > MOST_DEPTH) this.fail(offset, `${key}: list in lists, want at most ${MOST_DEPTH} levels`);
    const items: XlValue[] = [];
    for (this.skipBlanks(true); this.text[this.at] !== ']'; this.skipBlanks(true)) {
      items.push(this.value(key, depth));
      this.skipBlanks(true);
      if (this.text[this.at] === ',') this.at++;
      else if (this.text[this.at] !== ']') this.fail(offset, `${key}: list without its end, want , or ] after each value`);
    }
    this.at++;
    return { kind: 'list', items, offset };
  }

  /** Text between quotes on one line. Escapes are those of C, without its numbers. */
  private quoted(key: string): string {
    const start = this.at;
    const quote = this.text[start];
    const parts: string[] = [];
    let from = ++this.at;
    for (;;) {
      const mark = this.text[this.at];
      if (mark === undefined || mark === '\n') this.fail(start, `${key}: text without its closing quote, want one on the same line`);
      if (mark === quote) break;
      if (mark === '\\') {
        parts.push(this.text.slice(from, this.at), this.escape(key));
        from = this.at + 2;
        this.at++;
      }
      this.at++;
    }
    parts.push(this.text.slice(from, this.at++));
    return parts.join('');
  }

  private escape(key: string): string {
    const mark = this.text[this.at + 1] ?? '';
    return ESCAPES.get(mark) ?? this.fail(this.at, `${key}: escape \\${mark}, want one of \\" \\' \\\\ \\a \\b \\f \\n \\r \\t \\v`);
  }

  private joined(key: string, old: XlValue, more: XlValue): XlValue {
    if (old.kind === 'list' && more.kind === 'list') {
      for (const item of more.items) old.items.push(item); // onto the old list: many a += would else take time squared
      return old;
    }
    if (old.kind === 'list' || more.kind === 'list')
      return this.fail(more.offset, `${key} += a list to a text or a text to a list, want two of a kind`);
    return { kind: 'string', text: old.text + more.text, offset: more.offset };
  }

  /** Blanks and comments; new lines too where they end nothing. */
  private skipBlanks(withLines: boolean): void {
    for (;;) {
      const mark = this.text[this.at];
      if (mark === '#') {
        const end = this.text.indexOf('\n', this.at);
        this.at = end < 0 ? this.text.length : end;
      } else if (mark === ' ' || mark === '\t' || mark === '\r' || (withLines && mark === '\n')) this.at++;
      else return;
    }
  }

  private take(pattern: RegExp): string | null {
    pattern.lastIndex = this.at;
    const [text = null] = pattern.exec(this.text) ?? [];
    if (text !== null) this.at += text.length;
    return text;
  }

  private fail(offset: number, said: string): never {
    return this.source.fail(Math.min(offset, this.text.length), said);
  }
}

const IDENT = /[a-z][_0-9a-z]*/y;
const NUMBER = /[0-9][0-9a-fx]*/y;
const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['"', '"'],
  ["'", "'"],
  ['\\', '\\'],
  ['a', '\x07'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['v', '\v'],
]);
