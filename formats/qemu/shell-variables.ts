import type { SourceText } from '../format-error.ts';

/** What a text has set to a plain value, by name. */
export interface Variables {
  readonly values: Map<string, string>;
  /** How often one was put in its name's place. */
  put: number;
  /** How many `if`, `for` and the like are open. */
  depth: number;
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
/** What a command may change: `read NAME`, `NAME+=VALUE`, `local NAME=VALUE`. */
const NAMED = /^([A-Za-z_]\w{0,63})(?:\+?=|$)/;

/** Words that stand before the commands of a part that may be run once, never or often, and how many parts they open. */
const CONTROL: ReadonlyMap<string, number> = new Map([
  ...['if', 'for', 'while', 'until', 'case', 'select', 'function', '{'].map((word) => [word, 1] as const),
  ...['then', 'else', 'elif', 'do', '!'].map((word) => [word, 0] as const),
  ...['fi', 'done', 'esac', '}'].map((word) => [word, -1] as const),
]);
/** Behind these stands no command: `for NAME in`, `case WORD in`. */
const HEADS = new Set(['for', 'case', 'select', 'function']);
/** They run what is not in the text, or not to be read there. */
const RUNS_OTHER = new Set(['.', 'source', 'eval']);

type Words = readonly { readonly text: string; readonly unknown?: Expansion }[];

/** Counts the parts that a command opens or ends. Returns the command behind the words of the shell, which may be none. */
export function enter<Word extends Words[number]>(variables: Variables, words: readonly Word[]): readonly Word[] {
  let at = 0;
  for (; CONTROL.has(words[at]?.text ?? ''); at++) {
    const { text } = words[at]!;
    variables.depth = Math.max(0, variables.depth + CONTROL.get(text)!);
    if (!HEADS.has(text)) continue;
    variables.values.delete(words[at + 1]?.text ?? '');
    return [];
  }
  return words.slice(at);
}

/**
 * What a command of assignments alone sets, `export` before them or not. Whatever else may set a variable has its value unknown.
 * @param isCertain whether a shell runs the command once in any case
 */
export function remember({ values }: Variables, words: Words, isCertain: boolean): void {
  const isExport = words[0]?.text === 'export';
  const assigned = isExport ? words.slice(1).filter(({ text }) => text.includes('=')) : words;
  if (RUNS_OTHER.has(assigned[0]?.text ?? '')) values.clear();
  if (isCertain && assigned.every(({ text }) => ASSIGNMENT.test(text))) for (const word of assigned) assign(values, word);
  else for (const { text } of assigned) values.delete(NAMED.exec(text)?.[1] ?? '');
}

function assign(values: Map<string, string>, { text, unknown }: Words[number]): void {
  const [, name = '', value = ''] = ASSIGNMENT.exec(text)!;
  if (unknown || value.length > MOST_VALUE || values.size >= MOST_VARIABLES) values.delete(name);
  else values.set(name, value);
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
  if (text[start + 1] === '{') {
    const end = closing(source, start, start + 2, '{', '}');
    return { end, value: valueOf(text.slice(start + 2, end - 1), variables, isQuoted) };
  }
  const [name = ''] = NAME.exec(text.slice(start + 1, start + 65)) ?? [];
  if (name === '') return { end: start + 2, value: null }; // $1, $@, $?
  return { end: start + 1 + name.length, value: valueOf(name, variables, isQuoted) };
}

const NAME = /^[A-Za-z_]\w*/;

function valueOf(name: string, variables: Variables, isQuoted: boolean): string | null {
  const value = variables.values.get(name) ?? null;
  return value !== null && (isQuoted || !/\s/.test(value)) && variables.put++ < MOST_PUT ? value : null;
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
