import { expect, test } from 'vitest';
import { charts } from '../../experiments/deck.ts';
import { readScenario } from '../../experiments/scenario-input.ts';
import { machines } from '../../machines/index.ts';
import { policies } from '../../policies/index.ts';
import { run } from '../../sim/engine.ts';
import { workloads } from '../../workloads/index.ts';

const SEED = '20260117';
const chart = charts.find(({ name }) => name === 'pooling')!;

/** Mean time from arrival to end in service times, of 100 s and some 300,000 jobs. */
function response(series: string, load: number): number {
  const { words } = chart.cells('full').find((cell) => cell.series === series && cell.x === load)!;
  const { guests, status } = run(readScenario({ flags: { ...words, duration: '100s', seed: SEED } }, { machines, policies, workloads }));
  expect(status).toBe('ok');
  return chart.value(guests[0]!);
}

// Erlang C: 1 + Wq of M/M/48, M/M/6 and M/M/1 at loads of 0.7 and 0.8. What a wake and a switch cost comes on top: some 4 us of 10 ms.
test.each([
  ['one queue', 70, 1.000875, 0.01],
  ['one queue', 80, 1.009665, 0.01],
  ['8 x 6', 70, 1.186654, 0.02],
  ['8 x 6', 80, 1.431477, 0.02],
  ['48 x 1', 70, 3.333333, 0.04],
  ['48 x 1', 80, 5, 0.05],
])(`%s at a load of %i takes %f service times, seed ${SEED}`, (series, load, expected, band) => {
  expect(Math.abs(response(series, load) / expected - 1)).toBeLessThan(band);
});

test(`EEVDF and CFS wake within a last-level cache, and lie between one queue and one for each node, seed ${SEED}`, () => {
  for (const policy of ['kvm-eevdf', 'kvm-cfs']) {
    const found = response(policy, 80);
    expect(found).toBeGreaterThan(1.009665);
    expect(found).toBeLessThan(1.431477);
  }
});
