import { expect, test } from 'vitest';
import { PageContext } from '../../../report/page/context.ts';

test('a policy keeps the colour it was first given; after eight they come again', () => {
  const context = new PageContext();
  const named = ['a', 'b', 'a', 'c', 'd', 'e', 'f', 'g', 'h', 'i'].map((policy) => context.colourOf(policy));
  expect(named.map((colour) => colour.slice('var(--p'.length, -1)).join('')).toBe('0102345670');
});

test('identifiers are letters, digits and dashes, never empty, and each occurs once', () => {
  const context = new PageContext();
  const words = [['Chart', 'a b"<c>'], ['"<>'], ['chart', 'A', 'b-c'], ['chart-a-b-c-2'], ['chart a b c']];
  expect(words.map((of) => context.idOf(...of))).toEqual(['chart-a-b-c', 'x', 'chart-a-b-c-2', 'chart-a-b-c-2-2', 'chart-a-b-c-3']);
});
