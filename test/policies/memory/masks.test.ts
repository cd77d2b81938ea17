import { describe, expect, test } from 'vitest';
import { bind } from '../../../policies/memory/bind.ts';
import { interleave, weightedInterleave } from '../../../policies/memory/interleave.ts';
import { preferredMany } from '../../../policies/memory/preferred-many.ts';
import { preferred } from '../../../policies/memory/preferred.ts';
import type { MemoryPolicy } from '../../../sim/policy-api.ts';
import { NONE, type NodeId } from '../../../sim/units.ts';
import { fakeKernel } from '../fake-kernel.ts';

// Nearest first: node 0: 0 3 1 2; node 1: 1 2 0 3; node 2: 2 3 1 0; node 3: 3 2 0 1.
const SLIT = [
  [10, 18, 25, 12],
  [20, 10, 15, 22],
  [30, 21, 10, 14],
  [19, 24, 13, 10],
];

/** Nodes of the blocks of a guest that is given `nodes`, touched from node `from`; the four nodes have room for `room` blocks. */
function backed(memory: MemoryPolicy, room: number[], nodes: number[], from: number, blocks: number): number[] {
  const k = fakeKernel({ nodeCpus: [1, 2, 1, 3], slit: SLIT, memoryGiB: [9, 9, 9, 9], freeGiB: room, guests: [{ vcpus: 1 }] });
  return k.back(0, blocks, memory, { hardNodes: null, softNodes: null, memoryNodes: nodes as NodeId[] }, from);
}

describe('membind', () => {
  test('takes the nearest of its nodes to the touching CPU, then the next nearest of them, then nothing', () => {
    expect(backed(bind(), [9, 2, 1, 9], [1, 2], 0, 4)).toEqual([1, 1, 2, NONE]); // from node 0, node 1 is at 18 and node 2 at 25
    expect(backed(bind(), [9, 2, 1, 9], [1, 2], 3, 4)).toEqual([2, 1, 1, NONE]); // from node 3, node 2 is at 13
  });

  test('of no nodes is first touch', () => {
    expect(backed(bind(), [1, 1, 9, 1], [], 0, 4)).toEqual([0, 3, 1, 2]);
  });
});

describe('interleave', () => {
  test('goes round its nodes in their order, whoever touches', () => {
    expect(backed(interleave(), [9, 9, 9, 9], [3, 0, 2], 1, 7)).toEqual([3, 0, 2, 3, 0, 2, 3]);
    expect(backed(interleave(), [9, 9, 9, 9], [], 1, 5)).toEqual([0, 1, 2, 3, 0]);
  });

  test('takes the next of its nodes where one is full, and the nearest outside when all are', () => {
    // block 0 on 3, 1 on 0, 2 on 2; block 3 finds 3 full: 0; block 4: 0, its last; block 5: 2 is full, 3 and 0 too: the nearest to 2 is 1
    expect(backed(interleave(), [3, 9, 1, 1], [3, 0, 2], 1, 7)).toEqual([3, 0, 2, 0, 0, 1, 1]);
  });
});

describe('weighted interleave', () => {
  test('gives each node as many blocks in turn as it weighs, and the last weight to all after it', () => {
    expect(backed(weightedInterleave([3, 1]), [9, 9, 9, 9], [2, 0, 1], 3, 11)).toEqual([2, 2, 2, 0, 1, 2, 2, 2, 0, 1, 2]);
  });

  test('takes the next of its nodes where one is full', () => {
    // 2, 2, then node 2 is full: 0; then 0, 1, and the next round's three go to 0
    expect(backed(weightedInterleave([3, 1]), [9, 9, 2, 9], [2, 0, 1], 3, 8)).toEqual([2, 2, 0, 0, 1, 0, 0, 0]);
  });
});

describe('preferred', () => {
  test('falls back by the distance from the preferred node, not from the one that touches', () => {
    expect(backed(preferred(), [9, 1, 1, 9], [1], 3, 4)).toEqual([1, 2, 0, 0]);
  });

  test('many takes the nearest of its nodes to the touching CPU, and when these are full the nearest of all', () => {
    expect(backed(preferredMany(), [9, 2, 1, 9], [1, 2], 3, 5)).toEqual([2, 1, 1, 3, 3]);
    expect(backed(preferredMany(), [1, 9, 9, 9], [], 0, 3)).toEqual([0, 3, 3]);
  });
});
