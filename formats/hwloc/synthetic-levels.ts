import { shown, type SourceText } from '../format-error.ts';
import { MOST_CPUS } from './machine.ts';

/** One level of a synthetic string; the first is the machine. */
export interface SyntheticLevel {
  /** Empty until implied levels are named. */
  type: SyntheticType | '';
  /** For caches, the level; for groups, the number behind the name if there is one. */
  readonly depth: number | null;
  /** Objects of it in the machine. */
  readonly width: number;
  readonly attributes: SyntheticAttributes;
  /** Nodes attached to each object, in order. */
  readonly attached: SyntheticAttributes[];
  readonly offset: number;
}

export interface SyntheticAttributes {
  readonly bytes: number | null;
  readonly indexes: { readonly text: string; readonly offset: number } | null;
}

export type SyntheticType = 'Machine' | 'Package' | 'Die' | 'Group' | 'NUMANode' | 'Core' | 'PU' | 'Cache' | 'ICache';

/** Any beginning of two letters and more is understood, in upper or lower case: hwloc/traversal.c, hwloc_type_sscanf. */
const NAMES: readonly (readonly [string, SyntheticType])[] = [
  ['numanode', 'NUMANode'],
  ['node', 'NUMANode'],
  ['package', 'Package'],
  ['socket', 'Package'],
  ['die', 'Die'],
  ['core', 'Core'],
  ['pu', 'PU'],
  ['group', 'Group'],
];
/** Not by any beginning, and only like this. */
const GROUPS_TOO = ['Tile', 'Module'];
const CACHE = /^l([1-5])[du]?(c(a(c(h(e)?)?)?)?)?$/i;
const INSTRUCTION_CACHE = /^l([1-3])i(c(a(c(h(e)?)?)?)?)?$/i;
const UNITS: Readonly<Record<string, number>> = {
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 1024,
  mib: 1024 ** 2,
  gib: 1024 ** 3,
  tib: 1024 ** 4,
};
const MOST_LEVELS = 128;
const NUMBER = '(0x[0-9a-f]{1,14}|\\d{1,17})';

/** Reads the levels as they stand: neither implied types nor a missing NUMA level are filled in. */
export function readLevels(source: SourceText, remarks: string[]): SyntheticLevel[] {
  const cursor = new Cursor(source);
  cursor.skipSpaces();
  const none: SyntheticAttributes = { bytes: null, indexes: null };
  const root = cursor.next('(') ? readAttributes(cursor, 'Machine', remarks) : none;
  const levels: SyntheticLevel[] = [{ type: 'Machine', depth: null, width: 1, attributes: root, attached: [], offset: 0 }];
  for (cursor.skipSpaces(); !cursor.isAtEnd(); cursor.skipSpaces()) {
    const last = levels.at(-1)!;
    if (cursor.next('[')) {
      last.attached.push(readAttached(cursor, remarks));
      continue;
    }
    const offset = cursor.at;
    const { type, depth } = readType(cursor);
    const count = readNumber(cursor, 'a number of objects');
    const width = last.width * count;
    if (count === 0 || width > MOST_CPUS) source.fail(offset, `${count} objects, want 1 and more, ${MOST_CPUS} CPUs at most`);
    if (levels.length === MOST_LEVELS) source.fail(offset, `one more level, want at most ${MOST_LEVELS - 1}`);
    const attributes = cursor.next('(') ? readAttributes(cursor, type, remarks) : none;
    if (!attributesEnd(cursor)) source.fail(cursor.at, `${shown(cursor.word() || cursor.character())}, want a blank before the next level`);
    levels.push({ type, depth, width, attributes, attached: [], offset });
  }
  return levels;
}

/** Where a level may end: at its bracket, or before a blank, a node attached or the end. */
function attributesEnd(cursor: Cursor): boolean {
  return cursor.isAtEnd() || cursor.before === ')' || cursor.peek(' ') || cursor.peek('[');
}

function readAttached(cursor: Cursor, remarks: string[]): SyntheticAttributes {
  const offset = cursor.at;
  const name = cursor.word();
  if (typeOf(name)?.type !== 'NUMANode') cursor.source.fail(offset, `[${name}], want [numa], the only thing that can be attached`);
  cursor.skipSpaces();
  const attributes = cursor.next('(') ? readAttributes(cursor, 'NUMANode', remarks) : { bytes: null, indexes: null };
  cursor.skipSpaces();
  if (!cursor.next(']')) cursor.source.fail(cursor.at, `${shown(cursor.word() || cursor.character())}, want ] after a node attached`);
  return attributes;
}

function readType(cursor: Cursor): { type: SyntheticType | ''; depth: number | null } {
  if (cursor.peekDigit()) return { type: '', depth: null };
  const offset = cursor.at;
  const name = cursor.word();
  const found = typeOf(name);
  if (!found) {
    const names = 'pack, die, group, numa, l1 to l5, l1i to l3i, core, pu or a number';
    cursor.source.fail(offset, `${shown(name || cursor.character())}, want ${names}`);
  }
  cursor.skipSpaces();
  if (!cursor.next(':')) cursor.source.fail(cursor.at, `${shown(name)} without a colon and a number of objects, want ${name}:2 or so`);
  cursor.skipSpaces();
  return found;
}

/** Null for an unknown name. */
export function typeOf(name: string): { readonly type: SyntheticType; readonly depth: number | null } | null {
  const cache = CACHE.exec(name)?.[1];
  if (cache !== undefined) return { type: 'Cache', depth: Number(cache) };
  const instructions = INSTRUCTION_CACHE.exec(name)?.[1];
  if (instructions !== undefined) return { type: 'ICache', depth: Number(instructions) };
  if (GROUPS_TOO.includes(name)) return { type: 'Group', depth: null };
  const letters = /^[a-z]{2,}/i.exec(name)?.[0] ?? '';
  const rest = name.slice(letters.length);
  const type = letters === '' ? undefined : NAMES.find(([full]) => full.startsWith(letters.toLowerCase()))?.[1];
  if (type === undefined || (rest !== '' && (type !== 'Group' || !/^\d{1,3}$/.test(rest)))) return null;
  return { type, depth: rest === '' ? null : Number(rest) };
}

/** From behind the opening bracket to behind the closing one. */
function readAttributes(cursor: Cursor, type: SyntheticType | '', remarks: string[]): SyntheticAttributes {
  let bytes: number | null = null;
  let indexes: SyntheticAttributes['indexes'] = null;
  while (!cursor.next(')')) {
    const offset = cursor.at;
    const key = cursor.key();
    if (key === 'indexes') indexes = { offset: cursor.at, text: cursor.until(' )') };
    else if (key === (type === 'Cache' || type === 'ICache' ? 'size' : 'memory')) bytes = readSize(cursor) || null;
    else if (key === 'memorysidecachesize' && type === 'NUMANode') {
      remarks.push(`memorysidecachesize=${readSize(cursor)}: memory-side caches have no place in the model`);
    } else cursor.source.fail(offset, `${shown(key || cursor.character())}, want ${keysOf(type)}`);
    if (!cursor.next(' ') && !cursor.peek(')'))
      cursor.source.fail(cursor.at, `${shown(cursor.character())}, want a blank or ) after ${key}=`);
  }
  return { bytes, indexes };
}

function keysOf(type: SyntheticType | ''): string {
  if (type === 'NUMANode') return 'memory=, memorysidecachesize= or indexes=';
  return type === 'Cache' || type === 'ICache' ? 'size= or indexes=' : 'memory= or indexes=';
}

function readSize(cursor: Cursor): number {
  const offset = cursor.at;
  const number = readNumber(cursor, 'a size such as 16GB');
  const letters = cursor.word();
  const factor = letters === '' ? 1 : new Map(Object.entries(UNITS)).get(letters.toLowerCase());
  if (factor === undefined) cursor.source.fail(offset, `${number}${letters.slice(0, 20)}, want kB, MB, GB, TB, kiB, MiB, GiB or TiB`);
  if (!Number.isSafeInteger(number * factor)) cursor.source.fail(offset, `${number}${letters}, want less than 2^53 bytes`);
  return number * factor;
}

/** Decimal, 0x hexadecimal, or octal after a 0, as C's strtoul. */
function readNumber(cursor: Cursor, want: string): number {
  const offset = cursor.at;
  const text = cursor.match(NUMBER);
  const isOctal = /^0\d/.test(text);
  const number = isOctal && /[89]/.test(text) ? NaN : isOctal ? parseInt(text, 8) : text === '' ? NaN : Number(text);
  if (!Number.isSafeInteger(number)) cursor.source.fail(offset, `${shown(text || cursor.character())}, want ${want}`);
  return number;
}

class Cursor {
  readonly source: SourceText;
  at = 0;

  constructor(source: SourceText) {
    this.source = source;
  }

  get before(): string {
    return this.source.text[this.at - 1] ?? '';
  }

  isAtEnd(): boolean {
    return this.at >= this.source.text.length;
  }

  character(): string {
    return this.source.text[this.at] ?? '';
  }

  peek(mark: string): boolean {
    return this.character() === mark;
  }

  peekDigit(): boolean {
    return /^\d$/.test(this.character());
  }

  next(mark: string): boolean {
    const is = this.peek(mark);
    if (is) this.at++;
    return is;
  }

  skipSpaces(): void {
    while (this.peek(' ')) this.at++;
  }

  /** Letters and digits, none if there are none. */
  word(): string {
    return this.match('[a-z0-9]{1,64}');
  }

  /** A key and its `=`; empty, and nowhere further, if there is none. */
  key(): string {
    return this.match('[a-z]{1,64}=').slice(0, -1);
  }

  match(pattern: string): string {
    const expression = new RegExp(pattern, 'iy');
    expression.lastIndex = this.at;
    const text = expression.exec(this.source.text)?.[0] ?? '';
    this.at += text.length;
    return text;
  }

  until(marks: string): string {
    const from = this.at;
    while (!this.isAtEnd() && !marks.includes(this.character())) this.at++;
    return this.source.text.slice(from, this.at);
  }
}
