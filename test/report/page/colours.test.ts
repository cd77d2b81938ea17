import { describe, expect, test } from 'vitest';
import { CAUSE_COLOURS, CAUSES_SCHEME, DARK, HEAT_STEPS, LIGHT, POLICY_COLOURS, type Scheme } from '../../../report/page/colours.ts';

/** Relative luminance and contrast as WCAG 2.2 defines them. */
function luminance(colour: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const value = parseInt(colour.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: string, b: string): number {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

test('contrast is that of the definition: black on white 21, equal colours 1', () => {
  expect(contrast('#000000', '#ffffff')).toBeCloseTo(21, 10);
  expect(contrast('#777777', '#777777')).toBe(1);
});

describe.each([
  ['light', LIGHT],
  ['dark', DARK],
] as [string, Scheme][])('in the %s', (_, scheme) => {
  const texts = ['ink', 'soft', 'accent', 'good', 'bad', ...Array.from({ length: POLICY_COLOURS }, (__, i) => `p${i}`)];
  test.each(texts)('%s is read on paper (AA, 4.5)', (name) => {
    expect(contrast(scheme[name]!, scheme.paper!)).toBeGreaterThanOrEqual(4.5);
  });

  test.each(Array.from({ length: HEAT_STEPS }, (__, step) => step))('a number is read on heat step %i', (step) => {
    expect(contrast(scheme[`t${step}`]!, scheme[`h${step}`]!)).toBeGreaterThanOrEqual(4.5);
  });

  test('what is small is read on raised ground too', () => {
    expect(contrast(scheme.soft!, scheme.raised!)).toBeGreaterThanOrEqual(4.5);
  });
});

test.each(Array.from({ length: CAUSE_COLOURS }, (_, i) => i))('the letter of cause %i is read on its colour', (i) => {
  expect(contrast(CAUSES_SCHEME.letter!, CAUSES_SCHEME[`k${i}`]!)).toBeGreaterThanOrEqual(4.5);
});
