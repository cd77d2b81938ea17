import { expect, test } from 'vitest';
import { bind } from '../../../policies/memory/bind.ts';
import { numactl } from '../../../policies/placement/numactl.ts';
import { fakeKernel } from '../fake-kernel.ts';

test('numactl deals guests out over the nodes with CPUs, in turn', () => {
  const k = fakeKernel({ nodeCpus: [2, 0, 3, 1], guests: Array.from({ length: 5 }, () => ({ vcpus: 1 })) });
  const placement = numactl();
  const places = [0, 1, 2, 3, 4].map((guest) => k.admit(guest, placement, bind()));
  expect(places.map((place) => place.hardNodes)).toEqual([[0], [2], [3], [0], [2]]);
  expect(places.map((place) => place.memoryNodes[0])).toEqual([0, 2, 3, 0, 2]);
});

test('numactl passes over a node whose memory is promised, though nothing is touched yet', () => {
  const guests = [6, 5, 3, 4, 9].map((memoryGiB) => ({ vcpus: 1, memoryGiB }));
  const k = fakeKernel({ nodeCpus: [2, 3], memoryGiB: [8, 12], guests });
  const placement = numactl();
  // room 8 and 12: 6 -> node 0 (2 left); 5 -> node 1 (7 left); 3: turn of node 0, no room -> node 1 (4 left); 4 -> node 1 (0 left);
  // 9 fits nowhere: its turn's node 0 keeps it
  expect([0, 1, 2, 3, 4].map((guest) => k.admit(guest, placement, bind()).memoryNodes[0])).toEqual([0, 1, 1, 1, 0]);
});
