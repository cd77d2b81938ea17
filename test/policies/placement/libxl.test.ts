import { describe, expect, test } from 'vitest';
import { round } from '../../../policies/memory/round.ts';
import { libxl } from '../../../policies/placement/libxl.ts';
import { namedStream } from '../../../sim/random.ts';
import { GiB, type GuestId, KiB } from '../../../sim/units.ts';
import { type Fake, type FakeSpec, fakeKernel } from '../fake-kernel.ts';
import { slowLibxl } from './libxl.slow.ts';

const DOM0 = { vcpus: 48, isHostNoise: true };
const EIGHT_BY_SIX = {
  nodeCpus: Array<number>(8).fill(6),
  memoryGiB: Array<number>(8).fill(16),
  freeGiB: [14, ...Array<number>(7).fill(16)],
};
const FAITHFUL = { hold: 'soft', isFaithful: true } as const;

function placeAll(spec: FakeSpec): { nodes: readonly (readonly number[] | null)[]; freeGiB: number[] } {
  const k = fakeKernel(spec);
  const placement = libxl(FAITHFUL);
  const memory = round(GiB(1));
  const nodes = spec.guests.flatMap((guest, id) => (guest.isHostNoise ? [] : [k.admit(id, placement, memory).softNodes]));
  return { nodes, freeGiB: k.freeGiB() };
}

describe('xl, beside an unpinned dom0 that counts on all nodes alike,', () => {
  test.each([1, 2])('gives seven guests of %i vCPUs the nodes with most memory free, so node 0 none', (vcpus) => {
    const guests = [DOM0, ...Array.from({ length: 7 }, () => ({ vcpus, memoryGiB: 2 }))];
    expect(placeAll({ ...EIGHT_BY_SIX, guests }).nodes).toEqual([[1], [2], [3], [4], [5], [6], [7]]);
  });

  test('goes round again when every node has a guest', () => {
    const guests = [DOM0, ...Array.from({ length: 15 }, () => ({ vcpus: 2, memoryGiB: 2 }))];
    const firsts = placeAll({ ...EIGHT_BY_SIX, guests }).nodes.map((nodes) => nodes![0]);
    expect(firsts).toEqual([1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7]);
  });

  test('takes two nodes for more than six vCPUs, and for more memory than one has', () => {
    const guests = [DOM0, { vcpus: 6, memoryGiB: 8 }, { vcpus: 12, memoryGiB: 8 }, { vcpus: 2, memoryGiB: 20 }, { vcpus: 8, memoryGiB: 4 }];
    // memory goes on both nodes in turn: 4 and 4, 10 and 10, 2 and 2
    expect(placeAll({ ...EIGHT_BY_SIX, guests })).toEqual({
      nodes: [[1], [2, 3], [4, 5], [6, 7]],
      freeGiB: [14, 8, 12, 12, 6, 6, 14, 14],
    });
  });

  test('fills the big nodes first', () => {
    const guests = [DOM0, ...Array.from({ length: 10 }, () => ({ vcpus: 2, memoryGiB: 4 }))];
    const memoryGiB = [8, 16, 8, 16, 8, 16, 8, 16];
    const { nodes } = placeAll({ ...EIGHT_BY_SIX, memoryGiB, freeGiB: [7, 16, 8, 16, 8, 16, 8, 16], guests });
    expect(nodes.map((of) => of![0])).toEqual([1, 3, 5, 7, 2, 4, 6, 0, 1, 3]);
  });
});

test('a guest that xl places nowhere floats: on one node, on more than 16, or when it is too big', () => {
  const place = (spec: Partial<FakeSpec>): unknown => {
    const k = fakeKernel({ nodeCpus: [2, 3], memoryGiB: [4, 5], guests: [{ vcpus: 1, memoryGiB: 2 }], ...spec });
    return libxl(FAITHFUL).place(k, 0 as GuestId);
  };
  const floating = { hardNodes: null, softNodes: null, memoryNodes: [] };
  expect(place({ nodeCpus: [5], memoryGiB: [9] })).toEqual(floating);
  expect(place({ nodeCpus: Array<number>(17).fill(1), memoryGiB: Array<number>(17).fill(4) })).toEqual(floating);
  expect(place({ guests: [{ vcpus: 1, memoryGiB: 10 }] })).toEqual(floating); // 9 in all
  expect(place({ guests: [{ vcpus: 6, memoryGiB: 1 }] })).toEqual(floating); // 5 CPUs in all
  expect(place({})).toEqual({ hardNodes: null, softNodes: [1], memoryNodes: [1] });
});

test('xl of 4.2 pins to the nodes it finds', () => {
  const k = fakeKernel({ nodeCpus: [2, 3], memoryGiB: [4, 5], guests: [{ vcpus: 4, memoryGiB: 2 }] });
  expect(libxl({ hold: 'pinned', isFaithful: true }).place(k, 0 as GuestId)).toEqual({
    hardNodes: [0, 1],
    softNodes: null,
    memoryNodes: [0, 1],
  });
});

test('2.5 TiB more count as less in 32 bits, unless what was meant is asked for', () => {
  const place = (isFaithful: boolean): unknown => {
    const k = fakeKernel({ nodeCpus: [2, 2], memoryGiB: [512, 3072], guests: [{ vcpus: 1 }] });
    return libxl({ hold: 'soft', isFaithful }).place(k, 0 as GuestId).softNodes;
  };
  expect([place(true), place(false)]).toEqual([[0], [1]]); // 2.5 TiB are 2684354560 KiB: past 2 ** 31 the sign turns
});

test('a guest counts where it is until it departs', () => {
  const spec = { nodeCpus: [2, 2], memoryGiB: [8, 9], guests: [{ vcpus: 1 }, { vcpus: 1 }] };
  const second = (isHere: boolean): unknown => {
    const k = fakeKernel(spec);
    const placement = libxl(FAITHFUL);
    placement.place(k, 0 as GuestId); // on node 1, which has more memory
    return placement.place({ ...k, nowNs: 1, isHere: () => isHere } as Fake, 1 as GuestId).softNodes;
  };
  expect([second(true), second(false)]).toEqual([[0], [1]]);
});

test('xl finds what trying all sets of nodes finds', () => {
  for (let seed = 1; seed <= 300; seed++) {
    const random = namedStream(String(seed), 'libxl', 0, 'twin');
    const whole = (below: number): number => Math.floor(random() * below);
    const nodeCount = 2 + whole(5);
    const evenCpus = random() < 0.4 ? 1 + whole(4) : 0;
    const nodeCpus = Array.from({ length: nodeCount }, () => evenCpus || whole(4));
    const memoryGiB = Array.from({ length: nodeCount }, () => whole(7));
    const guests = Array.from({ length: 1 + whole(8) }, () => ({
      vcpus: 1 + whole(6),
      memoryGiB: 1 + whole(6),
      isHostNoise: random() < 0.1,
    }));
    const k = fakeKernel({ nodeCpus, memoryGiB, guests, blockGiB: 1 });
    const placement = libxl(FAITHFUL);
    const placed: (number[] | undefined)[] = [];
    guests.forEach(({ isHostNoise }, guest) => {
      if (isHostNoise) return;
      const slow = slowLibxl(k, guest, placed);
      placed[guest] = slow;
      const found = k.admit(guest, placement, round(KiB(4))).softNodes ?? [];
      expect(found, `seed ${seed}, guest ${guest}`).toEqual(slow);
    });
  }
});
