import { shown, type SourceText } from '../format-error.ts';
import type { XlValue } from './syntax.ts';

/** Settings by key, as whole numbers, texts and lists; what is wrong is told with its place. */
export class XlConfig {
  private readonly source: SourceText;
  private readonly settings: ReadonlyMap<string, XlValue>;

  constructor(source: SourceText, settings: ReadonlyMap<string, XlValue>) {
    this.source = source;
    this.settings = settings;
  }

  keys(): Iterable<string> {
    return this.settings.keys();
  }

  has(key: string): boolean {
    return this.settings.has(key);
  }

  value(key: string): XlValue | null {
    return this.settings.get(key) ?? null;
  }

  /** What stands before a remark on a key: `line 3: `. */
  place(key: string): string {
    return `line ${this.source.place(this.settings.get(key)?.offset ?? 0).line}: `;
  }

  /** @param said what comes after the key's name */
  fail(key: string, said: string): never {
    const gap = said.startsWith('[') ? '' : ' ';
    return this.source.fail(this.settings.get(key)?.offset ?? 0, `${key}${gap}${said}`);
  }

  missing(key: string, wanted: string): never {
    return this.source.fail(0, `no ${key}, want ${wanted}`);
  }

  text(key: string): string | null {
    const value = this.value(key);
    if (value === null) return null;
    return value.kind === 'list' ? this.fail(key, '= a list, want a text') : value.text;
  }

  word<Word extends string>(key: string, words: readonly Word[]): Word | null {
    const text = this.text(key);
    if (text === null) return null;
    return words.find((word) => word === text) ?? this.fail(key, `= ${shown(text)}, want ${words.join(', ')}`);
  }

  /** A text, or one of each in a list. */
  texts(key: string): string | string[] | null {
    const value = this.value(key);
    if (value === null) return null;
    if (value.kind !== 'list') return value.text;
    return value.items.map((item, i) => (item.kind === 'list' ? this.fail(key, `[${i}] = a list, want a text`) : item.text));
  }

  /** In C's way of writing: 0x1f and 037 are 31. */
  integer(key: string, least: number, most: number): number | null {
    const text = this.text(key);
    if (text === null) return null;
    const number = readInteger(text.trim());
    if (!(number >= least && number <= most)) this.fail(key, `= ${shown(text)}, want a whole number from ${least} to ${most}`);
    return number;
  }
}

/** As strtol() with base 0; NaN for what is none, or does not fit in 15 digits. */
export function readInteger(text: string): number {
  if (/^0x[0-9a-f]{1,12}$/i.test(text)) return parseInt(text.slice(2), 16);
  if (/^0[0-7]{1,15}$/.test(text)) return parseInt(text, 8);
  return /^(?:0|[1-9]\d{0,14})$/.test(text) ? Number(text) : NaN;
}
