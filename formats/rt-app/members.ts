import { placedText, shown, type SourceText } from '../format-error.ts';
import type { Json, JsonMember } from './lenient-json.ts';
import type { RtAppHostUse } from './file.ts';

/** What is noted while a file is read. */
export interface RtAppNotes {
  readonly source: SourceText;
  readonly unsimulated: Note[];
  readonly ignored: Note[];
  readonly hostUses: RtAppHostUse[];
}

export interface Note {
  readonly at: number;
  readonly said: string;
}

/** With line and column, in the file's order. */
export function placedNotes(source: SourceText, notes: readonly Note[]): string[] {
  const placed = ({ at, said }: Note): string => {
    const { line, column } = source.place(at);
    return placedText(line, column, said);
  };
  return [...notes].sort((a, b) => a.at - b.at).map(placed);
}

/** A value with its path in the file, such as `tasks.web.run`. */
export interface Field {
  readonly name: string;
  readonly path: string;
  /** Where its name stands. */
  readonly at: number;
  readonly value: Json;
  readonly notes: RtAppNotes;
}

/** The members of a mapping in the file's order; each that has a meaning of its own is taken once. */
export class Members {
  readonly field: Field;
  private readonly fields: readonly Field[];
  private readonly taken = new Set<string>();

  /** @throws FormatError if the field is no mapping */
  constructor(field: Field) {
    if (field.value.kind !== 'mapping') refuse(field, 'a mapping');
    this.field = field;
    this.fields = field.value.members.map((member) => within(field, member));
  }

  /** Null if it is not there, or is `null`, which json-c does not tell apart. */
  take(name: string): Field | null {
    this.taken.add(name);
    return this.look(name);
  }

  look(name: string): Field | null {
    let found: Field | null = null;
    for (const field of this.fields) {
      if (field.name !== name) continue;
      if (found) fail(field, 'a second time, want it once');
      found = field;
    }
    return found && !isNull(found) ? found : null;
  }

  rest(): Field[] {
    return this.fields.filter(({ name }) => !this.taken.has(name));
  }
}

export function within({ path, notes }: Field, { name, at, value }: JsonMember): Field {
  const short = name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME)}...` : name;
  return { name, path: path === '' ? short : `${path}.${short}`, at, value, notes };
}

/** In a path; an error is one line to read. */
const LONGEST_NAME = 40;

export const isNull = ({ value }: Field): boolean => value.kind === 'word' && value.word === null;

/** rt-app knows no such member, or nothing comes of it; whoever wrote it may have meant something. */
export function ignore(field: Field, why = 'rt-app passes over it'): void {
  field.notes.ignored.push(noteOf(field, why));
}

export function cannotSimulate(field: Field, why: string): void {
  field.notes.unsimulated.push(noteOf(field, why));
}

export function ignoreRest(members: Members): void {
  for (const field of members.rest()) ignore(field);
}

/** A whole number as json-c has them: `1.0` and `1e3` are none. */
export function asWhole(field: Field, least: number, most: number, unit = ''): number {
  const { value } = field;
  const isSound = value.kind === 'number' && value.isWhole && value.number >= least && value.number <= most;
  return isSound ? value.number : refuse(field, `a whole number${unit} from ${least} to ${most}`);
}

/** @returns ns */
export function asUs(field: Field): number {
  return asWhole(field, 0, MOST_INT, ' of µs') * NS_PER_US;
}

export function asText(field: Field): string {
  return field.value.kind === 'text' ? field.value.text : refuse(field, 'a text');
}

export function asFlag(field: Field): boolean {
  const { value } = field;
  return value.kind === 'word' && value.word !== null ? value.word : refuse(field, 'true or false');
}

export function asOneOf<T extends string>(field: Field, choices: readonly T[]): T {
  const text = field.value.kind === 'text' ? field.value.text : null;
  return choices.find((choice) => choice === text) ?? refuse(field, choices.join(', '));
}

/** Different numbers, at least one, by rising number. */
export function asNumbers(field: Field, most: number, what: string): number[] {
  const { value } = field;
  const numbers = value.kind === 'list' ? value.values.map((item) => (item.kind === 'number' && item.isWhole ? item.number : NaN)) : [];
  const isSound = numbers.length > 0 && numbers.every((number) => number >= 0 && number <= most);
  return isSound ? [...new Set(numbers)].sort((a, b) => a - b) : refuse(field, `a list of ${what} from 0 to ${most}`);
}

export function refuse(field: Field, want: string): never {
  const { notes, path, value } = field;
  return notes.source.fail(value.at, `${path || 'the file'} = ${shownJson(value)}, want ${want}`);
}

/** Of what is wrong with its being there. */
export function fail({ notes, at, path }: Field, said: string): never {
  return notes.source.fail(at, `${path}: ${said}`);
}

/** What json-c makes of larger ones is not what they say. */
export const MOST_INT: number = 2 ** 31 - 1;
const NS_PER_US = 1000;

function noteOf({ at, path, value }: Field, why: string): Note {
  return { at, said: `${path} = ${shownJson(value)}: ${why}` };
}

function shownJson(value: Json): string {
  if (value.kind === 'text') return shown(value.text);
  if (value.kind === 'number') return `${shown(value.number)}${value.isWhole ? '' : ' (to json-c a fraction)'}`;
  if (value.kind === 'word') return shown(value.word);
  return value.kind === 'list' ? 'a list' : 'a mapping';
}
