import { parseHTML } from 'linkedom';
import { expect, test } from 'vitest';
import { forest, type ForestOptions } from '../../../report/page/forest.ts';
import { textWidth } from '../../../report/page/text-width.ts';

function drawn(name: string, figures: string, more: Partial<ForestOptions> = {}): ReturnType<typeof parseHTML>['document'] {
  const row = { name, mean: 3, low: 1, high: 5, verdict: 'none', figures } as const;
  const options: ForestOptions = { rows: [row], scale: 'linear', neutral: 0, axisLabel: 'difference, %', rowsLabel: 'against pin', domain: [0, 5], ticks: [0, 1, 2, 3, 4, 5], formatTick: String, ...more }; // prettier-ignore
  return parseHTML(`<html><body>${forest(options, { label: 'a forest' }).markup}</body></html>`).document;
}

/** Where a text begins and would end, in the picture. */
function spanOf(document: ReturnType<typeof drawn>, text: string): { from: number; to: number; y: number } {
  const element = [...document.querySelectorAll('text')].find((one) => one.textContent === text)!;
  let [x, y] = [0, 0];
  for (let at: typeof element | null = element; at; at = at.parentElement as typeof element | null) {
    const [, dx = '0', dy = '0'] = /translate\(([-\d.]+),([-\d.]+)\)/.exec(at.getAttribute('transform') ?? '') ?? [];
    x += Number(dx);
    y += Number(dy);
  }
  return { from: x, to: x + textWidth(text), y };
}

test.each([
  ['a', '+3 [+1, +5]', 'in one line', true],
  ['pin', '+3.12 [−28.1, +17.8]', 'one under the other', true],
  ['kvm-unpinned:x=1', '+3.123456 [−281.12345, +171.12345]', 'without the interval, which the table has', false],
])('figures of %s, %s, and the words beside them do not touch: %s', (name, figures, how, hasInterval) => {
  const document = drawn(name, figures);
  const shown = hasInterval ? figures : figures.slice(0, figures.indexOf(' ['));
  const [number, word] = [spanOf(document, shown), spanOf(document, 'none shown')];
  expect(number.to).toBeLessThanOrEqual(460);
  expect(word.to).toBeLessThanOrEqual(460);
  if (how === 'in one line') expect(word.from).toBeGreaterThan(number.to);
  else expect(word.y - number.y).toBeGreaterThanOrEqual(14);
  expect(document.querySelector('title')!.textContent).toContain(figures); // the tip has all
});

test('where nothing differs at all, the line of no difference stands in the middle of three ticks', () => {
  const row = { name: 'b', mean: 0, low: 0, high: 0, verdict: 'none', figures: '0 [0, 0]' } as const;
  const ticks = [0, 0.2, 0.4, 0.6, 0.8, 1];
  const document = drawn('b', '', { rows: [row], domain: [0, 1], ticks });
  const texts = [...document.querySelectorAll('text')].map((one) => one.textContent);
  expect(texts.filter((text) => text !== '' && Number.isFinite(Number(text)))).toEqual(['-1', '0', '1']);
});

test('ticks that would touch are left out, never that of no difference', () => {
  const ticks = [-2, -1, 0, 1, 2, 3].map((tick) => tick * 0.00125);
  const document = drawn('b', '+3 [+1, +5]', { domain: [-0.0025, 0.00375], ticks });
  const texts = [...document.querySelectorAll('text')].map((one) => one.textContent);
  expect(texts).toContain('0');
  expect(texts).not.toContain('0.00125');
});
