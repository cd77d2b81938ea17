import { describe, expect, test } from 'vitest';
import { formatBytes, formatNs, formatNumber, formatPlusMinus, formatShare, plainText } from '../../report/format.ts';

test.each([
  [3.14159, 3, '3.14'],
  [9.996, 3, '10.0'],
  [0.00123456, 3, '0.00123'],
  [12345.6, 3, '12346'], // digits before the point are never made up as zeros
  [-27.44, 2, '-27'],
  [0, 3, '0'],
  [-0, 3, '0'],
  [1.5e-9, 3, '1.50e-9'],
  [2.5e18, 2, '2.5e+18'],
  [Infinity, 3, 'Infinity'],
  [NaN, 3, 'NaN'],
])('%d to %i digits is %s', (value, digits, text) => expect(formatNumber(value, digits)).toBe(text));

test.each([
  [0, '0 ns'],
  [999, '999 ns'],
  [1234, '1.23 us'],
  [999_499, '999 us'],
  [999_999, '1.00 ms'], // rounds up into the next unit instead of reading '1000 us'
  [20_000_000, '20 ms'],
  [1_234_567_890, '1.23 s'],
  [3_600_000_000_000, '3600 s'],
  [-2_500, '-2.50 us'],
])('%d ns reads %s', (ns, text) => expect(formatNs(ns)).toBe(text));

test.each([
  [0, '0 B'],
  [1023, '1023 B'],
  [1024, '1 KiB'],
  [6 * 1024 ** 2, '6 MiB'],
  [1.5 * 1024 ** 3, '1.50 GiB'],
])('%d bytes read %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text));

test.each([
  [0.12345, '12.3 %'],
  [0, '0 %'],
  [0.0000099, '<0.001 %'],
])('a share of %f reads %s', (share, text) => expect(formatShare(share)).toBe(text));

test('the half-width decides the digits of a mean', () => {
  expect(formatPlusMinus(23.45678, 0.0321)).toBe('23.457 ± 0.032');
  expect(formatPlusMinus(23456.78, 321)).toBe('23457 ± 321');
  expect(formatPlusMinus(23.4, Infinity)).toBe('23.4 ± ?');
  expect(formatPlusMinus(23.4, 0)).toBe('23.4 ± 0');
});

describe('a name that others chose', () => {
  test('keeps letters of any script', () => expect(plainText('vm-3 Größe 日本')).toBe('vm-3 Größe 日本'));

  test.each([
    ['an escape sequence', 'a\x1b[2Jb', 'a[2Jb'],
    ['line ends and tabs', 'a\r\n\tb\u2028c', 'abc'],
    ['eight-bit controls', 'a\x9b31mb\x7f', 'a31mb'],
    ['a change of direction', 'a\u202eb', 'ab'],
    ['half a surrogate pair', 'a\ud800b', 'ab'],
  ])('loses %s', (_, name, text) => expect(plainText(name)).toBe(text));
});
