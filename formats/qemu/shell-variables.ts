import type { SourceText } from '../format-error.ts';

/** What a text has set to a plain value, by name, and how often one was put in its name's place. */
export interface Variables {
  readonly values: Map<string, string>;
  put: number;
}

/** What a shell would put something in the place of. */
export interface Expansion {
  readonly at: number;
  /** As it is written. */
  readonly text: string;
}

/** So that a text cannot grow by them. */
const MOST_VALUE = 256;
const MOST_VARIABLES = 1000;
const MOST_PUT = 10_000;
const ASSIGNMENT = /^([A-Za-z_]\w{0,63})=([^]*)$/;

/**
 * What a command of assignments alone sets, `export` before them or not.
 * @param isCertain whether a shell runs it in any case: else what it sets is not known from then on
 */
export function remember(
  { values }: Variables,
  words: readonly { readonly text: string; readonly unknown?: Expansion }[],
  isCertain: boolean,
): void {
  const assigned = words[0]?.text === 'export' ? words.slice(1) : words;
  if (!assigned.every(({ text }) => ASSIGNMENT.test(text))) return;
  for (const { text, unknown } of assigned) {
    const [, name = '', value = ''] = ASSIGNMENT.exec(text)!;
    if (!isCertain || unknown || value.length > MOST_VALUE || values.size >= MOST_VARIABLES) values.delete(name);
    else values.set(name, value);
  }
}

/**
 * `$NAME`, `${NAME}`, or anything else that a shell expands, from its first character on. Outside quotes a shell would take a value with
 * blanks apart, so that such a one is not known.
 * @returns where it ends, and its value; null where that is not known
 */
export function readExpansion(
  source: SourceText,
  start: number,
  variables: Variables,
  isQuoted: boolean,
): { readonly end: number; readonly value: string | null } {
  const { text } = source;
  if (text[start] === '`') return { end: closing(source, start, start + 1, '`', '`'), value: null };
  if (text[start + 1] === '(') return { end: closing(source, start, start + 2, '(', ')'), value: null };
  if (text[start + 1] === '{') return named(text, start, closing(source, start, start + 2, '{', '}'), 2, 1, variables, isQuoted);
  const [name = ''] = NAME.exec(text.slice(start + 1, start + 65)) ?? [];
  if (name === '') return { end: start + 2, value: null }; // $1, $@, $?
  return named(text, start, start + 1 + name.length, 1, 0, variables, isQuoted);
}

const NAME = /^[A-Za-z_]\w*/;

function named(
  text: string,
  start: number,
  end: number,
  before: number,
  after: number,
  variables: Variables,
  isQuoted: boolean,
): { readonly end: number; readonly value: string | null } {
  const value = variables.values.get(text.slice(start + before, end - after)) ?? null;
  const isKnown = value !== null && (isQuoted || !/\s/.test(value)) && variables.put++ < MOST_PUT;
  return { end, value: isKnown ? value : null };
}

/** After the mark that closes it, of those in it that open another. */
function closing(source: SourceText, start: number, from: number, open: string, close: string): number {
  const { text } = source;
  let depth = 1;
  for (let at = from; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === close) {
      if (--depth === 0) return at + 1;
    } else if (text[at] === open) depth++;
  }
  return source.fail(start, `${text.slice(start, from)} without its end, want ${close}`);
}
