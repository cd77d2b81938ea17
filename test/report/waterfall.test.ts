import { describe, expect, test } from 'vitest';
import { waterfallText } from '../../report/waterfall.ts';

const tenths = (value: number): string => (value / 10).toFixed(1);

describe('a waterfall', () => {
  // labels of 5 and texts of 5 characters and 6 between and around leave 40 for the bars of 400 tenths at most
  const text = waterfallText(
    {
      start: { label: 'A', value: 400 },
      steps: [
        { label: 'less', value: -300 },
        { label: 'more', value: 50 },
        { label: 'tiny', value: -1 },
      ],
      end: { label: 'all B', value: 149 },
    },
    tenths,
    56,
  );
  const lines = text.split('\n');

  test('stands from 0 on, each step where the sum before it ends', () => {
    // a character is 10 tenths: 40, then from 10 to 40, from 10 to 15, at 15 at least one, and 14.9
    expect(lines).toEqual([
      '▓ more, ░ less',
      `  A       40.0  ${'█'.repeat(40)}`,
      `  less   -30.0  ${' '.repeat(10)}${'░'.repeat(30)}`,
      `  more    +5.0  ${' '.repeat(10)}${'▓'.repeat(5)}`,
      `  tiny    -0.1  ${' '.repeat(15)}░`,
      `  all B   14.9  ${'█'.repeat(15)}`,
      '',
    ]);
  });

  test('is no wider than it may be', () => {
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(56);
  });

  test('begins later when its steps would be too small to see, and says where', () => {
    // from 990 to 1020, of which a third more is shown below: from 980 on
    const near = { start: { label: 'A', value: 1000 }, steps: [{ label: 'x', value: 20 }, { label: 'y', value: -30 }], end: { label: 'B', value: 990 } }; // prettier-ignore
    expect(waterfallText(near, String, 51).split('\n')).toEqual([
      '▓ more, ░ less; bars begin at 980',
      `  A  1000  ${'█'.repeat(20)}`,
      `  x   +20  ${' '.repeat(20)}${'▓'.repeat(20)}`,
      `  y   -30  ${' '.repeat(10)}${'░'.repeat(30)}`,
      `  B   990  ${'█'.repeat(10)}`,
      '',
    ]);
  });

  test('without steps is two equal bars', () => {
    const flat = waterfallText({ start: { label: 'A', value: 7 }, steps: [], end: { label: 'B', value: 7 } }, String, 40);
    const [, a, b] = flat.split('\n');
    expect(a!.replace('A', 'B')).toBe(b);
    expect(a).toContain('█'.repeat(20));
  });

  test('must lead to its end', () => {
    const wrong = { start: { label: 'A', value: 4 }, steps: [{ label: 'x', value: 2 }], end: { label: 'B', value: 7 } };
    expect(() => waterfallText(wrong, String, 60)).toThrow(new RangeError('waterfall: steps lead to 6, want 7'));
  });

  test('no label moves the cursor', () => {
    const odd = { start: { label: 'A\u001b[2J\n', value: 1 }, steps: [], end: { label: 'B', value: 1 } };
    expect(waterfallText(odd, String, 60).split('\n')).toHaveLength(4);
    expect(waterfallText(odd, String, 60)).toContain('  A[2J  1  ');
  });
});
