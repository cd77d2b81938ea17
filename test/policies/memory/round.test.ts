import { expect, test } from 'vitest';
import { round } from '../../../policies/memory/round.ts';
import { FLOATING, type Placement } from '../../../sim/policy-api.ts';
import { GiB, KiB, type NodeId } from '../../../sim/units.ts';
import { fakeKernel } from '../fake-kernel.ts';

const meantFor = (...nodes: number[]): Placement => ({ ...FLOATING, memoryNodes: nodes as NodeId[] });

/** Nodes of a guest's blocks of a quarter GiB, on three nodes. */
function built(memoryGiB: number, grainBytes: number, placement: Placement, freeGiB = [9, 9, 9]): number[] {
  const k = fakeKernel({ nodeCpus: [1, 1, 1], memoryGiB: [9, 9, 9], freeGiB, blockGiB: 0.25, guests: [{ vcpus: 1, memoryGiB }] });
  return k.back(0, memoryGiB * 4, round(grainBytes), placement);
}

test('extents of 1 GiB go round all nodes, what is less than one goes round in blocks', () => {
  expect(built(2.5, GiB(1), FLOATING)).toEqual([0, 0, 0, 0, 1, 1, 1, 1, 2, 0]);
});

test('round in the finest grain changes nodes with each block', () => {
  expect(built(1, KiB(4), FLOATING)).toEqual([0, 1, 2, 0]);
});

test('a placed guest has its extents on its own nodes, by id and in turn', () => {
  expect(built(3, GiB(1), meantFor(2, 0))).toEqual([0, 0, 0, 0, 2, 2, 2, 2, 0, 0, 0, 0]);
});

test('where its own nodes are full the others follow by id, and its own go first as long as one has room', () => {
  // node 0 has 1 GiB, node 2 has 1: then node 1
  expect(built(3, GiB(1), meantFor(0, 2), [1, 9, 1])).toEqual([0, 0, 0, 0, 2, 2, 2, 2, 1, 1, 1, 1]);
});

test('where no node has 1 GiB free blocks are taken in turn', () => {
  expect(built(1.25, GiB(1), FLOATING, [0.5, 0.75, 0.5])).toEqual([0, 1, 2, 0, 1]);
});
