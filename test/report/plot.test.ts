import seedrandom from 'seedrandom';
import { describe, expect, test } from 'vitest';
import { plot, type Series } from '../../report/plot.ts';

const labels = { title: 'lmbench rd', xLabel: 'guests', yLabel: 'GB/s' };
const line = (name: string, points: readonly (readonly [number, number])[]): Series => ({
  name,
  points: points.map(([x, y]) => ({ x, y })),
});

test('a plot shows axis, marks, trail, range and legend where they belong', () => {
  const pinned = line('pinned', [
    [1, 10],
    [3, 40],
  ]);
  const floating = { name: 'floating', points: [{ x: 1, y: 10 }, { x: 3, y: 20, low: 10, high: 30 }] }; // prettier-ignore
  // 25 columns less 2 for labels, 1 blank and 1 axis leave 21. Two at either end are free for marks side by side, so x = 1 is
  // column 2 and x = 3 column 18; pinned steps one to the left. 40 GB/s over 5 lines are 10 a line. The trail of pinned rises
  // 3 lines in 16 columns: 2 columns at the foot, then 6, 5 and 2; that of floating rises one line after its first 8.
  expect(plot([pinned, floating], { ...labels, width: 25, height: 5 }).split('\n')).toEqual([
    'lmbench rd',
    'GB/s',
    '40 ┤               ··o',
    '   │          ·····   |',
    '20 ┤    ······ ·······x',
    '   │ ox········       |',
    ' 0 ┤',
    '   └──┬───────────────┬──',
    '      1               3',
    '           guests',
    'o pinned   x floating',
    '| smallest to largest',
  ]);
});

/** Rows of the drawing area on which a mark stands, from the top, of a plot of one series. */
function marked(text: string): number[] {
  const rows = text.split('\n').filter((row) => row.includes('┤') || row.includes('│'));
  return rows.flatMap((row, i) => (row.includes('o') ? [i] : []));
}

describe('the y axis', () => {
  const series = [line('one', [[1, 100], [2, 101]])]; // prettier-ignore

  test('starts at zero unless told otherwise, so that small differences look small', () => {
    expect(plot(series, { ...labels, height: 11 })).toMatch(/^ *0 ┤/m);
    expect(plot(series, { ...labels, height: 11, yFromZero: false })).not.toMatch(/^ *0 ┤/m);
    expect(marked(plot(series, { ...labels, height: 11, yFromZero: false })).at(-1)).toBe(10);
  });

  test('gives each power of ten the same room when it is logarithmic', () => {
    const powers = [line('one', [[1, 1], [2, 10], [3, 100], [4, 1000]])]; // prettier-ignore
    expect(marked(plot(powers, { ...labels, height: 13, yScale: 'log' }))).toEqual([0, 4, 8, 12]);
  });

  test('of nothing but zeros stands on zero', () => {
    expect(marked(plot([line('none', [[1, 0], [2, 0]])], { ...labels, height: 11 }))).toEqual([10]); // prettier-ignore
  });

  test('does not blow up the rounding of values that are all but equal', () => {
    const series = [line('one', [[1, 1e15], [2, 1e15 + 1]])]; // prettier-ignore
    expect(marked(plot(series, { ...labels, yFromZero: false }))).toHaveLength(1);
  });

  test('reaches below zero when values do', () => {
    expect(plot([line('gain', [[1, -12.5], [2, 31]])], labels)).toMatch(/^-20 ┤/m); // prettier-ignore
  });
});

describe('the x axis', () => {
  const far = [line('one', [[1, 5], [2, 5], [1001, 5]])]; // prettier-ignore
  const notches = (text: string): number[] =>
    [
      ...text
        .split('\n')
        .find((row) => row.includes('└'))!
        .matchAll(/┬/g),
    ].map((m) => m.index);

  test('sets x by size, by logarithm or at equal distances', () => {
    const [first, second, third] = notches(plot(far, { ...labels, width: 66, xScale: 'even' }));
    expect(second! - first!).toBe(third! - second!);
    expect(notches(plot(far, { ...labels, width: 66 }))).toHaveLength(2); // 1 and 2 share a column: one label
    const [one, two, thousand] = notches(plot(far, { ...labels, width: 66, xScale: 'log' }));
    expect((thousand! - one!) / (two! - one!)).toBeCloseTo(10, 0); // log2(1001) = 9.97
  });

  test('prints x as asked', () => {
    expect(plot(far, { ...labels, xFormat: (x) => `${x} MB` })).toContain('1001 MB');
  });
});

describe('sixty x in eighty columns', () => {
  const crowd = Array.from({ length: 60 }, (_, x) => [x, 7] as const);

  test('leave no room side by side: marks that meet are said to be several', () => {
    const rows = plot([line('a', crowd), line('b', crowd), line('c', crowd)], { ...labels, width: 80 }).split('\n');
    const drawing = rows.filter((row) => /[┤│]/.test(row)).join('');
    expect(drawing.match(/&/g)).toHaveLength(60);
    expect(drawing).not.toMatch(/[ox+]/);
    expect(rows.at(-1)).toBe('o a   x b   + c   & several');
    expect(plot([line('a', crowd)], { ...labels, width: 80 })).not.toContain('&');
  });

  test('are labelled only as far as labels keep apart', () => {
    const rows = plot([line('a', crowd)], { ...labels, width: 80 }).split('\n');
    const shown = rows[rows.findIndex((row) => row.includes('└')) + 1]!.trim().split(/\s+/).map(Number);
    expect(shown[0]).toBe(0);
    expect(shown.every((x, i) => i === 0 || (x > shown[i - 1]! && x < 60))).toBe(true);
    expect(shown.length).toBeGreaterThan(15);
  });
});

test('no points make no picture', () => expect(plot([line('a', [])], labels)).toBe('lmbench rd\n(nothing to draw)'));

test('a name cannot colour or break the plot', () => {
  const text = plot([line('vm\x1b[31m\n1', [[1, 2]])], { ...labels, title: 'a\rb', xFormat: (x) => `\x07${x}` }); // prettier-ignore
  expect(text).toContain('o vm[31m1');
  expect(text.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
});

test.each([
  ['NaN', [{ x: 1, y: NaN }], {}, /a point 0: y = NaN/],
  ['an endless bar', [{ x: 1, y: 2, high: Infinity }], {}, /high = Infinity/],
  ['a point outside its bar', [{ x: 1, y: 2, low: 3 }], {}, /between low and high/],
  ['zero on a log axis', [{ x: 1, y: 0 }], { yScale: 'log' }, /above 0/],
  ['too little room', [{ x: 1, y: 1 }], { width: 9 }, /want more room/],
] as const)('%s is refused', (_, points, options, message) => {
  expect(() => plot([{ name: 'a', points }], { ...labels, ...options })).toThrow(message);
});

test('more series than marks are refused', () => {
  expect(() =>
    plot(
      Array.from({ length: 17 }, (_, i) => line(`${i}`, [[1, i]])),
      labels,
    ),
  ).toThrow(/17 series, want at most 16/);
});

test('any data stay within the width, and every series shows', () => {
  for (let seed = 1; seed <= 300; seed++) {
    const random = seedrandom.alea(`plot ${seed}`);
    const scale = 10 ** Math.floor(random() * 18 - 6);
    const count = 1 + Math.floor(random() * 3);
    const series = Array.from({ length: count }, (_, s) => {
      const points = Array.from({ length: 1 + Math.floor(random() * 9) }, (_, i) => {
        const y = (random() - (seed % 3 === 0 ? 0.5 : 0)) * scale;
        return { x: i * 3 + 1, y, low: y - random() * scale * 0.1, high: y + random() * scale * 0.1 };
      });
      return { name: `series ${s}`, points };
    });
    const text = plot(series, { ...labels, width: 80 + (seed % 21), height: 6 + (seed % 14), yFromZero: seed % 2 === 0 });
    for (const row of text.split('\n')) expect(row.length, `seed ${seed}: ${row}`).toBeLessThanOrEqual(80 + (seed % 21));
    const drawing = text.split('\n').filter((row) => /[┤│]/.test(row)).join('\n'); // prettier-ignore
    for (let s = 0; s < count; s++) expect(drawing, `seed ${seed}`).toContain('ox+'[s]);
  }
});
