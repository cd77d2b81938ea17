import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatQuantity, parseQuantity, type QuantityKind } from '../../experiments/quantities.ts';

describe('a quantity', () => {
  test.each([
    ['time', '20ms', 20_000_000],
    ['time', '1.5us', 1_500],
    ['time', '3 s', 3_000_000_000],
    ['time', '7min', 420_000_000_000],
    ['time', '0', 0],
    ['bytes', '1GiB', 1_073_741_824],
    ['bytes', '1.5KiB', 1_536],
    ['bytes', '9B', 9],
    ['rate', '2.5GB/s', 2_500],
    ['rate', '0.5MB/s', 0.5],
    ['share', '0.125', 0.125],
    ['count', '48', 48],
    ['count', '9007199254740991', 9_007_199_254_740_991],
  ] as [QuantityKind, string, number][])('%s %s is %d', (kind, text, value) => {
    expect(parseQuantity(kind, text)).toBe(value);
  });

  test.each([
    ['time', '20', 'no unit'],
    ['time', '0.5ns', 'no whole ns'],
    ['time', '20MS', 'another case'],
    ['time', '9007199255s', 'more ns than can be counted'],
    ['bytes', '1GB', 'which GB?'],
    ['bytes', '1gib', 'another case'],
    ['bytes', '-1GiB', 'negative'],
    ['bytes', '1e3B', 'an exponent'],
    ['bytes', '1_000B', 'an underscore'],
    ['bytes', '1constructor', 'a name of JavaScript'],
    ['count', '010', 'octal or not'],
    ['count', '0x10', 'hexadecimal'],
    ['count', '9007199254740993', 'more than a number holds'],
    ['count', '1.5', 'a fraction'],
    ['count', '', 'nothing'],
    ['share', 'Infinity', 'infinite'],
    ['share', '.5', 'no digit before the point'],
    ['share', '٣', 'digits of another script'],
  ] as [QuantityKind, string, string][])('is not %s "%s": %s', (kind, text) => {
    expect(parseQuantity(kind, text)).toBeNull();
  });

  test('written out reads back to itself', () => {
    const kind = fc.constantFrom<QuantityKind>('count', 'bytes', 'time');
    fc.assert(
      fc.property(kind, fc.maxSafeNat(), fc.constantFrom(1, 1_024, 60_000_000_000), (unit, n, scale) => {
        const value = Math.floor(n / scale) * scale;
        expect(parseQuantity(unit, formatQuantity(unit, value))).toBe(value);
      }),
    );
  });

  test('is written in the largest unit that divides it', () => {
    expect([formatQuantity('time', 90_000_000_000), formatQuantity('time', 120_000_000_000), formatQuantity('bytes', 3_145_728)]).toEqual([
      '90s',
      '2min',
      '3MiB',
    ]);
  });
});
