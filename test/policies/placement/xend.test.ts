import { describe, expect, test } from 'vitest';
import { homeNode } from '../../../policies/memory/home-node.ts';
import { xend } from '../../../policies/placement/xend.ts';
import type { GuestId } from '../../../sim/units.ts';
import { type FakeSpec, fakeKernel } from '../fake-kernel.ts';

const DOM0 = { vcpus: 48, isHostNoise: true };
const EIGHT_BY_SIX = {
  nodeCpus: Array<number>(8).fill(6),
  memoryGiB: Array<number>(8).fill(16),
  freeGiB: [14, 16, 16, 16, 16, 16, 16, 16],
};

function placeAll(spec: FakeSpec): { nodes: (readonly number[] | null)[]; freeGiB: number[] } {
  const k = fakeKernel(spec);
  const placement = xend('pinned');
  const memory = homeNode('next-id');
  const nodes = spec.guests.flatMap((guest, id) => (guest.isHostNoise ? [] : [k.admit(id, placement, memory).hardNodes]));
  return { nodes, freeGiB: k.freeGiB() };
}

describe('xend of Xen 4.0, beside an unpinned dom0 that burdens all nodes alike,', () => {
  test.each([1, 2])('gives seven guests of %i vCPUs a node each, by id', (vcpus) => {
    const guests = [DOM0, ...Array.from({ length: 7 }, () => ({ vcpus, memoryGiB: 2 }))];
    expect(placeAll({ ...EIGHT_BY_SIX, guests }).nodes).toEqual([[0], [1], [2], [3], [4], [5], [6]]);
  });

  test('goes round again when every node has a guest', () => {
    const guests = [DOM0, ...Array.from({ length: 15 }, () => ({ vcpus: 2, memoryGiB: 2 }))];
    const firsts = placeAll({ ...EIGHT_BY_SIX, guests }).nodes.map((nodes) => nodes![0]);
    expect(firsts).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6]);
  });

  test('takes two nodes for more than six vCPUs, and lets a guest larger than any node spill to the next id', () => {
    const guests = [DOM0, { vcpus: 6, memoryGiB: 8 }, { vcpus: 12, memoryGiB: 8 }, { vcpus: 2, memoryGiB: 20 }, { vcpus: 8, memoryGiB: 4 }];
    // node 0: 14 - 8; node 1: 16 - 8, node 2 gives CPUs only; node 3: full, 4 GiB of 20 on node 4, then 4 more there
    expect(placeAll({ ...EIGHT_BY_SIX, guests })).toEqual({
      nodes: [[0], [1, 2], [3], [4, 5]],
      freeGiB: [6, 8, 16, 0, 8, 16, 16, 16],
    });
  });

  test('does not look for the big nodes', () => {
    const guests = [DOM0, ...Array.from({ length: 10 }, () => ({ vcpus: 2, memoryGiB: 4 }))];
    const memoryGiB = [8, 16, 8, 16, 8, 16, 8, 16];
    const { nodes } = placeAll({ ...EIGHT_BY_SIX, memoryGiB, freeGiB: [7, 16, 8, 16, 8, 16, 8, 16], guests });
    expect(nodes.map((of) => of![0])).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 1, 2]);
  });
});

test('xend counts the CPUs of its first node twice where the second pass finds that node lightest again', () => {
  const guests = [
    { vcpus: 1, memoryGiB: 2 },
    { vcpus: 1, memoryGiB: 2 },
    { vcpus: 4, memoryGiB: 3 },
  ];
  const k = fakeKernel({ nodeCpus: [2, 1], memoryGiB: [16, 2], freeGiB: [2, 2], guests });
  const placement = xend('pinned');
  const memory = homeNode('next-id');
  expect(k.admit(0, placement, memory).hardNodes).toEqual([0]); // both have room, none is loaded
  expect(k.admit(1, placement, memory).hardNodes).toEqual([1]); // node 0: 16 / 2 and 8 for want of room; node 1: 0
  // no room anywhere: node 0 has 8 + 8, node 1 has 16 + 8. Second pass: both have 16, node 0 by id: 2 + 2 CPUs for 4 vCPUs
  expect(k.admit(2, placement, memory).hardNodes).toEqual([0]);
});

test('soft xend makes the node a home and holds nobody there', () => {
  const k = fakeKernel({ nodeCpus: [2, 4], guests: [{ vcpus: 1 }, { vcpus: 1 }] });
  const placement = xend('soft');
  k.admit(0, placement, homeNode('distance'));
  expect(k.admit(1, placement, homeNode('distance'))).toEqual({ hardNodes: null, softNodes: [1], memoryNodes: [1] });
  expect([0, 1].map((guest) => k.homeNode(guest as GuestId))).toEqual([0, 1]);
});

test('a node without CPUs looks light, and then memory no longer counts', () => {
  // node 0 has load 8, nodes 1 and 2 have 48 * 16 / 2 = 384. The second pass takes node 1, which has no room, before node 2
  const k = fakeKernel({ nodeCpus: [0, 2, 2], memoryGiB: [4, 8, 8], freeGiB: [4, 1, 8], guests: [DOM0, { vcpus: 2, memoryGiB: 2 }] });
  expect(k.admit(1, xend('pinned'), homeNode('next-id')).hardNodes).toEqual([1]);
});

test('a node without CPUs is no home, however light it looks', () => {
  // node 0 has load 8 for want of CPUs; node 1 has 48 vCPUs of dom0 on 2 CPUs: 384
  const k = fakeKernel({ nodeCpus: [0, 2], guests: [DOM0, { vcpus: 1 }] });
  expect(k.admit(1, xend('pinned'), homeNode('next-id'))).toEqual({ hardNodes: [1], softNodes: null, memoryNodes: [1] });
});

describe('xend without its quirks', () => {
  const meant = (): ReturnType<typeof xend> => xend('pinned', false);

  test('gives a guest larger than any node as many nodes as it needs, those with most memory free', () => {
    const k = fakeKernel({ nodeCpus: [2, 2, 2], memoryGiB: [4, 7, 6], guests: [{ vcpus: 1, memoryGiB: 12 }] });
    // lacks 8, 5 and 6: nodes 1 and 2 have 13 together
    expect(k.admit(0, meant(), homeNode('next-id')).hardNodes).toEqual([1, 2]);
  });

  test('asks for memory in the second pass too, and takes each node once', () => {
    const guests = [{ vcpus: 1 }, { vcpus: 4, memoryGiB: 3 }];
    const k = fakeKernel({ nodeCpus: [2, 2, 2], memoryGiB: [9, 1, 9], guests });
    expect(k.admit(0, meant(), homeNode('next-id')).hardNodes).toEqual([0]);
    expect(k.admit(1, meant(), homeNode('next-id')).hardNodes).toEqual([0, 2]); // lack 0 and 0; node 1 lacks 2
  });

  test('does not count the host on a small node', () => {
    // 8 vCPUs of the host: load 4 on node 0, 8 on node 1, which alone would tell; guest 1 sits on node 0
    const guests = [{ vcpus: 8, isHostNoise: true }, { vcpus: 1 }, { vcpus: 1 }]; // prettier-ignore
    const second = (placement: ReturnType<typeof xend>): unknown => {
      const k = fakeKernel({ nodeCpus: [2, 1], guests });
      k.admit(1, placement, homeNode('next-id'));
      return k.admit(2, placement, homeNode('next-id')).hardNodes;
    };
    expect([second(xend('pinned')), second(meant())]).toEqual([[0], [1]]);
  });
});

test('a guest that has departed burdens no node any more', () => {
  const second = (isHere: boolean): unknown => {
    const k = fakeKernel({ nodeCpus: [2, 2], guests: [{ vcpus: 1 }, { vcpus: 1 }] });
    const placement = xend('pinned');
    placement.place(k, 0 as GuestId);
    return placement.place({ ...k, nowNs: 1, isHere: () => isHere } as typeof k, 1 as GuestId).hardNodes;
  };
  expect([second(true), second(false)]).toEqual([[1], [0]]);
});
