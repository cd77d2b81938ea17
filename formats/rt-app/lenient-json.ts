import { SourceText } from '../format-error.ts';

/**
 * JSON as json-c takes it when it is not strict, which is how rt-app reads its files: with comments, trailing commas, texts in single
 * quotes or over several lines, `TRUE`, `01` and `1.`; members keep their order, and names may repeat. `at` is where something begins.
 * After: json-c 0.16, json_tokener.c; tried out with Debian's rt-app.
 */
export type Json = JsonText | JsonNumber | JsonWord | JsonList | JsonMapping;

export interface JsonText {
  readonly kind: 'text';
  readonly at: number;
  readonly text: string;
}

export interface JsonNumber {
  readonly kind: 'number';
  readonly at: number;
  readonly number: number;
  /** Written without point and exponent: what json-c calls an integer. */
  readonly isWhole: boolean;
}

export interface JsonWord {
  readonly kind: 'word';
  readonly at: number;
  readonly word: boolean | null;
}

export interface JsonList {
  readonly kind: 'list';
  readonly at: number;
  readonly values: readonly Json[];
}

export interface JsonMapping {
  readonly kind: 'mapping';
  readonly at: number;
  readonly members: readonly JsonMember[];
}

export interface JsonMember {
  readonly name: string;
  /** Of its name; its value has its own. */
  readonly at: number;
  readonly value: Json;
}

export interface LenientJson {
  readonly root: Json;
  readonly source: SourceText;
  /** Where something follows that json-c does not look at any more; null if nothing does. */
  readonly restAt: number | null;
}

/** That of json-c: what is in 32 mappings or lists is refused. */
const MOST_DEPTH = 31;
const MOST_VALUES = 1_000_000;

const NUMBER = /-?\d+(?:\.\d*)?(?:[eE][-+]?\d*)?/y;
const WORD = /[a-z]{1,9}/iy;
const HEX = /[\da-f]{4}/iy;
const ESCAPES = new Map([...'"\\/'].map((mark) => [mark, mark] as const).concat([['b', '\b'], ['f', '\f'], ['n', '\n'], ['r', '\r'], ['t', '\t']])); // prettier-ignore
const WORDS = new Map([
  ['true', true],
  ['false', false],
  ['null', null],
] as const);

/** @throws FormatError for what json-c refuses, more than 31 levels, a million values or 64 Mi characters, and numbers beyond a double */
export function parseLenientJson(text: string): LenientJson {
  const reader = new JsonReader(new SourceText(text));
  const root = reader.value(0);
  return { root, source: reader.source, restAt: reader.restAt() };
}

/** Goes over the text once; `at` is the next character that nobody has taken. */
class JsonReader {
  readonly source: SourceText;
  private readonly text: string;
  private at = 0;
  private count = 0;

  constructor(source: SourceText) {
    this.source = source;
    this.text = source.text;
  }

  value(depth: number): Json {
    this.skipSpace();
    if (depth > MOST_DEPTH) this.fail(`at most ${MOST_DEPTH} levels`);
    if (++this.count > MOST_VALUES) this.fail(`at most ${MOST_VALUES} values`);
    const { at } = this;
    const mark = this.text[at];
    if (mark === '{') return this.mapping(depth);
    if (mark === '[') return this.list(depth);
    if (mark === '"' || mark === "'") return { kind: 'text', at, text: this.quoted() };
    return this.number() ?? this.word();
  }

  /** Comments are looked over as far as they end. */
  restAt(): number | null {
    this.skipBlanks();
    return this.at < this.text.length ? this.at : null;
  }

  private mapping(depth: number): JsonMapping {
    const { at } = this;
    this.at++;
    const members: JsonMember[] = [];
    while (!this.sign('}')) {
      const nameAt = this.at;
      const mark = this.text[nameAt];
      if (mark !== '"' && mark !== "'") this.fail('a name in quotes, or }');
      const name = this.quoted();
      if (!this.sign(':')) this.fail('a colon and a value, if only ""');
      members.push({ name, at: nameAt, value: this.value(depth + 1) });
      if (this.sign(',')) continue;
      if (!this.sign('}')) this.fail('a comma, or }');
      break;
    }
    return { kind: 'mapping', at, members };
  }

  private list(depth: number): JsonList {
    const { at } = this;
    this.at++;
    const values: Json[] = [];
    while (!this.sign(']')) {
      values.push(this.value(depth + 1));
      if (this.sign(',')) continue;
      if (!this.sign(']')) this.fail('a comma, or ]');
      break;
    }
    return { kind: 'list', at, values };
  }

  private number(): JsonNumber | null {
    const { at } = this;
    const written = this.take(NUMBER);
    if (written === null) return null;
    const isWhole = !/[.e]/i.test(written);
    const number = Number.parseFloat(written); // which passes over an exponent without digits, as json-c does
    if (!Number.isFinite(number)) this.source.fail(at, `${written.length} digits, want a number of at most 308`);
    return { kind: 'number', at, number, isWhole };
  }

  private word(): JsonWord {
    const { at } = this;
    const word = WORDS.get((this.take(WORD) ?? '').toLowerCase() as 'true');
    if (word !== undefined) return { kind: 'word', at, word };
    this.at = at;
    return this.fail('a value');
  }

  private quoted(): string {
    const quote = this.text[this.at++]!;
    const parts: string[] = [];
    for (let start = this.at; ; this.at++) {
      const mark = this.text[this.at];
      if (mark === undefined || mark === '\0') this.fail(`a text that ends in ${quote}`);
      if (mark !== quote && mark !== '\\') continue;
      parts.push(this.text.slice(start, this.at));
      if (mark === quote) break;
      this.at++;
      parts.push(this.escaped());
      start = this.at + 1;
    }
    this.at++;
    return parts.length === 1 ? parts[0]! : parts.join('');
  }

  /** Ends on the last character of the escape. */
  private escaped(): string {
    const mark = this.text[this.at];
    const plain = ESCAPES.get(mark ?? '');
    if (plain !== undefined) return plain;
    if (mark !== 'u') this.fail('an escape that JSON has');
    this.at++;
    const code = this.take(HEX) ?? this.fail('four hexadecimal digits');
    this.at--;
    return code === '0000' ? this.fail('no character 0') : String.fromCharCode(Number.parseInt(code, 16));
  }

  private take(pattern: RegExp): string | null {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text);
    if (found) this.at = pattern.lastIndex;
    return found && found[0];
  }

  private sign(mark: string): boolean {
    this.skipSpace();
    if (this.text[this.at] !== mark) return false;
    this.at++;
    return true;
  }

  private skipSpace(): void {
    for (;;) {
      this.skipBlanks();
      if (this.text[this.at] !== '/') return;
      const next = this.text[this.at + 1];
      if (next === '/') this.skipLine();
      else if (next === '*') this.skipComment();
      else return;
    }
  }

  private skipBlanks(): void {
    for (; ; this.at++) {
      const mark = this.text[this.at];
      if (mark !== ' ' && mark !== '\t' && mark !== '\n' && mark !== '\r') return;
    }
  }

  private skipLine(): void {
    const end = this.text.indexOf('\n', this.at);
    this.at = end < 0 ? this.text.length : end;
  }

  /** json-c takes the character after a `*` as it is, so that it reads over the end of a comment that has two there. */
  private skipComment(): void {
    for (let at = this.text.indexOf('*', this.at + 2); at >= 0; at = this.text.indexOf('*', at + 2)) {
      if (this.text[at + 1] !== '/') continue;
      this.at = at + 2;
      return;
    }
    this.fail('a comment that ends in */, and not in **/');
  }

  private fail(want: string): never {
    const { at, text } = this;
    const found = at >= text.length ? 'the end' : JSON.stringify(text.slice(at, at + 10));
    return this.source.fail(at, `${found}, want ${want}`);
  }
}
