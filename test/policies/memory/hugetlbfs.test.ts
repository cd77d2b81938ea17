import { expect, test } from 'vitest';
import { cellScenario } from '../../../experiments/chart.ts';
import { machines } from '../../../machines/index.ts';
import { policies } from '../../../policies/index.ts';
import { run } from '../../../sim/engine.ts';
import { GiB, MiB } from '../../../sim/units.ts';
import { workloads } from '../../../workloads/index.ts';

const MACHINE = machines.find(({ name }) => name === 'opteron-6164-4s')!;
const NODE_BLOCKS = MACHINE.memoryGiB.value.map((gibibytes) => GiB(gibibytes) / MiB(2));

function blocksOf(words: Record<string, string>): (readonly number[])[] {
  const scenario = cellScenario({ words: { policy: 'kvm-hugetlbfs', workload: 'compute', duration: '10ms', boot: '0', ...words } }, { machines, policies, workloads }); // prettier-ignore
  return run(scenario).guests.map(({ blocksByNode }) => blocksByNode);
}

test('all of a guest’s memory is taken at its start, from one node, another for other guests and seeds', () => {
  const seen = new Set<number>();
  for (const seed of ['1', '2', '3', '4', '5']) {
    for (const blocks of blocksOf({ seed, guests: '4', memory: '1GiB' })) {
      expect(blocks.filter((count) => count > 0)).toEqual([512]); // 1 GiB in blocks of 2 MiB, though nothing touched them
      seen.add(blocks.indexOf(512));
    }
  }
  expect(seen.size).toBeGreaterThan(4); // 20 guests on 8 nodes
});

test('what does not fit there comes from the nearest node', () => {
  const [blocks] = blocksOf({ memory: '20GiB' });
  const used = blocks!.flatMap((count, node) => (count > 0 ? [node] : []));
  expect(blocks!.reduce((sum, count) => sum + count, 0)).toBe(10_240);
  expect(used.length).toBeLessThanOrEqual(3); // nodes of 8 and 16 GiB
  expect(used.filter((node) => blocks![node]! >= NODE_BLOCKS[node]! * 0.95).length).toBe(used.length - 1); // all but the last are full
});
