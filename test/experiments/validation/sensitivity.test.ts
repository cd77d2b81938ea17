import { expect, test } from 'vitest';
import type { ValidationItem } from '../../../experiments/validation/item.ts';
import { sensitivityOf, variationCount } from '../../../experiments/validation/sensitivity.ts';
import { machines } from '../../../machines/index.ts';
import { policies } from '../../../policies/index.ts';
import { run } from '../../../sim/engine.ts';
import { workloads } from '../../../workloads/index.ts';

const simulator = { machines, policies, workloads, run };

/** A stream of node 1 from node 0 of the lopsided machine, whose figures are all assumed; 64 MiB take well over 20 ms. */
const item: ValidationItem = {
  id: 'X1',
  machine: 'lopsided',
  workload: 'one stream, remote',
  metric: 'GB/s',
  value: 2,
  accept: '±15%',
  class: 'A',
  source: 'for tests',
  scenario: {
    seeds: 1,
    words: { machine: 'lopsided', kind: 'bare', boot: '0', 'host-noise': '0', workload: 'lmbench-rd:size=16MiB', duration: '200ms' },
    runs: { read: { policy: 'numactl:cpunodebind=0,preferred=1' } },
    values: 'read.throughput',
  },
};

test('every assumed figure is made larger and smaller, and the ones that a stream hangs on move it', () => {
  let runs = 0;
  const found = sensitivityOf(item, simulator, () => runs++);
  expect(runs).toBe(variationCount(item, simulator));
  expect(runs).toBe(1 + 2 * found.length);
  const of = (figure: string): { less: number; more: number; turns: boolean } => {
    const { simulated, turns } = found.find((one) => one.figure === figure)!;
    return { less: simulated[0][0]!, more: simulated[1][0]!, turns };
  };
  // one thread reads 2.2 GB/s from node 1 by the machine's own table, so that table moves it and the sizes of caches do not
  expect(of('machine oneThreadReadGBps').less).toBeLessThan(2);
  expect(of('machine oneThreadReadGBps').more).toBeGreaterThan(2.4);
  expect(of('machine oneThreadReadGBps').turns).toBe(true); // 1.76 and 2.64 against 1.7 to 2.3
  expect(of('machine llcBytes')).toMatchObject({ turns: false });
  expect(of('machine llcBytes').less).toBeCloseTo(of('machine llcBytes').more, 9);
  expect(found.some(({ figure }) => figure === 'machine slit')).toBe(false); // a policy's input, no quantity
  expect(found.some(({ figure }) => figure === 'host-noise')).toBe(false); // there is none
});

test('an item that is skipped has nothing to rerun', () => {
  const { scenario: _, ...rest } = item;
  expect(sensitivityOf({ ...rest, skipped: 'why' }, simulator)).toEqual([]);
  expect(variationCount({ ...rest, skipped: 'why' }, simulator)).toBe(0);
});
