import { describe, expect, test } from 'vitest';
import { zoneFill } from '../../../policies/memory/zone-fill.ts';
import { FLOATING } from '../../../sim/policy-api.ts';
import { type GuestId, NONE } from '../../../sim/units.ts';
import { fakeKernel } from '../fake-kernel.ts';

// The deck's machine: 96 GiB, 1 GiB of hole. Node 5 covers addresses 57 to 73 GiB, so the zone above 64 GiB is its upper 9 GiB and
// nodes 6 and 7, 33 GiB in all.
const DECK = { nodeCpus: Array<number>(8).fill(6), memoryGiB: [8, 16, 8, 16, 8, 16, 8, 16], holeGiB: 1 };

/** Nodes of the blocks of guests of these sizes. */
function build(sizesGiB: number[], draws: number[]): number[][] {
  const guests = sizesGiB.map((memoryGiB) => ({ vcpus: 1, memoryGiB }));
  const k = fakeKernel({ ...DECK, guests, draws });
  const memory = zoneFill();
  return sizesGiB.map((size, guest) => k.back(guest, size, memory, FLOATING));
}

const countOn = (nodes: readonly number[], node: number): number => nodes.filter((on) => on === node).length;

describe('memory filled from the top zone down', () => {
  test('starts where the draw says: the zone has 11 runs of 3 GiB, 3 of them on node 5', () => {
    expect(build([3], [0])).toEqual([[5, 5, 5]]);
    expect(build([3], [2.5 / 11])).toEqual([[5, 5, 5]]);
    expect(build([3], [3.5 / 11])).toEqual([[6, 6, 6]]);
    expect(build([3], [5.5 / 11])).toEqual([[6, 6, 7]]); // blocks 15 to 17 of the zone, node 7 from 17 on
    expect(build([3], [10.5 / 11])).toEqual([[7, 7, 7]]);
  });

  test('gives no run twice', () => {
    const nodes = build(Array<number>(11).fill(3), [0.4, 0.9, 0.1, 0.7, 0.3]).flat();
    expect([5, 6, 7].map((node) => countOn(nodes, node))).toEqual([9, 8, 16]);
  });

  test('goes down a zone when the top is full: 32 to 64 GiB are node 3 from 31 GiB of memory on, node 4 and the start of node 5', () => {
    // offsets 31 to 63: one block of node 3 is below 32 GiB of address with the hole; 3 -> 31..47, 4 -> 48..55 (8), 5 -> 56..62
    const all = build(Array<number>(33 + 32).fill(1), [0.2, 0.8, 0.5]).flat();
    const below = all.slice(33);
    expect([5, 6, 7].map((node) => countOn(all.slice(0, 33), node))).toEqual([9, 8, 16]);
    expect([2, 3, 4, 5].map((node) => countOn(below, node))).toEqual([1, 16, 8, 7]);
  });

  test('takes the longest run that is left when none is long enough', () => {
    // 33 GiB: a guest of 20 gets its one run of the 33, the next has 13 left there and 7 of the zone below, which starts on node 2
    const [first, second] = build([20, 20], [0]);
    expect([5, 6, 7].map((node) => countOn(first!, node))).toEqual([9, 8, 3]);
    expect([7, 2, 3].map((node) => countOn(second!, node))).toEqual([13, 1, 6]);
  });

  test('takes the longest of two that are too short', () => {
    // 9 blocks of node 5 are left below the first guest, 21 above it, of them 5 of node 6 and 16 of node 7
    const [, second] = build([3, 22], [3.5 / 11]);
    expect([5, 6, 7].map((node) => countOn(second!, node))).toEqual([1, 5, 16]);
  });

  test('on equal nodes uses the upper half of them and the memory that the hole pushed up', () => {
    const guests = Array.from({ length: 16 }, () => ({ vcpus: 1, memoryGiB: 2 }));
    const k = fakeKernel({ nodeCpus: Array<number>(8).fill(4), memoryGiB: Array<number>(8).fill(8), guests, draws: [0.3, 0.6] });
    const memory = zoneFill();
    const nodes = guests.flatMap((_, guest) => k.back(guest, 2, memory, FLOATING));
    expect([0, 1, 2, 3, 4, 5, 6, 7].map((node) => countOn(nodes, node))).toEqual([0, 0, 0, 0, 8, 8, 8, 8]);
  });

  test('leaves alone what was in use before', () => {
    const guests = [{ vcpus: 1, memoryGiB: 3 }];
    const k = fakeKernel({ nodeCpus: [1, 1], memoryGiB: [4, 4], freeGiB: [4, 2], guests, draws: [0] });
    // the upper zone, 4 to 8 GiB, has two blocks left, its highest; the third comes from the zone of 2 to 4 GiB
    const memory = zoneFill();
    expect([0, 1, 2].map((block) => memory.alloc(k, 0 as GuestId, block, NONE, FLOATING))).toEqual([1, 1, 0]);
  });
});
