import { describe, expect, test } from 'vitest';
import { parseExpression } from '../../../experiments/validation/expression.ts';

const figures: Record<string, number> = { 'pack.elapsed': 12, 'spread.elapsed': 5, 'a.x': 3, 'b.x': 7, 'c.x': 2 };
const valueOf = (text: string): number => parseExpression(text).evaluate((run, figure) => figures[`${run}.${figure}`]!);

describe('a value is worked out from figures of runs', () => {
  test.each([
    ['pack.elapsed / spread.elapsed', 12 / 5],
    ['a.x + b.x * c.x', 3 + 14],
    ['(a.x + b.x) * c.x', 20],
    ['a.x - b.x - c.x', -6], // from the left
    ['b.x / c.x / 2', 1.75],
    ['6 * 3.45 * 64 / pack.elapsed', (6 * 3.45 * 64) / 12],
    ['max(a.x, b.x) / min(a.x, b.x, c.x)', 3.5],
    ['over(2.5, a.x, b.x, c.x)', 2], // 2 is not over 2.5, and 3 and 7 are
  ])('%s', (text, value) => {
    expect(valueOf(text)).toBeCloseTo(value, 12);
  });

  test('and says which figures it needs', () => {
    expect(parseExpression('max(a.x, 2) / spread.elapsed').figures).toEqual([
      ['a', 'x'],
      ['spread', 'elapsed'],
    ]);
    expect(parseExpression('w.t_0.meanRunMs-w.p.runShare').figures).toEqual([
      ['w', 't_0.meanRunMs'],
      ['w', 'p.runShare'],
    ]);
  });
});

describe('it is refused when', () => {
  test.each([
    ['a.x +', 'want a number or a figure of a run'],
    ['a.x b.x', 'want an end, or one of + - * /'],
    ['(a.x', 'want a ")"'],
    ['pack', 'instead of pack'],
    ['toString(1)', 'instead of toString'],
    ['a.x % 2', 'not understood at'],
    ['', 'want a number or a figure'],
  ])('it says %j', (text, message) => {
    expect(() => parseExpression(text)).toThrow(message);
  });
});
