import { describe, expect, test } from 'vitest';
import {
  formatBytes,
  formatInterval,
  formatNs,
  formatNumber,
  formatPlusMinus,
  formatPValue,
  formatShare,
  plainText,
} from '../../report/format.ts';

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

describe('of a mean six digits are told, however sure it is', () => {
  test.each([
    [25.6479017, 0.0000025, '25.6479 ± <0.0001'],
    [25.6479017, 0.00000025, '25.6479 ± <0.0001'], // would be written 2.5e-7
    [25.6479017, 0.00012, '25.6479 ± 0.0001'], // of its two digits, the one that is left
    [25.6479017, 0.00006, '25.6479 ± <0.0001'], // not rounded up to a digit that it does not reach
    [-25.6479017, 0.0000025, '-25.6479 ± <0.0001'],
    [99.9999999, 0.00001, '100.000 ± <0.001'], // six digits after rounding
    [25647901.4, 0.4, '25647901 ± <1'], // digits before the point all stay
    [25647901.4, 3.26, '25647901 ± 3'],
    [0, 0.0000025, '0.0000000 ± 0.0000025'], // of nothing, no digit is too many
    [3.2e-8, 2.5e-9, '3.20e-8 ± 2.5e-9'],
    [3.2127e-8, 2.5e-11, '3.2127e-8 ± 2.5e-11'], // the mean as far down as its half-width
    [0.00012345678, 3e-9, '0.000123457 ± 3.0e-9'],
    [0, 3e-9, '0 ± 3.0e-9'],
    [3.66, 3.6e-7, '3.66000 ± <0.00001'],
    [25.6479017, 25e-13, '25.6 ± 0'], // what summing in another order leaves
  ])('%d, known to %d, reads %s', (mean, halfWidth, text) => expect(formatPlusMinus(mean, halfWidth)).toBe(text));

  test.each([
    [23.4, 23.1, 23.7, '23.40 ± 0.30'],
    [23.4, 23.1, 25.2, '23.40 (23.10 to 25.20)'],
    [25.6479017, 25.647901, 25.6479019, '25.6479 ± <0.0001'], // sides of 7e-7 and 2e-7: no end reads otherwise than the mean
    [25.6479017, 25.647901, 25.6512, '25.6479 (25.6479 to 25.6512)'],
    [25.6479017, 25.6479015, 26.7, '25.6479 (25.6479 to 26.7000)'],
    [0, -0.000001, 0.3, '0.000000 (-0.000001 to 0.300000)'], // six digits of the largest of the three
    [0, -0.0000001, 0.3, '0.000000 (0.000000 to 0.300000)'],
    [25.6, 25.6, 25.6 + 3e-14, '25.6 ± 0'],
    [5, 0.1, Infinity, '5.00 ± ?'],
  ])('%d between %d and %d reads %s', (mean, low, high, text) => expect(formatInterval(mean, low, high)).toBe(text));
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

test.each([
  [0.0002, true, '≤0.0002'],
  [0.0014, true, '≤0.0014'],
  [1, true, '≤1'],
  [0.0002, false, '0.00020'],
  [0.00002, false, '<0.0001'],
  [0.047, undefined, '0.047'],
])('a p value of %d, known to be that or less %s, is %s', (p, isMost, text) => expect(formatPValue(p, isMost)).toBe(text));
