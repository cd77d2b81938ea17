import { describe, expect, test } from 'vitest';
import { numad } from '../../../policies/daemons/numad.ts';
import { CpuUse } from '../../../policies/daemons/cpu-use.ts';
import { couldDoBetter, nodesFor, nodesNow, type NumadNodes } from '../../../policies/daemons/numad-nodes.ts';
import { addUse, inOrder, newProcess, type NumadProcess, request } from '../../../policies/daemons/numad-process.ts';
import { type GuestId, type NodeId, seconds } from '../../../sim/units.ts';
import { fakeKernel } from '../fake-kernel.ts';
import { fakeHost, type FakeHost, SECOND } from './fake-host.ts';

const DEFAULTS = { minIntervalNs: seconds(5), maxIntervalNs: seconds(15), targetPercent: 85, localPercent: 90 };
// passes are at 4 s (first look at 1 s, then half of 5 s, on a whole second), then 5 s after one that moved something, else 15 s after

const HOST = {
  nodeCpus: [4, 6, 3], // CPUs 0-3, 4-9, 10-12
  memoryGiB: [8, 12, 5],
  slit: [
    [10, 22, 16],
    [22, 10, 19],
    [16, 19, 10],
  ],
};

function busy(host: FakeHost, guest: number, percent: number, onCpu: number): void {
  const first = host.k.guestFirstVcpu(guest as GuestId);
  for (let vcpu: number = first; vcpu < first + host.k.guestVcpuCount(guest as GuestId); vcpu++) {
    host.percent[vcpu] = percent;
    host.on[vcpu] = onCpu;
  }
}

describe('a pass of numad', () => {
  test('holds all vCPUs of a guest on the node that is worth most to it, and sends its memory there', () => {
    const host = fakeHost({ ...HOST, guests: [{ vcpus: 2, memoryGiB: 4 }] });
    busy(host, 0, 75, 0);
    host.on[1] = 4;
    host.lay(0, [1024, 2048, 0]);
    // it uses 3072 MB and 150 %, so it should have 3072/.85 = 3614 MB and 176 %
    // node 0: 8192 MB with its own, 325 free + 50 = 375 %:  (36140 + 4*4578) * (1056 + 199) =  68 337 260
    // node 1: 12288 MB, 525 + 100, at most 600 %:           (36140 + 4*8674) * (1056 + 424) = 104 837 280
    // node 2: 5120 MB, 300 %:                                (36140 + 4*1506) * (1056 + 124) =  49 753 520
    const daemon = numad(DEFAULTS);
    host.pass(daemon, 3 * SECOND);
    expect(host.told()).toEqual([]);
    host.pass(daemon, SECOND);
    expect(host.told()).toEqual(['0.0 on 4,5,6,7,8,9', '0.1 on 4,5,6,7,8,9', '0:0>>1']);
  });

  test('passes over guests of half a CPU, of 300 MB, of the host, and such as have gone', () => {
    const guest = { vcpus: 1, memoryGiB: 1 };
    const host = fakeHost({ ...HOST, guests: [guest, guest, { ...guest, isHostNoise: true }, guest, guest] });
    for (let i = 0; i < 5; i++) {
      busy(host, i, i === 0 ? 50 : 90, i);
      host.lay(i, [i === 1 ? 256 : 320, 0, 0]);
    }
    host.gone.add(3);
    host.pass(numad(DEFAULTS), 10 * SECOND); // passes at 4 and 9 s
    expect(host.told()).toEqual(['4.0 on 4,5,6,7,8,9', '4:0>>1']);
  });

  test('moves one guest and is followed by another after 5 s, or after 15 s if it moved none', () => {
    const host = fakeHost({ ...HOST, guests: [{ vcpus: 2, memoryGiB: 1 }, { vcpus: 2, memoryGiB: 2 }, { vcpus: 2, memoryGiB: 1 }] }); // prettier-ignore
    const daemon = numad(DEFAULTS);
    busy(host, 0, 80, 0);
    busy(host, 1, 60, 1);
    host.lay(0, [960, 0, 0]); // 960 MB * 160 % is less than 1472 MB * 120 %
    host.lay(1, [1472, 0, 0]);
    const whenMoved: string[] = [];
    for (let second = 1; second <= 40; second++) {
      if (second === 20) {
        busy(host, 2, 90, 2);
        host.lay(2, [512, 0, 0]);
      }
      host.pass(daemon, SECOND);
      const moved = host.told().filter((line) => line.includes('.0 on'));
      if (moved.length > 0) whenMoved.push(`${second}: ${moved.map((line) => line[0]).join()}`);
    }
    // 4: guest 1, 9: guest 0, 14: none, both were bound lately; 29: the new one is seen, its use is not known; 44 would be next
    expect(whenMoved).toEqual(['4: 1', '9: 0']);
    host.pass(daemon, 4 * SECOND);
    expect(host.told()[0]).toBe('2.0 on 4,5,6,7,8,9');
  });

  test('has the memory of the fullest foreign node go first, each to the target with least', () => {
    // needs two nodes for 640/.85 = 752 % less 30 % of slack of 400 % on node 0; node 1 with the most CPUs, then node 0 (distance 12)
    const slit = [[10, 12, 30, 30], [12, 10, 30, 30], [30, 30, 10, 20], [30, 30, 20, 10]]; // prettier-ignore
    const host = fakeHost({ nodeCpus: [4, 5, 2, 2], memoryGiB: [16, 16, 4, 4], slit, guests: [{ vcpus: 8, memoryGiB: 8 }] });
    busy(host, 0, 80, 9);
    host.lay(0, [640, 192, 1024, 1280]);
    host.pass(numad(DEFAULTS), 4 * SECOND);
    // node 1 has 192 + 1280, then node 0 with 640 has least
    expect(host.told().slice(7)).toEqual(['0.7 on 4,5,6,7,8,0,1,2,3', '0:3>>1', '0:2>>0']);
  });

  test.each([
    [640, []],
    [704, ['0:0>>1']],
  ])('leaves a guest that is bound where it should be alone while a tenth of its 6400 MB is elsewhere: %i MB', (foreignMB, orders) => {
    const host = fakeHost({ ...HOST, guests: [{ vcpus: 2, memoryGiB: 7 }] });
    const daemon = numad(DEFAULTS);
    busy(host, 0, 90, 5);
    host.lay(0, [0, 6400, 0]);
    host.pass(daemon, 4 * SECOND);
    expect(host.told()).toEqual(['0.0 on 4,5,6,7,8,9', '0.1 on 4,5,6,7,8,9']); // once it is bound, in any case
    host.lay(0, [foreignMB, 6400 - foreignMB, 0]);
    host.pass(daemon, 300 * SECOND); // passes at 9, 24, ... 294 s
    expect(host.told()).toEqual([]);
    host.pass(daemon, 10 * SECOND); // and 309 s
    expect(host.told()).toEqual(orders);
  });

  test('looks at a guest bound lately when its node has least left and the emptiest is better', () => {
    const host = fakeHost({ ...HOST, guests: [{ vcpus: 2, memoryGiB: 2 }, { vcpus: 6, memoryGiB: 3 }] }); // prettier-ignore
    const daemon = numad(DEFAULTS);
    busy(host, 0, 90, 5);
    host.lay(0, [0, 1024, 0]);
    host.pass(daemon, 4 * SECOND);
    expect(host.told()).toHaveLength(2);
    busy(host, 1, 65, 5);
    host.lay(1, [0, 256, 0]); // too small to be a candidate, but it takes node 1: 6*65 + 180 = 570 of 600 %
    host.takenMB[1] = 10_000;
    // at 9 s node 1 has 30 % and 12288 - 1280 - 10000 = 1008 MB left, nodes 0 and 2 400, 300 % and 8192, 5120 MB; on average 243 %, 4773 MB
    // with it away: |30 + 180 - 243| + |400 - 180 - 243| = 56 < 400 - 30 - 50; |1008 + 1024 - 4773| + |8192 - 1024 - 4773| = 5136 < 7184
    host.pass(daemon, 5 * SECOND);
    expect(host.told()).toEqual(['0.0 on 0,1,2,3', '0.1 on 0,1,2,3', '0:1>>0']);
  });

  test('has a guest that needs all nodes bound to all, once', () => {
    const host = fakeHost({ nodeCpus: [2, 2], memoryGiB: [2, 2], guests: [{ vcpus: 4, memoryGiB: 3 }] });
    const daemon = numad(DEFAULTS);
    busy(host, 0, 90, 0);
    host.lay(0, [1024, 1024]);
    host.pass(daemon, 4 * SECOND);
    expect(host.told()).toHaveLength(4); // no memory is foreign
    host.pass(daemon, 320 * SECOND); // and looked at again at 309 s
    expect(host.told()).toEqual([]);
  });

  test('sends memory to the last of targets alike, and to none without memory', () => {
    // 1000 % for ten vCPUs, less 30 % of slack, are three nodes of 400 %, as node 0 is; node 2 has no memory
    const slit = [[10, 12, 12, 30], [12, 10, 12, 30], [12, 12, 10, 30], [30, 30, 30, 10]]; // prettier-ignore
    const host = fakeHost({ nodeCpus: [4, 3, 4, 2], memoryGiB: [8, 8, 0, 8], slit, guests: [{ vcpus: 10, memoryGiB: 2 }] });
    busy(host, 0, 90, 11);
    host.lay(0, [0, 0, 0, 1024]);
    host.pass(numad(DEFAULTS), 4 * SECOND);
    expect(host.told().slice(9)).toEqual(['0.9 on 0,1,2,3,4,5,6,7,8,9,10', '0:3>>1']);
  });

  test('never chooses a node without CPUs, and has memory there brought away', () => {
    const host = fakeHost({ nodeCpus: [2, 0, 3], memoryGiB: [4, 64, 5], guests: [{ vcpus: 1, memoryGiB: 2 }] });
    busy(host, 0, 95, 0);
    host.lay(0, [0, 1024, 0]);
    host.pass(numad(DEFAULTS), 4 * SECOND);
    expect(host.told()).toEqual(['0.0 on 2,3,4', '0:1>>2']);
  });

  test('counts neither CPUs that are off line nor a second thread of a core for more than a fifth', () => {
    const host = fakeHost({ nodeCpus: [4, 4], threadsPerCore: 2, memoryGiB: [6, 6], guests: [{ vcpus: 1, memoryGiB: 2 }] });
    host.fake.start({ name: 'none', enqueue: () => undefined });
    host.fake.unplug(1);
    host.fake.unplug(2); // node 0: CPUs 0 and 3 of two cores, 200 %; node 1: 4 CPUs of two cores, 240 %
    busy(host, 0, 95, 0);
    host.lay(0, [704, 640, 0]);
    host.pass(numad(DEFAULTS), 4 * SECOND);
    // of 1581 MB and 111 %: node 0 200 - 95 + 49 = 154 %, 5504 MB; node 1 240 %, 5504 MB (6144 - 640 + 680, at most 6144)
    expect(host.told()).toEqual(['0.0 on 4,5,6,7', '0:0>>1']);
  });
});

test('a process is said to use the most it has used in eight passes', () => {
  const one = process({});
  const used = [60.9, 10, 20, 30, 40, 30, 20, 10, 5].map((percent) => {
    addUse(one, percent);
    return one.usedPercent;
  });
  expect(used).toEqual([60, 60, 60, 60, 60, 60, 60, 60, 40]);
});

test('the CPU time a node has left is less by four fifths of each second thread', () => {
  const host = fakeHost({ nodeCpus: [4, 3], threadsPerCore: 2, memoryGiB: [6, 9], guests: [{ vcpus: 1 }, { vcpus: 1 }] });
  const use = new CpuUse(host.k);
  host.lay(1, [64, 0]);
  busy(host, 0, 55, 1);
  busy(host, 1, 100, 4);
  host.pass({ name: 'none', periodNs: SECOND, step: (k) => use.look(k) }, 2 * SECOND);
  // node 0: 2 cores, 240 % when empty; 400 - 55 - 160; node 1: CPUs 4 to 6 are cores 2 and 3, 220 %; 300 - 100 - 80
  expect(nodesNow(host.k, use)).toEqual({
    rooms: [{ node: 0, freeMB: 6080, freePercent: 185 }, { node: 1, freeMB: 9216, freePercent: 120 }], // prettier-ignore
    sizes: [{ mB: 6144, percent: 240 }, { mB: 9216, percent: 220 }], // prettier-ignore
    first: { mB: 6144, percent: 240 },
  });
});

test('numad has nothing to do on one node', () => {
  const host = fakeHost({ nodeCpus: [4], guests: [{ vcpus: 2, memoryGiB: 2 }] });
  busy(host, 0, 90, 0);
  host.lay(0, [1024]);
  host.pass(numad(DEFAULTS), 30 * SECOND);
  expect(host.told()).toEqual([]);
});

const process = (change: Partial<NumadProcess>): NumadProcess => ({ ...newProcess(0 as GuestId, [0 as NodeId, 1 as NodeId]), ...change });

test('processes come in numad’s order: the large unbound first, then the bound, those alike by when they were bound', () => {
  const made = [
    process({ guest: 0 as GuestId, usedPercent: 100, usedMB: 1000, boundNs: 95 }),
    process({ guest: 1 as GuestId, usedPercent: 60, usedMB: 400 }), //                 unbound, 24 000
    process({ guest: 2 as GuestId, usedPercent: 200, usedMB: 600, boundNs: 90 }), //   120 000: more than guest 0, so before it
    process({ guest: 3 as GuestId, usedPercent: 90, usedMB: 900 }), //                 unbound, 81 000
    process({ guest: 4 as GuestId, usedPercent: 100, usedMB: 1000, boundNs: 20 }), // 100 000 = 5/6 of guest 2: alike, and bound before
    process({ guest: 5 as GuestId, usedPercent: 100, usedMB: 700, boundNs: 10 }), //  70 000 is not alike
  ];
  expect(inOrder(made).map(({ guest }) => guest)).toEqual([3, 1, 4, 2, 0, 5]);
});

test.each([
  [
    { usedMB: 850, usedPercent: 170 },
    { mB: 1000, percent: 200 },
  ], // of 85 %
  [
    { usedMB: 850, usedPercent: 290 },
    { mB: 1000, percent: 300 },
  ], // 341, but it has 3 vCPUs
  [
    { usedMB: 2040, usedPercent: 0 },
    { mB: 2400, percent: 0 },
  ], //    2550 MB with a quarter are no more than a node
  [
    { usedMB: 2048, usedPercent: 0 },
    { mB: 3614, percent: 0 },
  ], //    2560 are, of a guest of 3072: 3072/.85
])('numad asks for %o a margin more: %o', (used, wanted) => {
  const k = fakeKernel({ nodeCpus: [4], guests: [{ vcpus: 3, memoryGiB: 3 }] });
  expect(request(k, process(used), { mB: 2559, percent: 400 }, 85)).toEqual(wanted);
});

describe('numad’s nodes for a process', () => {
  const k = fakeKernel({ nodeCpus: [4, 4], guests: [{ vcpus: 1 }] });
  const nodes = (...free: [number, number][]): NumadNodes => ({
    rooms: free.map(([freeMB, freePercent], node) => ({ node: node as NodeId, freeMB, freePercent })),
    sizes: [{ mB: 9000, percent: 400 }, { mB: 9000, percent: 400 }], // prettier-ignore
    first: { mB: 9000, percent: 400 },
  });
  const its = { usedMB: 1600, nodeMB: [1600, 0], usedPercent: 100 };
  const need = { mB: 1882, percent: 117 };
  const leniency = { flexPercent: 30, hasEnoughCpus: true };

  test.each([
    [5650, 0], // 4000 + 17/16 of its 1600 MB are 5700
    [5750, 1],
  ])('weigh its own memory 17/16 while it is free: beside %i MB elsewhere node %i', (elsewhereMB, node) => {
    expect(nodesFor(k, nodes([4000, 300], [elsewhereMB, 400]), process(its), need, leniency)).toEqual([node]);
  });

  test.each([
    [5950, 0], // 4000 + 5/4 of its 1600 MB are 6000
    [6050, 1],
  ])('weigh it 5/4 once it is bound: beside %i MB elsewhere node %i', (elsewhereMB, node) => {
    const bound = process({ ...its, nodes: [0 as NodeId], boundNs: 1 });
    expect(nodesFor(k, nodes([4000, 300], [elsewhereMB, 400]), bound, need, leniency)).toEqual([node]);
  });

  test('are more when CPUs do not suffice, within half of the margin', () => {
    const wide = process({ usedMB: 800, nodeMB: [800, 0], usedPercent: 300 });
    const few = nodes([8000, 20], [8000, 10]); // with its 300 % node 0 has 320
    const pick = (percent: number, hasEnoughCpus: boolean): NodeId[] =>
      nodesFor(k, few, wide, { mB: 941, percent }, { flexPercent: 30, hasEnoughCpus });
    expect(pick(329, false)).toEqual([0]); // 9 of 329 % lack
    expect(pick(331, true)).toEqual([0]);
    // 360 of 20 + 300 and 10 are more than there is, so memory alone counts; of 20 + 300 and 50 they are not
    expect(pick(360, false)).toEqual([0]);
    expect(nodesFor(k, nodes([8000, 20], [8000, 50]), wide, { mB: 941, percent: 360 }, { flexPercent: 30, hasEnoughCpus: false })).toEqual([0, 1]); // prettier-ignore
    expect(nodesFor(k, nodes([8000, 20], [8000, 90]), wide, { mB: 941, percent: 351 }, { flexPercent: 30, hasEnoughCpus: false })).toEqual([0, 1]); // prettier-ignore
    expect(nodesFor(k, nodes([8000, 20], [8000, 90]), wide, { mB: 941, percent: 350 }, { flexPercent: 30, hasEnoughCpus: false })).toEqual([0]); // prettier-ignore
  });
});

test.each([
  [25, false],
  [26, true],
])(
  'a process bound lately is looked at where the fullest and the emptiest node come more than 50 %% nearer: it uses %i %%',
  (used, could) => {
    // the average is 210 % and 4000 MB; after |120 + 25 - 210| + |300 - 25 - 210| = 130, not less than 180 - 50; with 26 it is 128
    const free = [[300, 7000], [120, 1000], [210, 4000]]; // prettier-ignore
    const rooms = free.map(([freePercent, freeMB], node) => ({ node: node as NodeId, freeMB: freeMB!, freePercent: freePercent! }));
    const first = { mB: 9000, percent: 400 };
    const nodes = { rooms, sizes: [first, first, first], first };
    const bound = process({ nodes: [1 as NodeId], usedMB: 2000, usedPercent: used, boundNs: 1 });
    expect(couldDoBetter(nodes, bound, { mB: 2352, percent: 30 })).toBe(could);
    expect(couldDoBetter(nodes, { ...bound, nodes: [2 as NodeId] }, { mB: 2352, percent: 30 })).toBe(false); // not the fullest
    const otherwise = [[120, 7000], [300, 1000], [210, 4000]].map(([percent, mB], i) => ({ ...rooms[i]!, freePercent: percent!, freeMB: mB! })); // prettier-ignore
    expect([0, 1, 2].map((node) => couldDoBetter({ ...nodes, rooms: otherwise }, { ...bound, nodes: [node as NodeId] }, { mB: 2352, percent: 30 }))).toEqual([could, could, false]); // prettier-ignore
    expect(couldDoBetter(nodes, { ...bound, usedMB: 6000 }, { mB: 2352, percent: 30 })).toBe(false); // |1000 + 6000 - 4000| + |7000 - 6000 - 4000| = 6000, as before
    expect(couldDoBetter(nodes, bound, { mB: 9000, percent: 30 })).toBe(false); // does not fit one node
    expect(couldDoBetter(nodes, bound, { mB: 2352, percent: 400 })).toBe(false);
  },
);
