import { describe, expect, test } from 'vitest';
import { FormatError } from '../../../formats/format-error.ts';
import { type Json, parseLenientJson } from '../../../formats/rt-app/lenient-json.ts';

/** Without places, mappings as lists of pairs. */
function plain(json: Json): unknown {
  if (json.kind === 'mapping') return json.members.map(({ name, value }) => [name, plain(value)]);
  if (json.kind === 'list') return json.values.map(plain);
  return json.kind === 'text' ? json.text : json.kind === 'number' ? json.number : json.word;
}
const read = (text: string): unknown => plain(parseLenientJson(text).root);

describe('JSON as json-c takes it', () => {
  test.each([
    ['what strict JSON is', '{"a": [1, -2.5, 3e2, "x", true, false, null, {}, []]}', [['a', [1, -2.5, 300, 'x', true, false, null, [], []]]]],
    ['comments wherever a blank may be', '/* a */{// b {\n"a"/**/:/* "c" */1 /* ** */,// d\r\n"b":2}', [['a', 1], ['b', 2]]],
    ['a comma after the last', '{"a": [1, 2,], "b": 3,}', [['a', [1, 2]], ['b', 3]]],
    ['names that repeat, in their order', '{"run": 1, "sleep": 2, "run": 3}', [['run', 1], ['sleep', 2], ['run', 3]]],
    ['single quotes', `{'a"b': 'c'}`, [['a"b', 'c']]],
    ['a text over lines', '"a\nb\tc"', 'a\nb\tc'],
    ['words in any case', '[TRUE, Null, fAlse]', [true, null, false]],
    ['zeros before, no digits after', '[01, -007, 1., 2.e1, 3e, 4e+]', [1, -7, 1, 20, 3, 4]],
    ['escapes', String.raw`"\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00"`, '"\\/\b\f\n\r\té😀'],
    ['names that objects have', '{"__proto__": 1, "constructor": 2}', [['__proto__', 1], ['constructor', 2]]],
  ])('has %s', (_, text, value) => expect(read(text)).toEqual(value)); // prettier-ignore

  test('knows where a member and its value begin', () => {
    const { root, source } = parseLenientJson('{\n  "ab": 1,\n\t"c": [ 22, "d" ]\n}');
    if (root.kind !== 'mapping') throw new Error('no mapping');
    const places = root.members.map(({ at, value }) => [source.place(at), source.place(value.at)]);
    expect(places).toEqual([
      [{ line: 2, column: 3 }, { line: 2, column: 9 }],
      [{ line: 3, column: 2 }, { line: 3, column: 7 }],
    ]); // prettier-ignore
    const list = root.members[1]!.value;
    expect(list.kind === 'list' && list.values.map(({ at }) => source.place(at).column)).toEqual([9, 13]);
  });

  test('tells whole numbers from others by how they are written', () => {
    const { root } = parseLenientJson('[1, 1.0, 1e0, -0]');
    expect(root.kind === 'list' && root.values.map((value) => value.kind === 'number' && value.isWhole)).toEqual([
      true,
      false,
      false,
      true,
    ]);
  });

  test('ends with the first value: where more follows is told', () => {
    expect(parseLenientJson('{} \n').restAt).toBeNull();
    expect(parseLenientJson('{} \n}').restAt).toBe(4);
  });
});

test.each([
  ['', 'line 1, column 1: the end, want a value'],
  ['{"a": 1', 'line 1, column 8: the end, want a comma, or }'],
  ['[1', 'line 1, column 3: the end, want a comma, or ]'],
  ['{"a" 1}', 'line 1, column 6: "1}", want a colon and a value, if only ""'],
  ['{"suspend",\n"run": 1}', 'line 1, column 11: ",\\n\\"run\\": 1", want a colon and a value, if only ""'],
  ['{"a": 1,,}', 'line 1, column 9: ",}", want a name in quotes, or }'],
  ['{,}', 'line 1, column 2: ",}", want a name in quotes, or }'],
  ['{a: 1}', 'line 1, column 2: "a: 1}", want a name in quotes, or }'],
  ['[,1]', 'line 1, column 2: ",1]", want a value'],
  ['\n [+1]', 'line 2, column 3: "+1]", want a value'],
  ['[.5]', 'line 1, column 2: ".5]", want a value'],
  ['[-]', 'line 1, column 2: "-]", want a value'],
  ['[0x10]', 'line 1, column 3: "x10]", want a comma, or ]'],
  ['[NaN]', 'line 1, column 2: "NaN]", want a value'],
  ['[Infinity]', 'line 1, column 2: "Infinity]", want a value'],
  ['[1e999]', 'line 1, column 2: 5 digits, want a number of at most 308'],
  ['["\\q"]', 'line 1, column 4: "q\\"]", want an escape that JSON has'],
  ['["\\u12x4"]', 'line 1, column 5: "12x4\\"]", want four hexadecimal digits'],
  ['["\\u0000"]', 'line 1, column 8: "0\\"]", want no character 0'],
  ['["a', 'line 1, column 4: the end, want a text that ends in "'],
  ['["a\0b"]', 'line 1, column 4: "\\u0000b\\"]", want a text that ends in "'],
  ['{/* a **/}', 'line 1, column 2: "/* a **/}", want a comment that ends in */, and not in **/'],
  ['{/* a', 'line 1, column 2: "/* a", want a comment that ends in */, and not in **/'],
  [`${'['.repeat(33)}${']'.repeat(33)}`, 'line 1, column 33: "[]]]]]]]]]", want at most 31 levels'],
  [`[${'1,'.repeat(1_000_000)}]`, 'line 1, column 2000000: "1,]", want at most 1000000 values'],
])('%j is refused', (text, message) => {
  let told: unknown = null;
  try {
    parseLenientJson(text);
  } catch (error) {
    told = error;
  }
  expect(told).toBeInstanceOf(FormatError);
  expect((told as Error).message).toBe(message);
});

test('32 levels are read, counted as json-c counts them: a value in 31 lists', () => {
  expect(() => parseLenientJson(`${'['.repeat(31)}1${']'.repeat(31)}`)).not.toThrow();
  expect(() => parseLenientJson(`${'['.repeat(32)}1${']'.repeat(32)}`)).toThrow('at most 31 levels');
});

test('ten times the text takes no more than some ten times as long', () => {
  const text = (members: number): string => `{${'"key": [1, "text", 2.5], /* comment */\n'.repeat(members)}}`;
  const msOf = (members: number): number => {
    const input = text(members);
    const begin = process.cpuUsage(); // others may be using the CPU
    parseLenientJson(input);
    return process.cpuUsage(begin).user / 1000;
  };
  msOf(20_000);
  expect(msOf(200_000)).toBeLessThan(10 * 6 * Math.max(5, msOf(20_000))); // quadratic would be 100 times
});
