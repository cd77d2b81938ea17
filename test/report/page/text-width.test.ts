import { describe, expect, test } from 'vitest';
import { fitted, textWidth, thinned } from '../../../report/page/text-width.ts';

describe('labels under an axis', () => {
  test.each([
    ['all stay where there is room', ['0', '1', '2'], [0, 40, 80], 0, [0, 1, 2]],
    [
      'every second stays where neighbours touch: 4 digits are 36 pixels, and 8 between',
      ['1000', '2000', '3000', '4000', '5000'],
      [0, 30, 60, 90, 120],
      0,
      [0, 2, 4],
    ],
    ['the one to keep is among them', ['1000', '2000', '3000', '4000', '5000'], [0, 30, 60, 90, 120], 1, [1, 3]],
    ['it alone stays where nothing else fits', ['1000', '2000'], [0, 5], 1, [1]],
    ['one broad label makes all of them fewer', ['1', '2', 'a name of many letters', '4', '5'], [0, 40, 80, 120, 160], 0, [0, 3]],
  ])('%s', (_, labels, places, keep, expected) => {
    expect(thinned(labels, places, keep)).toEqual(expected);
  });
});

test('a text that does not fit is cut, with a mark of it, and then fits', () => {
  expect(fitted('kvm-cfs', 100)).toBe('kvm-cfs');
  const cut = fitted('a-very-long-policy-name:with=options', 100);
  expect(cut).toMatch(/^a-very.*…$/);
  expect(textWidth(cut)).toBeLessThanOrEqual(100);
});
