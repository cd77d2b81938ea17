import { parseHTML } from 'linkedom';
import { describe, expect, test } from 'vitest';
import type { PageScatters } from '../../../experiments/page/sweep-scatters.ts';
import { PageContext } from '../../../report/page/context.ts';
import { rankCorrelation, scatterFigures } from '../../../report/page/scatter-section.ts';
import { HOSTILE } from './page-fixture.ts';

const WORDS = [
  { word: 'memory', kind: 'bytes' },
  { word: 'costs.hook', kind: 'time' },
] as const;

function scatters(count: number): PageScatters {
  const runs = Array.from({ length: count }, (_, i) => ({ policy: i % 3 === 0 ? HOSTILE : 'pin', at: [(i + 1) * 1024 ** 2, 10 * 1.5 ** (i % 12)], value: 2 * i, label: `run ${i}` })); // prettier-ignore
  return { name: 's', unit: 'GB/s', yLabel: 'GB/s, all guests', isHigherBetter: true, words: WORDS, runs, byPolicy: [] };
}

const drawn = (count: number): ReturnType<typeof parseHTML>['document'] =>
  parseHTML(`<html><body>${scatterFigures(scatters(count), new PageContext()).markup}</body></html>`).document;

test('there is a picture for each word with a mark for each run, however many words there are', () => {
  const pictures = [...drawn(30).querySelectorAll('svg.chart')];
  expect(pictures).toHaveLength(2);
  for (const picture of pictures) expect(picture.querySelectorAll('.mark').length).toBe(30);
  expect(pictures[0]!.textContent).toContain('memory, MiB');
  expect(pictures[1]!.textContent).toContain('costs.hook, ns');
});

test('policies have marks and colours of their own, and their trend by ranks: value rises with memory', () => {
  const document = drawn(30);
  const caption = document.querySelector('figcaption')!.textContent;
  expect(caption).toContain('pin: rank correlation 1.0 over 20 runs.');
  expect(document.querySelectorAll('.legend')[0]!.querySelectorAll('li').length).toBe(2);
});

test('the table has a row for each policy and each sixth of the range: 30 runs of 1 to 30 MiB, 10 of them of the first policy', () => {
  const rows = [...drawn(30).querySelectorAll('figure')[0]!.querySelectorAll('tbody tr')].map((row) =>
    [...row.children].map((cell) => cell.textContent),
  );
  expect(rows).toHaveLength(12);
  expect(rows.slice(0, 6).reduce((sum, row) => sum + Number(row[2]), 0)).toBe(10);
  expect(rows[6]!.slice(0, 6)).toEqual(['pin', '1 MiB to 5.83 MiB', '3', '4.667', '2.000', '8.000']); // runs 1, 2 and 4 (3 is of the other policy): 2 + 4 + 8 of 3
});

test('beyond a thousand runs there are tables and no picture', () => {
  const document = drawn(1001);
  expect(document.querySelectorAll('svg.chart').length).toBe(0);
  expect(document.querySelectorAll('table').length).toBe(2);
});

describe('a rank correlation', () => {
  test.each([
    ['is 1 where both rise, however unevenly', [1, 2, 50], [3, 4, 5], 1],
    ['is -1 where one falls', [1, 2, 50], [9, 4, -5], -1],
    ['shares the ranks of ties: ranks 0.5 0.5 2 with 0 1 2 make 1.5 of the root of 1.5 times 2', [7, 7, 9], [1, 2, 3], 1.5 / Math.sqrt(3)],
    ['is nothing where one is the same throughout', [1, 2, 3], [4, 4, 4], null],
    ['is nothing of two', [1, 2], [3, 4], null],
  ])('%s', (_, xs, ys, expected) => {
    const r = rankCorrelation(xs, ys);
    if (expected === null) expect(r).toBeNull();
    else expect(r).toBeCloseTo(expected, 12);
  });
});
