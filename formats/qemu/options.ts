import { shown, type SourceText } from '../format-error.ts';
import type { ShellWord } from './shell-words.ts';

/** `KEY=VALUE` of an option's argument, and where the key stands. */
export interface Setting {
  readonly key: string;
  readonly value: string;
  readonly at: number;
  /** Nothing but a key was written. */
  readonly isBare: boolean;
}

/** An option of a command line with its argument taken apart. */
export interface QemuOption {
  /** Without dashes. */
  readonly name: string;
  readonly at: number;
  readonly argument: ShellWord | null;
}

/** The settings of one argument, in order; keys may come more than once. */
export class Settings {
  readonly option: string;
  readonly all: readonly Setting[];
  private readonly source: SourceText;
  private readonly at: number;

  /**
   * As QEMU takes an argument apart: by commas, of which two stand for one that is meant.
   * @param first the key that the first part has if it has none, such as `type` of -machine
   */
  constructor(source: SourceText, { name, at, argument }: QemuOption, first: string | null) {
    this.source = source;
    this.option = `-${name}`;
    this.at = argument?.offsets[0] ?? at;
    if (argument === null) this.all = [];
    else if (argument.text.startsWith('{'))
      this.all =
        jsonSettings(argument, this.at) ??
        source.fail(this.at, `${this.option}, want a JSON object of texts, numbers, true and false, at most ${MOST_LEVELS} levels deep`);
    else this.all = partsOf(argument).map((part, i) => settingOf(part, i === 0 ? first : null));
  }

  one(key: string): Setting | null {
    const found = this.all.filter((setting) => setting.key === key);
    return found.at(-1) ?? null; // as QEMU: the last that is written holds
  }

  many(key: string): readonly Setting[] {
    return this.all.filter((setting) => setting.key === key);
  }

  /** @throws FormatError for a key that is none of these */
  allow(keys: readonly string[]): void {
    const unknown = this.all.find(({ key }) => !keys.includes(key));
    if (unknown) this.source.fail(unknown.at, `${this.option} ${shown(unknown.key)}: unknown key, want one of ${keys.join(', ')}`);
  }

  fail(setting: Setting | null, want: string): never {
    if (setting === null) return this.source.fail(this.at, `${this.option}: ${want}`);
    return this.source.fail(setting.at, `${this.option} ${setting.key} = ${shown(setting.value)}, ${want}`);
  }

  /** @returns null where the key is not there */
  count(key: string, min: number, max: number): number | null {
    const setting = this.one(key);
    if (setting === null) return null;
    const value = wholeNumber(setting.value);
    if (value === null || value < min || value > max) this.fail(setting, `want a whole number from ${min} to ${max}`);
    return value;
  }

  /** Bytes. @param unitBytes what a number without a suffix counts in */
  size(key: string, unitBytes: number): number | null {
    const setting = this.one(key);
    if (setting === null) return null;
    const bytes = sizeBytes(setting.value, unitBytes);
    if (bytes === null || bytes <= 0 || bytes > MOST_BYTES) this.fail(setting, 'want a size such as 4G, 512M or 2048');
    return bytes;
  }

  choice<const Choice extends string>(key: string, choices: readonly Choice[]): Choice | null {
    const setting = this.one(key);
    if (setting === null) return null;
    const choice = choices.find((one) => one === setting.value);
    if (choice === undefined) this.fail(setting, `want one of ${choices.join(', ')}`);
    return choice;
  }

  isOn(key: string): boolean {
    const setting = this.one(key);
    if (setting === null) return false;
    if (setting.isBare || ['on', 'yes', 'true', 'y'].includes(setting.value)) return true;
    if (!['off', 'no', 'false', 'n'].includes(setting.value)) this.fail(setting, 'want on or off');
    return false;
  }
}

const MOST_BYTES = 1024 ** 5; // 1 PiB
const SUFFIXES = new Map([['', 0], ['b', 0], ['k', 1], ['m', 2], ['g', 3], ['t', 4], ['p', 5]]); // prettier-ignore

/** A size as QEMU writes one: powers of 1024, the suffix in either case, a B after it allowed; null if it is none or no whole number. */
export function sizeBytes(text: string, unitBytes: number): number | null {
  const match = /^(\d{1,15})(?:\.(\d{1,9}))?([bkmgtp]?)(?:i?b)?$/i.exec(text);
  if (!match) return null;
  const [, whole = '', fraction, suffix = ''] = match;
  const factor = suffix === '' ? unitBytes : 1024 ** SUFFIXES.get(suffix.toLowerCase())!;
  const bytes = fraction === undefined ? Number(whole) * factor : Math.floor(Number(`${whole}.${fraction}`) * factor);
  return Number.isSafeInteger(bytes) ? bytes : null;
}

export function wholeNumber(text: string): number | null {
  return /^\d{1,9}$/.test(text) ? Number(text) : null;
}

/**
 * The same in JSON, as libvirt writes it: a list gives its key several times; what is nested has the keys that QEMU has for it elsewhere,
 * `iothread-vq-mapping.0.iothread`. null if it is none of that.
 */
function jsonSettings({ text }: ShellWord, at: number): Setting[] | null {
  let tree: unknown;
  try {
    tree = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof tree !== 'object' || tree === null || Array.isArray(tree)) return null;
  const settings: Setting[] = [];
  const isSound = Object.entries(tree).every(([key, value]) => addJson(settings, key, value, at, 1));
  return isSound ? settings : null;
}

const MOST_LEVELS = 8;

/** @returns false for null, and where it is too deep */
function addJson(settings: Setting[], key: string, value: unknown, at: number, level: number): boolean {
  if (value === null || level > MOST_LEVELS) return false;
  if (typeof value !== 'object') {
    settings.push({ key, value: value === true ? 'on' : value === false ? 'off' : String(value), at, isBare: false });
    return true;
  }
  const isList = Array.isArray(value);
  return Object.entries(value).every(([name, one]: [string, unknown]) =>
    addJson(settings, isList && typeof one !== 'object' ? key : `${key}.${name}`, one, at, level + 1),
  );
}

interface Part {
  readonly text: string;
  readonly at: number;
}

function partsOf({ text, offsets }: ShellWord): Part[] {
  const parts: Part[] = [];
  let part = '';
  let from = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] !== ',') part += text[i]!;
    else if (text[i + 1] === ',') {
      part += ',';
      i++;
    } else {
      parts.push({ text: part, at: offsets[from]! });
      part = '';
      from = i + 1;
    }
  }
  parts.push({ text: part, at: offsets[from]! });
  return parts.filter((one, i) => one.text !== '' || i < parts.length - 1); // QEMU forgives a comma at the end
}

function settingOf({ text, at }: Part, first: string | null): Setting {
  const sign = text.indexOf('=');
  if (sign >= 0) return { key: text.slice(0, sign), value: text.slice(sign + 1), at, isBare: false };
  return first === null ? { key: text, value: '', at, isBare: true } : { key: first, value: text, at, isBare: false };
}
