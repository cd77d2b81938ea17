import { describe, expect, test } from 'vitest';
import type { Fallback, MemoryPolicy } from '../../sim/policy-api.ts';
import type { Recording } from '../../sim/recording.ts';
import { GiB, KiB, MiB, ms, type NodeId, us, type VcpuId } from '../../sim/units.ts';
import { computes, FREE_COSTS, guest, ran, workload } from './scenario-fixture.ts';
import { load, pinnedWith, type Step, sleep, steps, touch, wants } from './steps-fixture.ts';

// The lopsided machine has 5, 3 and 7 GiB on its nodes; SLIT rows 10 13 27 / 14 10 19 / 24 18 10; CPUs 0-2, 3 and 4-5.

const free =
  (region: number): Step =>
  (phase, calls) => {
    calls.free(region);
    computes(phase, 1000);
  };

const blocksOf = ({ guests }: Recording): (readonly number[])[] => guests.map(({ blocksByNode }) => blocksByNode);

describe('a node that is full', () => {
  test.each([
    ['the nearest by SLIT is next', 'distance', [80, 48, 0]], //  node 1 has 48 blocks of 64 MiB; node 0 is at 14, node 2 at 19
    ['the next by number is next', 'next-id', [0, 48, 80]],
  ] as const)('%s', (_, fallback, blocks) => {
    const { status, guests } = ran({
      policy: pinnedWith([0], wants(1, fallback)),
      guests: [guest(steps(1, [touch(0, GiB(8))]), { memoryBytes: GiB(8) })],
      blockBytes: MiB(64),
      costs: FREE_COSTS,
    });
    expect([status, guests[0]!.blocksByNode]).toEqual(['ok', blocks]);
  });

  test('the numbers wrap round', () => {
    const { guests } = ran({
      policy: pinnedWith([0], wants(2, 'next-id')),
      guests: [guest(steps(1, [touch(0, GiB(13))]), { memoryBytes: GiB(13) })],
      blockBytes: MiB(512),
      costs: FREE_COSTS,
    });
    expect(guests[0]!.blocksByNode, '14 of node 2, then 10 of node 0, then node 1').toEqual([10, 2, 14]);
  });

  test('bound memory ends its guest, the run says whose, and the others go on', () => {
    // node 1 has 3 GiB: the first guest takes 2, the second finds 1 of its 1.5; the third lives on node 0
    const memory: MemoryPolicy = { ...wants(1, 'none'), alloc: (_k, id) => (id === 2 ? 0 : 1) as NodeId };
    const late = steps(1, [sleep(ms(1)), touch(0, GiB(1.5)), load(0, 1000)]);
    const recording = ran({
      policy: pinnedWith([0, 3, 4], memory),
      guests: [
        guest(steps(1, [touch(0, GiB(2)), sleep(ms(3000)), load(0, 1000)]), { name: 'first', memoryBytes: GiB(2) }),
        guest(late, { name: 'late', memoryBytes: GiB(2) }),
        guest(steps(1, [touch(0, GiB(1)), sleep(ms(3000)), load(0, 3000)]), { name: 'other', memoryBytes: GiB(2) }),
      ],
      blockBytes: MiB(64),
      startGapNs: ms(3000),
      costs: FREE_COSTS,
    });
    expect([recording.status, recording.message]).toEqual(['out-of-memory', 'guest late found no memory where its policy allows it']);
    expect(recording.guests.map(({ name, status }) => [name, status])).toEqual([
      ['first', 'ok'],
      ['late', 'out-of-memory'],
      ['other', 'ok'],
    ]);
    expect(blocksOf(recording)).toEqual([
      [0, 32, 0],
      [0, 16, 0],
      [16, 0, 0],
    ]);
    expect(recording.guests.map(({ completions }) => completions)).toEqual([1, 0, 1]);
  });

  test('memory that is bound and taken at build ends its guest before it has run', () => {
    const memory: MemoryPolicy = { ...wants(1, 'none'), backs: 'at-build', alloc: (_k, id) => id as number as NodeId };
    const { status, guests, simulatedNs } = ran({
      policy: pinnedWith([0, 3], memory),
      guests: [
        guest(steps(1, [touch(0, GiB(1)), load(0, 1000)]), { name: 'fits', memoryBytes: GiB(4) }),
        guest(steps(1, [touch(0, GiB(1))]), { name: 'big', memoryBytes: GiB(4) }),
      ],
      blockBytes: MiB(64),
    });
    expect([status, guests.map((record) => [record.name, record.status, record.lifetimeNs > 0])]).toEqual([
      'out-of-memory',
      [
        ['fits', 'ok', true],
        ['big', 'out-of-memory', false],
      ],
    ]);
    expect(simulatedNs).toBeGreaterThan(0);
  });
});

describe('when memory is backed', () => {
  const half = steps(1, [touch(0, GiB(1))]);
  test('at first touch: what is never touched has no node', () => {
    const recording = ran({
      policy: pinnedWith([4], wants(2, 'none')),
      guests: [guest(half, { memoryBytes: GiB(2) })],
      blockBytes: MiB(64),
    });
    expect(blocksOf(recording)).toEqual([[0, 0, 16]]);
  });

  test('at build: all of it has, and touching costs no host fault', () => {
    const costs = { ...FREE_COSTS, hostFaultNs: us(7), guestFaultNs: us(2) };
    const faultNs = (memory: MemoryPolicy): [number, (readonly number[])[]] => {
      const entry = steps(1, [touch(0, GiB(1))]);
      const recording = ran({
        policy: pinnedWith([4], memory),
        guests: [guest(entry, { memoryBytes: GiB(2) })],
        blockBytes: MiB(64),
        costs,
      });
      return [recording.guests[0]!.causes.fault, blocksOf(recording)];
    };
    const pages = GiB(1) / KiB(4);
    const [builtNs, built] = faultNs({ ...wants(2, 'none'), backs: 'at-build' });
    expect(built).toEqual([[0, 0, 32]]);
    expect(builtNs / (pages * us(2))).toBeCloseTo(1, 6);
    expect(faultNs(wants(2, 'none'))[0] / (pages * us(9))).toBeCloseTo(1, 6);
  });
});

test('freed guest memory keeps its host node: what the guest gives to the next task is where it was', () => {
  // vCPU 0 (node 2) touches and frees; vCPU 1 (node 0) is given the same blocks, touches them again and finds them far away
  const entry = steps(2, [touch(0, MiB(32)), free(0)], [sleep(ms(500)), touch(1, MiB(48)), load(1, 30_000)]);
  const { guests } = ran({
    policy: pinnedWith([4, 0], { ...wants(0, 'none'), alloc: (_k, _guest, _block, node) => node }),
    guests: [guest(entry, { vcpus: 2, memoryBytes: MiB(64) })],
    blockBytes: MiB(1),
    costs: FREE_COSTS,
  });
  expect(guests[0]!.blocksByNode).toEqual([16, 0, 32]);
  const lines = MiB(16) / 64;
  // local: 32 MiB from node 2, 16 MiB of fresh blocks and a third of the loads from node 0; the rest is two hops away
  const { local, sameSocket, oneHop, twoHop } = guests[0]!.accessesByHop;
  expect(local / (3 * lines + 10_000)).toBeCloseTo(1, 6);
  expect((sameSocket + oneHop + twoHop) / (2 * lines + 20_000)).toBeCloseTo(1, 6);
});

describe('a block', () => {
  test.each([
    ['of 4 KiB', KiB(4), MiB(64), [16_384, 0, 0]],
    ['of 1 GiB', GiB(1), GiB(13), [5, 1, 7]], //  14 of 1 GiB fit in 15 GiB: node 0 has 5, then by number
  ] as const)('%s is the unit of placement in a whole run, checked at every instant', (_, blockBytes, memoryBytes, blocks) => {
    const order: MemoryPolicy = { ...wants(blockBytes === GiB(1) ? 2 : 0, 'next-id'), backs: 'at-build' };
    const recording = ran({
      policy: pinnedWith([1, 3], order),
      guests: [guest(workload('lmbench-rd'), { vcpus: 2, memoryBytes, set: { size: MiB(8) }, bootShare: blockBytes === GiB(1) ? 0.5 : 0 })],
      blockBytes,
      durationNs: ms(20),
    });
    expect([recording.status, ...blocksOf(recording)]).toEqual(['ok', blocks]);
    expect(recording.total.throughput.value).toBeGreaterThan(0.5);
  });
});

describe("the host's page cache", () => {
  const cached = (fallback: Fallback, hostCacheBytes: number, memoryBytes: number, wanted = 0): Recording =>
    ran({
      policy: pinnedWith([0], wants(wanted, fallback)),
      guests: [guest(steps(1, [touch(0, memoryBytes)]), { memoryBytes })],
      blockBytes: MiB(64),
      hostCacheBytes,
      costs: FREE_COSTS,
    });

  test('fills node 0 and then its nearest, and guests get what it leaves', () => {
    // 6 GiB: all 5 of node 0 and 1 of node 1 (SLIT 13), which leaves 2 and 7
    expect(blocksOf(cached('distance', GiB(6), GiB(4)))).toEqual([[0, 32, 32]]);
    expect(blocksOf(cached('distance', 0, GiB(4)))).toEqual([[64, 0, 0]]);
  });

  test('gives way when nothing else is free, in the same order, so that a bound guest lives beside it', () => {
    expect(cached('none', GiB(6), GiB(5)).status).toBe('ok');
    expect(blocksOf(cached('none', GiB(6), GiB(5)))).toEqual([[80, 0, 0]]);
    // 9 GiB are free, then 2 of node 1's 3 GiB have come back first: it is nearest to node 1, and node 0 follows
    const wide = cached('distance', GiB(6), GiB(11), 1);
    expect([wide.status, ...blocksOf(wide)]).toEqual(['ok', [16, 48, 112]]);
  });

  test('is there for a policy to see', () => {
    const seen: number[] = [];
    const memory: MemoryPolicy = {
      ...wants(2, 'none'),
      alloc(k) {
        if (seen.length === 0) for (let node = 0; node < k.nodeCount; node++) seen.push(k.nodeFreeBytes(node as NodeId) / GiB(1));
        return 2 as NodeId;
      },
    };
    ran({ policy: pinnedWith([0], memory), guests: [guest(steps(1, [touch(0, MiB(64))]))], hostCacheBytes: GiB(5.5), blockBytes: MiB(64) });
    expect(seen).toEqual([0, 2.5, 7]);
  });
});

describe('a guest with virtual nodes', () => {
  test('hands out memory of the vnode of the vCPU that asks, and then that of the vnodes after it', () => {
    // 3 vnodes of 4, 5 and 5 blocks over 5 vCPUs: vnode 0 has vCPU 0, vnode 1 vCPUs 1-2, vnode 2 vCPUs 3-4
    const seen = { blocks: [] as number[], vcpus: [] as number[], count: 0 };
    const memory: MemoryPolicy = {
      ...wants(0, 'none'),
      backs: 'at-build',
      alloc(k, id, block) {
        seen.count = k.guestVnodeCount(id);
        if (block === 0) seen.vcpus = [0, 1, 2, 3, 4].map((vcpu) => k.vcpuVnode(vcpu as VcpuId));
        seen.blocks.push(k.blockVnode(id, block));
        return k.blockVnode(id, block) as number as NodeId; // a vnode on each host node
      },
    };
    const nothing: Step[] = [];
    // new tasks start where fewest are: on vCPU 0, 1, 3, 2 and 4
    const entry = steps(
      2,
      nothing,
      [],
      nothing,
      [touch(0, MiB(64 * 6)), load(0, 60_000)],
      [sleep(ms(900)), touch(1, MiB(64)), load(1, 900)],
    );
    const { guests } = ran({
      policy: pinnedWith([0, 1, 3, 2, 4], memory),
      guests: [guest(entry, { vcpus: 5, vnodes: 3, memoryBytes: MiB(64 * 14) })],
      blockBytes: MiB(64),
      costs: FREE_COSTS,
    });
    expect(seen).toEqual({ count: 3, vcpus: [0, 1, 1, 2, 2], blocks: [0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2] });
    expect(guests[0]!.blocksByNode).toEqual([4, 5, 5]);
    // vCPU 2 runs on node 1 and gets 5 blocks of vnode 1 and 1 of vnode 2; vCPU 4 on node 2 gets another of vnode 2
    const lines = MiB(64) / 64;
    const { local, sameSocket, oneHop, twoHop } = guests[0]!.accessesByHop;
    expect(local / (6 * lines + 50_000 + 900)).toBeCloseTo(1, 6);
    expect((sameSocket + oneHop + twoHop) / (lines + 10_000)).toBeCloseTo(1, 6);
  });

  test('is answered for a block it does not have by ending the run', () => {
    const memory: MemoryPolicy = { ...wants(0, 'none'), alloc: (k, id) => k.blockVnode(id, 4) as number as NodeId };
    const recording = ran({
      policy: pinnedWith([0], memory),
      guests: [guest(steps(1, [touch(0, MiB(64))]), { memoryBytes: MiB(256) })],
      blockBytes: MiB(64),
    });
    expect([recording.status, recording.message]).toEqual(['policy-error', expect.stringContaining('block 4 of guest 0, want 0 to 3')]);
  });
});
