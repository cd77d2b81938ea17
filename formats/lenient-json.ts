/** JSON as rt-app's own reader takes it: with comments and trailing commas; members keep their order, and names may repeat. */
export type Json = string | number | boolean | null | Json[] | JsonObject;

export class JsonObject {
  readonly members: readonly JsonMember[];

  constructor(members: readonly JsonMember[]) {
    this.members = members;
  }

  get(name: string): Json | undefined {
    return this.members.find((member) => member.name === name)?.value;
  }
}

export interface JsonMember {
  readonly name: string;
  readonly value: Json;
  readonly line: number;
}

const MAX_DEPTH = 64;
const SPACE = /(?:\s|\/\*[^]*?\*\/|\/\/[^\n]*)*/y;
const SCALAR = /-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|true\b|false\b|null\b/y;
const TEXT = /"(?:[^"\\\n]|\\.)*"/y;

/** @throws RangeError `line N: want ...` */
export function parseLenientJson(text: string): Json {
  let at = 0;

  function fail(want: string): never {
    const found = at >= text.length ? 'the end' : JSON.stringify(text.slice(at, at + 10));
    throw new RangeError(`line ${lineOf(at)}: ${found}, want ${want}`);
  }
  const lineOf = (offset: number): number => text.slice(0, offset).split('\n').length;
  function take(pattern: RegExp): string | null {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found) at = pattern.lastIndex;
    return found && found[0];
  }
  function sign(mark: string): boolean {
    take(SPACE);
    if (text[at] !== mark) return false;
    at++;
    return true;
  }

  function value(depth: number): Json {
    if (depth > MAX_DEPTH) fail(`at most ${MAX_DEPTH} levels`);
    if (sign('{')) return object(depth);
    if (sign('[')) return list(depth);
    const scalar = take(SCALAR) ?? take(TEXT);
    if (scalar === null) return fail('a value');
    try {
      return JSON.parse(scalar) as Json;
    } catch {
      return fail('a value as JSON has it');
    }
  }

  function object(depth: number): JsonObject {
    const members: JsonMember[] = [];
    while (!sign('}')) {
      const line = lineOf(at);
      const name = take(TEXT) ?? fail('a name in quotes, or }');
      if (!sign(':')) fail('a colon');
      members.push({ name: JSON.parse(name) as string, value: value(depth + 1), line });
      if (!sign(',')) {
        if (!sign('}')) fail('a comma, or }');
        break;
      }
    }
    return new JsonObject(members);
  }

  function list(depth: number): Json[] {
    const values: Json[] = [];
    while (!sign(']')) {
      values.push(value(depth + 1));
      if (!sign(',')) {
        if (!sign(']')) fail('a comma, or ]');
        break;
      }
    }
    return values;
  }

  const root = value(0);
  take(SPACE);
  if (at < text.length) fail('nothing more');
  return root;
}
