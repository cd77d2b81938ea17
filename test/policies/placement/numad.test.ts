import { describe, expect, test } from 'vitest';
import { magnitude, numadAdvice, pickNodes, type Room } from '../../../policies/placement/numad.ts';
import type { GuestId, NodeId } from '../../../sim/units.ts';
import { below, namedStream } from '../../../sim/random.ts';
import { fakeKernel } from '../fake-kernel.ts';
import { slowPick } from './numad.slow.ts';

test.each([
  [16_000, 600, 122_060_800], // (10 * 2048 + 4 * 13952) * (6 * 200 + 400)
  [4_000, 600, 45_260_800], //  (10 * 2048 + 4 * 1952) * (6 * 200 + 400)
  [16_000, 150, 68_659_200], // (10 * 2048 + 4 * 13952) * (6 * 150)
])('for 2048 MB and two CPUs a node with %i MB and %i %% free is worth %i', (freeMB, freePercent, worth) => {
  expect(magnitude(freeMB, freePercent, 2048, 200)).toBe(worth);
});

// Node 1 lies nearer to node 2 than to node 0.
const SLIT = [
  [10, 22, 16],
  [22, 10, 16],
  [16, 16, 10],
];
const distance = (a: NodeId, b: NodeId): number => SLIT[a]![b]!;
const rooms = (...free: [number, number][]): Room[] =>
  free.map(([freeMB, freePercent], node) => ({ node: node as NodeId, freeMB, freePercent }));
const TOTALS = { mB: 8000, percent: 400 };

describe('what numad advises', () => {
  test('is the node worth most when one is enough', () => {
    expect(pickNodes(rooms([3000, 400], [8000, 400], [8000, 300]), { mB: 2000, percent: 200 }, TOTALS, distance)).toEqual([1]);
  });

  test('is the best node and its nearest until memory and CPUs are met', () => {
    // two nodes for six CPUs: pairs are worth m0/100 + m2/256, m1/100 + m2/256, m2/100 + m0/256; all alike but node 1, which is worth
    // more, so from there: node 2 is the nearest
    expect(pickNodes(rooms([8000, 400], [8000, 401], [8000, 400]), { mB: 2000, percent: 600 }, TOTALS, distance)).toEqual([1, 2]);
  });

  test('leaves 100 MB on a node, so what just fits takes a second', () => {
    const two = rooms([2050, 400], [2000, 400], [1900, 400]);
    expect(pickNodes(two, { mB: 2000, percent: 100 }, TOTALS, distance)).toEqual([0, 2]);
    expect(two.map(({ freeMB }) => freeMB)).toEqual([100, 2000, 1850]);
  });

  test('is every node when they are not enough', () => {
    expect(pickNodes(rooms([500, 400], [500, 400], [500, 400]), { mB: 9000, percent: 100 }, TOTALS, distance)).toEqual([0, 2, 1]);
  });
});

test('numad counts what it advised before as used, and leaves out nodes without CPUs', () => {
  const k = fakeKernel({
    nodeCpus: [2, 0, 2],
    slit: SLIT,
    memoryGiB: [8, 64, 8],
    guests: Array.from({ length: 3 }, () => ({ vcpus: 2, memoryGiB: 2 })),
  });
  const advise = numadAdvice();
  // all free: node 0 by id; then node 0 has no CPU left and node 2 all; then both are alike, the first
  expect([0, 1, 2].map((guest) => advise(k, guest as GuestId))).toEqual([[0], [2], [0, 2]]);
});

const SEED = process.env.NUMALAB_SEED ?? '3141';
test(`numad picks the nodes that its slow twin picks (seed ${SEED})`, () => {
  const random = namedStream(SEED, 'numad', 0, 'pick');
  let severals = 0;
  for (let draw = 0; draw < 2000; draw++) {
    const count = 1 + below(random, 6);
    const of = <Value>(values: readonly Value[]): Value => values[below(random, values.length)]!;
    const slit = Array.from({ length: count }, (_, a) => Array.from({ length: count }, (_, b) => (a === b ? 10 : of([16, 16, 22, 27]))));
    const free = Array.from({ length: count }, (): [number, number] => [of([90, 2000, 4000, 4000, 7919]), of([0, 150, 400, 400])]);
    const want = { mB: of([307, 1900, 5003, 12_000]), percent: of([60, 200, 420, 900]) };
    const leniency = { flexPercent: of([0, 30]), hasEnoughCpus: random() < 0.5 };
    const first = { mB: of([4000, 8000]), percent: of([200, 400]) };
    const fast = pickNodes(rooms(...free), want, first, (a, b) => slit[a]![b]!, leniency);
    expect(fast, `draw ${draw}`).toEqual(slowPick(rooms(...free), { ...want, ...leniency }, first, slit));
    if (fast.length > 1) severals++;
  }
  expect(severals).toBeGreaterThan(500);
});
