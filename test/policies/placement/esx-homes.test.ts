import { describe, expect, test } from 'vitest';
import { homesMemory } from '../../../policies/memory/homes.ts';
import { EsxHomes } from '../../../policies/placement/esx-homes.ts';
import { FLOATING, type Kernel } from '../../../sim/policy-api.ts';
import { type GuestId, NONE, type NodeId, type VcpuId } from '../../../sim/units.ts';
import { fakeHost, SECOND } from '../daemons/fake-host.ts';
import { type FakeSpec, fakeKernel } from '../fake-kernel.ts';

const homesIn = (homes: EsxHomes, guests: number): number[][] =>
  Array.from({ length: guests }, (_, guest) => homes.of(guest as GuestId).map(({ home }) => home));

function placeAll(k: Kernel): EsxHomes {
  const homes = new EsxHomes();
  for (let guest = 0 as GuestId; guest < k.guestCount; guest++) homes.place(k, guest);
  return homes;
}

const idle = { name: 'none', enqueue: (): void => undefined };

describe('first homes', () => {
  test('balance vCPUs a core and memory, whichever is more', () => {
    const sizes = [[2, 1], [1, 2], [1, 1], [2, 3], [1, 0.5]]; // prettier-ignore
    const guests = sizes.map(([vcpus, memoryGiB]) => ({ vcpus: vcpus!, memoryGiB: memoryGiB! }));
    const k = fakeKernel({ nodeCpus: [3, 1, 2], memoryGiB: [5, 3, 7], guests });
    // 2 vCPUs, 1 GiB:  2/3, 2/1, 2/2                          -> 0
    // 1 vCPU, 2 GiB:   3/3, 1/1, 1/2                          -> 2
    // 1 vCPU, 1 GiB:   3/3 1/1 2/2; then 2/5, 1/3, 3/7        -> 1
    // 2 vCPUs, 3 GiB:  4/3, 3/1, 3/2                          -> 0
    // 1 vCPU, 0.5 GiB: 5/3, 2/1, 2/2                          -> 2
    expect(homesIn(placeAll(k), 5)).toEqual([[0], [2], [1], [0], [2]]);
  });

  test('count memory that was promised, not only what is touched', () => {
    const guests = Array.from({ length: 4 }, () => ({ vcpus: 1, memoryGiB: 3 }));
    const k = fakeKernel({ nodeCpus: [4, 4], memoryGiB: [5, 13], freeGiB: [4, 12], guests });
    // 3/4 against 3/12 (and 1/4), 6/12, then 9/12: as much, but 1/4 of its CPUs against 3/4; then 6/4 against 9/12
    expect(homesIn(placeAll(k), 4)).toEqual([[1], [1], [0], [1]]);
  });

  test('forget guests that have gone', () => {
    // with guest 0 there node 0 would have 3/2, as node 1, and more memory
    const host = fakeHost({ nodeCpus: [2, 2], guests: [{ vcpus: 2, memoryGiB: 4 }, { vcpus: 1 }, { vcpus: 1 }, { vcpus: 1 }] });
    const homes = new EsxHomes();
    for (const guest of [0, 1, 2]) homes.place(host.k, guest as GuestId); // 0; 1; 1
    host.pass({ name: 'none', periodNs: SECOND, step: () => undefined }, SECOND);
    host.gone.add(0);
    homes.place(host.k, 3 as GuestId);
    expect(homesIn(homes, 4)).toEqual([[0], [1], [1], [0]]);
  });

  test('are no nodes without CPUs, with none of them on line, or without memory', () => {
    const guests = Array.from({ length: 3 }, () => ({ vcpus: 2 }));
    const k = fakeKernel({ nodeCpus: [0, 2, 3, 4], memoryGiB: [9, 7, 8, 0], guests });
    k.start(idle);
    k.unplug(0);
    k.unplug(1);
    expect(homesIn(placeAll(k), 3)).toEqual([[2], [2], [2]]);
    const nowhere = fakeKernel({ nodeCpus: [0, 2], memoryGiB: [9, 0], guests });
    expect(new EsxHomes().place(nowhere, 0 as GuestId)).toEqual(FLOATING);
  });
});

test('a guest is held on the CPUs of its home', () => {
  const k = fakeKernel({ nodeCpus: [2, 3], guests: [{ vcpus: 2 }] });
  const cpus = [2, 3, 4]; // 2 vCPUs on 3 CPUs are less than on 2
  expect(new EsxHomes().place(k, 0 as GuestId)).toEqual({ hardNodes: null, hardCpus: [cpus, cpus], softNodes: null, memoryNodes: [1] });
});

test('a guest that a user holds on some CPUs is left alone, but counts where it may be', () => {
  const k = fakeKernel({ nodeCpus: [2, 4, 4], memoryGiB: [8, 8, 8], guests: [{ vcpus: 4 }, { vcpus: 1 }, { vcpus: 1 }] });
  k.holdOn(0, [2, 3, 6]);
  const homes = new EsxHomes();
  expect(homes.place(k, 0 as GuestId)).toEqual(FLOATING);
  homes.place(k, 1 as GuestId); // 1/2; 2 + 1 of 4 on both others
  homes.place(k, 2 as GuestId); // 2/2; 3/4
  expect(homesIn(homes, 3)).toEqual([[], [0], [1]]);
});

// Node 3 is nearest to 0, then 2, then 1.
const SLIT = [
  [10, 30, 21, 16],
  [30, 10, 16, 21],
  [21, 16, 10, 30],
  [16, 21, 30, 10],
];

describe('a guest with more vCPUs than a node has cores', () => {
  const wide: FakeSpec = { nodeCpus: [4, 4, 4, 2], memoryGiB: [9, 8, 8, 8], slit: SLIT, guests: [{ vcpus: 7, memoryGiB: 4 }] };

  test('is split into equal parts on near nodes that they fit', () => {
    const homes = placeAll(fakeKernel(wide));
    // 4 of 4 vCPUs on nodes 0 to 2, of which 0 has most memory; 3 vCPUs do not fit node 3, so they go to the next nearest
    expect(homes.of(0 as GuestId)).toMatchObject([
      { vcpus: [0, 1, 2, 3], home: 0 },
      { vcpus: [4, 5, 6], home: 2 },
    ]);
  });

  test('has its vCPUs held part by part', () => {
    const { hardCpus, memoryNodes } = new EsxHomes().place(fakeKernel(wide), 0 as GuestId);
    expect(hardCpus!.map((cpus) => cpus![0])).toEqual([0, 0, 0, 0, 8, 8, 8]);
    expect(memoryNodes).toEqual([0, 2]);
  });

  test('has parts on one node only when there are more parts than nodes', () => {
    const k = fakeKernel({ nodeCpus: [2, 2, 3], memoryGiB: [8, 8, 8], slit: [[10, 16, 22], [16, 10, 22], [22, 22, 10]], guests: [{ vcpus: 12 }] }); // prettier-ignore
    // parts of 3: on node 2; then 0 and 1 are as far and as full, too small both; then again node 2, where it fits
    expect(homesIn(placeAll(k), 1)).toEqual([[2, 0, 1, 2]]);
  });

  test('is told by cores, not by hardware threads', () => {
    const k = fakeKernel({ nodeCpus: [4, 4], threadsPerCore: 2, guests: [{ vcpus: 2 }, { vcpus: 3 }] });
    expect(placeAll(k).of(1 as GuestId).map(({ vcpus }) => vcpus.length)).toEqual([2, 1]); // prettier-ignore
  });

  test('has its memory in turn from the homes of its parts', () => {
    const k = fakeKernel(wide);
    const homes = new EsxHomes();
    const memory = homesMemory(homes, 1);
    expect(k.back(0, 4, memory, homes.place(k, 0 as GuestId), 3)).toEqual([0, 2, 0, 2]);
  });

  test('with virtual nodes is split by these, and each has its memory at home', () => {
    const k = Object.assign(fakeKernel(wide), {
      guestVnodeCount: () => 2,
      vcpuVnode: (vcpu: VcpuId) => (vcpu === 0 || vcpu === 3 ? 0 : 1), // 2 vCPUs, and 5 which are two parts again
      blockVnode: (_: GuestId, block: number) => (block < 2 ? 0 : 1),
    });
    const homes = new EsxHomes();
    const memory = homesMemory(homes, 1);
    const placement = homes.place(k, 0 as GuestId);
    expect(homes.of(0 as GuestId)).toMatchObject([
      { vcpus: [0, 3], home: 0, vnode: 0 }, // 2/4, and node 0 has most memory
      { vcpus: [1, 2, 4], home: 2, vnode: 1 }, // does not fit node 3
      { vcpus: [5, 6], home: 3, vnode: 1 },
    ]);
    expect(placement.hardCpus!.map((cpus) => cpus![0])).toEqual([0, 8, 8, 0, 8, 12, 12]);
    expect(k.back(0, 4, memory, placement, 1)).toEqual([0, 0, 2, 3]);
  });
});

describe('memory', () => {
  test('is from the home, also after that has changed, or from the nearest with room', () => {
    const k = fakeKernel({ nodeCpus: [2, 2, 2], memoryGiB: [2, 6, 6], slit: [[10, 22, 16], [22, 10, 16], [16, 16, 10]], guests: [{ vcpus: 1, memoryGiB: 6 }] }); // prettier-ignore
    const homes = new EsxHomes();
    const memory = homesMemory(homes, 1);
    const placement = homes.place(k, 0 as GuestId); // 1/2 on 1 and 2, 6/6 of the memory, by id
    expect(k.back(0, 2, memory, placement, 0)).toEqual([1, 1]);
    homes.move(k, homes.of(0 as GuestId)[0]!, 0 as NodeId);
    expect(k.back(0, 3, memory, placement, 1)).toEqual([0, 0, 2]);
  });

  test('of a guest without a home is where it is touched', () => {
    const k = fakeKernel({ nodeCpus: [2, 2], guests: [{ vcpus: 1 }] });
    expect(homesMemory(new EsxHomes(), 1).alloc(k, 0 as GuestId, 0, 1 as NodeId, FLOATING)).toBe(1);
    expect(homesMemory(new EsxHomes(), 1).moveBytesPerSecond).toBe(1);
    expect(k.back(0, 1, homesMemory(new EsxHomes(), 1), FLOATING, 1)).not.toContain(NONE);
  });
});
