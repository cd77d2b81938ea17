import { parseHTML } from 'linkedom';
import { expect, test } from 'vitest';
import type { PageChart } from '../../../experiments/page/schemas.ts';
import { chartFigure } from '../../../report/page/chart-section.ts';
import { PageContext } from '../../../report/page/context.ts';
import { deck } from './page-fixture.ts';

const [first] = deck.charts;
const at = (series: string, mean: number): PageChart['points'][number] => ({ ...first!.points[0]!, series, x: 0, mean: { mean, low: null, high: null }, low: mean, high: mean }); // prettier-ignore
const drawn = (points: PageChart['points']): ReturnType<typeof parseHTML>['document'] =>
  parseHTML(`<html><body>${chartFigure({ ...first!, xNames: { 0: '' }, points }, new PageContext()).markup}</body></html>`).document;

test('where no quantity varies, the caption names no place', () => {
  const caption = drawn([at('pin', 2.5), at('apart', 0.75)]).querySelector('figcaption')!.textContent;
  expect(caption).toBe('pin: 2.50 GB/s. apart: 0.750 GB/s. Higher is better.');
});

test('names stand at the ends of lines, and above the picture where they would take the lines their room', () => {
  expect(drawn([at('pin', 2.5), at('apart', 1.75)]).querySelectorAll('.legend').length).toBe(0);
  const long = drawn([at('pin', 2.5), at('apart, costs.hook 137ns, host-noise 1.2', 1.75)]);
  expect(long.querySelectorAll('.legend li').length).toBe(2);
  expect(long.querySelectorAll('svg.chart text').length).toBeGreaterThan(0);
});
