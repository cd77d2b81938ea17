import { describe, expect, test } from 'vitest';
import { isInside, parseBands } from '../../../experiments/validation/band.ts';

describe('a text of acceptance becomes a band around each published value', () => {
  test.each([
    ['±5% each', [2, 4], [[1.9, 2.1], [3.8, 4.2]]],
    ['±25% and > 2', [2.858], [[2.1435, 3.5725]]],
    ['±25% and > 2', [2.4], [[2, 3]]], // 1.8 would be too little
    ['within 1.0-1.15', [1.071], [[1, 1.15]]],
    ['±7%; spread < 3%', [7.57, 1.009], [[7.0401, 8.0999], [1, 1.03]]],
    ['< 1.0 and > 0.88', [0.952], [[0.88, 1]]],
    ['±0.08 abs.', [0.15, 0.34], [[0.07, 0.23], [0.26, 0.42]]],
    ['6-12 of 29', [9], [[6, 12]]],
  ] as const)('%s of %j', (accept, published, bands) => {
    parseBands(accept, published).forEach((band, i) => {
      expect(band.low).toBeCloseTo(bands[i]![0], 12);
      expect(band.high).toBeCloseTo(bands[i]![1], 12);
    });
  }); // prettier-ignore

  test('whose ends belong to it', () => {
    const [band] = parseBands('6-12', [9]);
    expect([5.999, 6, 12, 12.001].map((value) => isInside(band!, value))).toEqual([false, true, true, false]);
  });
});

describe('an acceptance is refused that', () => {
  test.each([
    ['about right', [1], 'accept = about right: want bands such as'],
    ['±5%; ±6%', [1, 2, 3], 'accept = ±5%; ±6%: 2 parts for 3 values'],
    ['', [1], 'accept = nothing: want bands'],
  ] as const)('says %j', (accept, published, message) => {
    expect(() => parseBands(accept, published)).toThrow(message);
  });
});
