import { expect, test } from 'vitest';
import { Demotion } from '../../../../policies/memory/linux/demotion.ts';
import { tiersOf } from '../../../../policies/memory/linux/tiers.ts';
import { watermarksOf } from '../../../../policies/memory/linux/watermarks.ts';
import type { Kernel } from '../../../../sim/policy-api.ts';
import { type GuestId, type NodeId, seconds } from '../../../../sim/units.ts';
import { fakeKernel } from '../../fake-kernel.ts';

/**
 * Node 1 has the only CPUs, nodes 0 and 2 are slow, 2 nearer to it. A block is 1 GiB, and so is a step between watermarks: node 1 should
 * have 3 GiB free when it was short. It has 640 GiB, so that its list holds 64 blocks, the fewest. Two guests of 500 and 300 blocks.
 */
interface Host {
  readonly demotion: Demotion;
  readonly nodes: NodeId[][];
  /** What the hand has marked, oldest first. */
  readonly marked: string[];
  readonly orders: string[];
  readonly free: number[];
  readonly now: { ns: number };
  /** Nodes to which nothing can be moved, though they say they have room. */
  readonly full: Set<number>;
  steps(count: number): void;
}

function host(): Host & { k: Kernel } {
  const fake = fakeKernel({
    nodeCpus: [0, 3, 0],
    slit: [[10, 31, 40], [28, 10, 17], [40, 19, 10]], // prettier-ignore
    memoryGiB: [700, 640, 900],
    guests: [{ vcpus: 1, memoryGiB: 500 }, { vcpus: 2, memoryGiB: 300 }], // prettier-ignore
  });
  const free = [700, 0, 900];
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
  const demotion = new Demotion(k, tiersOf(k), watermarksOf(k, 1));
  const steps = (count: number): void => {
    for (let i = 0; i < count; i++) demotion.step(k);
  };
  const { nodes, orders, full } = fake.memory;
  nodes[0]!.fill(2 as NodeId);
  return { k, demotion, nodes, marked, orders, free, full, steps, now };
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
  steps(1);
  expect(marked).toEqual(['0.1', '0.2', '0.3', '0.9', '0.50', '1.0', '1.1', '1.2', '1.3', '1.4']);
  expect(orders).toEqual([]);
  for (const [id, block] of [[0, 1], [0, 3], [0, 9], [1, 0]] as const) expect(demotion.touched(guest(id), block)).toBe(true); // prettier-ignore
  marked.length = 0;
  steps(1); // of those that were not touched the three that are missing go, and what was touched is marked anew
  expect(orders).toEqual(['0.2:1>2', '0.50:1>2', '1.1:1>2']);
  expect(marked).toEqual(['1.0', '0.1', '0.3', '0.9']); // 4096 looks were five times round and 96 blocks
  orders.forEach(() => demotion.moved(fast!));
  free[1] = 3;
  steps(9); // it has room, and sleeps
  free[1] = 2;
  steps(9);
  expect(orders).toHaveLength(3);
});

test('the hand marks no more than the list holds, and only so many are judged in a step', () => {
  const { demotion, nodes, marked, orders, steps } = host();
  nodes[0]!.fill(fast!);
  demotion.wake(fast!);
  steps(1);
  expect(marked).toHaveLength(64);
  for (let block = 0; block < 40; block++) demotion.touched(guest(0), block);
  steps(1); // three are missing: 8 * (3 + 1) of the list are judged, and as many marked
  expect([marked.length, marked.at(-1), orders]).toEqual([96, '0.95', []]);
  steps(1);
  expect([orders, marked.length]).toEqual([['0.40:1>2', '0.41:1>2', '0.42:1>2'], 107]);
});

test('blocks on their way count as gone, for a second', () => {
  const { demotion, nodes, orders, steps, now } = host();
  nodes[1]!.fill(fast!, 0, 9);
  now.ns = seconds(7);
  demotion.wake(fast!);
  steps(12);
  expect(orders).toHaveLength(3); // free is still 0
  now.ns += seconds(1);
  steps(9);
  expect(orders).toHaveLength(3);
  now.ns += 1;
  steps(9);
  expect(orders).toHaveLength(6);
  demotion.moved(fast!);
  demotion.moved(fast!);
  steps(9); // two came about, and nothing became free: two more
  expect(orders).toHaveLength(8);
});

test('where the nearest slow node is full the next one takes them, and where all are none goes', () => {
  const { demotion, nodes, orders, free, steps } = host();
  nodes[1]!.fill(fast!, 0, 9);
  free[2] = 1; // its low watermark
  demotion.wake(fast!);
  steps(9);
  expect(orders).toEqual(['1.0:1>0', '1.1:1>0', '1.2:1>0']);
  const other = host();
  other.nodes[1]!.fill(fast!, 0, 9);
  other.free[0] = other.free[2] = 1;
  other.demotion.wake(fast!);
  other.steps(9);
  expect(other.orders).toEqual([]);
});

test('a block that could not be moved has its turn again', () => {
  const { demotion, nodes, marked, orders, steps, full } = host();
  nodes[1]![4] = fast!;
  demotion.wake(fast!);
  full.add(near!);
  steps(3);
  expect([orders, marked]).toEqual([[], ['1.4', '1.4', '1.4']]);
  full.clear();
  steps(1);
  expect(orders).toEqual(['1.4:1>2']);
});

test('a mark of the hand is told from those of others, also after it took the block down', () => {
  const { demotion, nodes, orders, steps } = host();
  nodes[1]!.fill(fast!, 4, 6);
  expect(demotion.touched(guest(1), 4)).toBe(false); // before there is any
  demotion.wake(fast!);
  steps(2);
  expect(orders).toEqual(['1.4:1>2', '1.5:1>2']);
  expect([demotion.touched(guest(1), 4), demotion.touched(guest(1), 4)]).toEqual([true, false]);
  demotion.disown(guest(1), 5);
  expect(demotion.touched(guest(1), 5)).toBe(false);
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
  const { low, high, promotion } = watermarksOf(k, 25);
  const gib = (bytes: Float64Array): number[] => [...bytes].map((value) => value / k.blockBytes);
  expect([gib(low), gib(high), gib(promotion)]).toEqual([
    [1, 1, 2],
    [2, 2, 4],
    [3, 3, 6],
  ]); // 1.75, 1.6 and 2.25 blocks // prettier-ignore
  expect(gib(watermarksOf(k, 1).promotion)).toEqual([3, 3, 3]);
});
