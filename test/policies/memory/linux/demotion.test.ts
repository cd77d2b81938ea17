import { expect, test } from 'vitest';
import { Demotion } from '../../../../policies/memory/linux/demotion.ts';
import { tiersOf } from '../../../../policies/memory/linux/tiers.ts';
import { watermarksOf } from '../../../../policies/memory/linux/watermarks.ts';
import type { Kernel } from '../../../../sim/policy-api.ts';
import { type GuestId, type NodeId, seconds } from '../../../../sim/units.ts';
import { fakeKernel } from '../../fake-kernel.ts';

/**
 * Node 1 has the only CPUs, nodes 0 and 2 are slow, 2 nearer to it. A block is 1 GiB and a step between watermarks: of the 10 GiB of
 * node 1 no more than 7 should be used when it was short. Two guests of 100 and 28 blocks: the hand looks at two blocks a step.
 */
function host(): {
  k: Kernel;
  demotion: Demotion;
  nodes: NodeId[][];
  marked: string[];
  orders: string[];
  free: number[];
  steps(count: number): void;
  now: { ns: number };
} {
  const fake = fakeKernel({
    nodeCpus: [0, 3, 0],
    slit: [[10, 31, 40], [28, 10, 17], [40, 19, 10]], // prettier-ignore
    memoryGiB: [70, 10, 90],
    guests: [{ vcpus: 1, memoryGiB: 100 }, { vcpus: 2, memoryGiB: 28 }], // prettier-ignore
  });
  const free = [70, 0, 90];
  const marked: string[] = [];
  const now = { ns: 0 };
  const k = new Proxy(fake as Kernel, {
    get: (target, name, receiver: unknown) => {
      if (name === 'nowNs') return now.ns;
      if (name === 'nodeFreeBytes') return (node: number) => free[node]! * fake.blockBytes;
      if (name !== 'markBlocks') return Reflect.get(target, name, receiver) as unknown;
      return (guest: GuestId, block: number, count: number) => {
        marked.push(`${guest}.${block}`);
        return fake.markBlocks(guest, block, count);
      };
    },
  });
  const demotion = new Demotion(3, tiersOf(k), watermarksOf(k, 10));
  const steps = (count: number): void => {
    for (let i = 0; i < count; i++) demotion.step(k);
  };
  const { nodes, orders } = fake.memory;
  nodes[0]!.fill(2 as NodeId);
  return { k, demotion, nodes, marked, orders, free, steps, now };
}

const [slow, fast, near] = [0, 1, 2] as NodeId[];
const guest = (id: number): GuestId => id as GuestId;

test('cold blocks leave a node that is short of room until it has what promotion wants, and no others', () => {
  const { demotion, nodes, marked, orders, free, steps } = host();
  for (const block of [1, 2, 3, 9, 50]) nodes[0]![block] = fast!;
  nodes[1]!.fill(fast!, 0, 5);
  steps(3);
  expect(marked).toEqual([]); // nobody was short
  demotion.wake(fast!);
  steps(64); // once round: 128 blocks, two a step
  expect(marked).toEqual(['0.1', '0.2', '0.3', '0.9', '0.50', '1.0', '1.1', '1.2', '1.3', '1.4']);
  expect(orders).toEqual([]);
  for (const [id, block] of [[0, 1], [0, 3], [0, 9], [1, 0]] as const) demotion.touched(guest(id), block); // prettier-ignore
  marked.length = 0;
  steps(64); // what was touched is marked anew; of the others the three that are missing go, and the hand stops
  expect(orders).toEqual(['0.2:1>2', '0.50:1>2', '1.1:1>2']);
  expect(marked).toEqual(['0.1', '0.3', '0.9', '1.0']);
  orders.forEach(() => demotion.moved(guest(0), 2, fast!));
  free[1] = 3;
  steps(64); // it has room, and sleeps
  free[1] = 2;
  steps(64);
  expect(orders).toHaveLength(3);
});

test('blocks on their way count as gone, for a second', () => {
  const { demotion, nodes, orders, steps, now } = host();
  nodes[1]!.fill(fast!, 0, 9);
  now.ns = seconds(7);
  demotion.wake(fast!);
  steps(128);
  expect(orders).toHaveLength(3); // free is still 0
  now.ns += seconds(1);
  steps(64);
  expect(orders).toHaveLength(3);
  now.ns += 1;
  steps(64);
  expect(orders).toHaveLength(6);
  demotion.moved(guest(1), 0, fast!);
  demotion.moved(guest(1), 1, fast!);
  steps(64); // two came about, and nothing became free: two more
  expect(orders).toHaveLength(8);
});

test('where the nearest slow node is full the next one takes them, and where all are none goes', () => {
  const { demotion, nodes, orders, free, steps } = host();
  nodes[1]!.fill(fast!, 0, 9);
  free[2] = 1; // its low watermark
  demotion.wake(fast!);
  steps(128);
  expect(orders).toEqual(['1.0:1>0', '1.1:1>0', '1.2:1>0']);
  const other = host();
  other.nodes[1]!.fill(fast!, 0, 9);
  other.free[0] = other.free[2] = 1;
  other.demotion.wake(fast!);
  other.steps(256);
  expect(other.orders).toEqual([]);
});

test('a block that comes up again is not cold at once', () => {
  const { demotion, nodes, marked, orders, steps } = host();
  nodes[1]![4] = fast!;
  demotion.wake(fast!);
  steps(64);
  expect(marked).toEqual(['1.4']);
  demotion.moved(guest(1), 4, fast!); // down, by somebody else
  demotion.moved(guest(1), 4, near!); // and up
  steps(64);
  expect([marked, orders]).toEqual([['1.4', '1.4'], []]);
  steps(64);
  expect(orders).toEqual(['1.4:1>2']);
});

test('the tiers of a machine: nodes without CPUs are slow, the nearest first', () => {
  const { k } = host();
  const tiers = tiersOf(k);
  expect([...tiers.isSlow]).toEqual([1, 0, 1]);
  expect(tiers.below[fast!]).toEqual([near, slow]);
  expect(tiersOf(fakeKernel({ nodeCpus: [1, 2], guests: [{ vcpus: 1 }] })).hasSlow).toBe(false);
});

test('watermarks are ten-thousandths of a node apart, or a block', () => {
  const { k } = host();
  const { low, high, promotion } = watermarksOf(k, 1000);
  const gib = (bytes: Float64Array): number[] => [...bytes].map((value) => value / k.blockBytes);
  expect([gib(low), gib(high), gib(promotion)]).toEqual([[7, 1, 9], [14, 2, 18], [21, 3, 27]]); // prettier-ignore
  expect(gib(watermarksOf(k, 10).promotion)).toEqual([3, 3, 3]);
});
