import { expect, test } from 'vitest';
import { canonicalJson } from '../../report/json.ts';

test('keys come out in one order, lists in their own', () => {
  expect(canonicalJson({ b: [3, 1], a: { d: null, c: 'x' } })).toBe('{"a":{"c":"x","d":null},"b":[3,1]}');
  expect(canonicalJson({ a: { c: 'x', d: null }, b: [3, 1] })).toBe('{"a":{"c":"x","d":null},"b":[3,1]}');
});

test('a key without value is left out', () => expect(canonicalJson({ a: undefined, b: 1 })).toBe('{"b":1}'));

test('a key called __proto__ is data', () => {
  expect(canonicalJson(JSON.parse('{"__proto__":{"x":1},"a":2}'))).toBe('{"__proto__":{"x":1},"a":2}');
});

test('indents on request', () => expect(canonicalJson({ a: 1 }, 2)).toBe('{\n  "a": 1\n}'));

test.each([
  ['$.a[1]', { a: [1, NaN] }],
  ['$.a', { a: Infinity }],
  ['$.f', { f: () => 1 }],
  ['$.t', { t: new Float64Array(2) }],
  ['$[0]', [undefined]],
  ['$.m', { m: new Map() }],
])('refuses what JSON would change silently, at %s', (path, value) => {
  expect(() => canonicalJson(value)).toThrow(path);
});
