import { describe, expect, test } from 'vitest';
import { policies } from '../../policies/index.ts';
import { run } from '../../sim/engine.ts';
import type { Fallback, MemoryPolicy, PolicyEntry } from '../../sim/policy-api.ts';
import type { Recording } from '../../sim/recording.ts';
import { GiB, type GuestId, KiB, MiB, ms, type NodeId, us, type VcpuId } from '../../sim/units.ts';
import { DONE, type GuestCalls, type Heat, type Phase, RANDOM, RUN, SLEEP, TOUCH, type WorkloadEntry } from '../../sim/workload-api.ts';
import { asEntry, computes, FREE_COSTS, guest, pinned, pinnedCpus, policy, program, ran, scenario, workload } from './scenario-fixture.ts';

// The lopsided machine has 5, 3 and 7 GiB on its nodes; SLIT rows 10 13 27 / 14 10 19 / 24 18 10; CPUs 0-2, 3 and 4-5.

/** One task a vCPU that does what the lists say, step by step, and then ends. */
type Step = (phase: Phase, calls: GuestCalls) => void;
function steps(regions: number, ...ofTask: Step[][]): WorkloadEntry {
  return program(
    (task, phase, calls) => {
      const step = ofTask[task]!.shift();
      if (step) step(phase, calls);
      else phase.kind = DONE;
    },
    { regions },
  );
}

function touch(region: number, bytes: number): Step {
  return (phase, calls) => {
    calls.allocate(region, bytes);
    Object.assign(phase, { kind: TOUCH, region, offsetBytes: 0, bytes });
  };
}

/** Marks all of the first guest's memory so often. */
const marksAll = (periodNs: number): NonNullable<MemoryPolicy['plan']> => ({
  periodNs,
  step: (k) => void k.markBlocks(0 as GuestId, 0, k.guestBlockCount(0 as GuestId)),
});

/** As many loads at random, one after the other, far beyond any cache. */
function load(region: number, loads: number): Step {
  return (phase) => {
    Object.assign(phase, {
      kind: RUN,
      region,
      pattern: RANDOM,
      workingSetBytes: GiB(2 ** 20),
      instructions: loads,
      accessesPerInstruction: 1,
    });
    phase.work = loads;
  };
}

const free =
  (region: number): Step =>
  (phase, calls) => {
    calls.free(region);
    computes(phase, 1000);
  };

const sleep =
  (durationNs: number): Step =>
  (phase) => {
    phase.kind = SLEEP;
    phase.durationNs = durationNs;
  };

const wants = (node: number, fallback: Fallback): MemoryPolicy => ({
  name: 'wants',
  backs: 'first-touch',
  fallback,
  alloc: () => node as NodeId,
});

function pinnedWith(cpus: readonly number[], memory: MemoryPolicy): PolicyEntry {
  return asEntry(() => ({ name: 'pinned', cpu: pinnedCpus(cpus), memory }));
}

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

describe('heat', () => {
  // 128 blocks of 256 KiB, the first 32 on node 2 and the rest on node 0, where the CPU is: a quarter of even loads goes far
  const onTwo = pinned([0], (_guest, block) => (block < 32 ? 2 : 0));
  const far = ({ guests }: Recording): number => guests[0]!.remoteRatio;
  const heated = (heat: Heat | null, durationNs: number): WorkloadEntry => {
    let isSet = false;
    return program(
      (_task, phase, calls) => {
        if (!isSet) calls.allocate(0, MiB(32));
        isSet = true;
        load(0, durationNs)(phase, calls); // one phase that outlasts the run: what changes, changes within it
      },
      { regions: 1, heat: [heat] },
    );
  };
  const measured = (heat: Heat | null, durationNs: number): Recording =>
    ran({ policy: onTwo, guests: [guest(heated(heat, durationNs), { memoryBytes: MiB(32) })], durationNs, costs: FREE_COSTS });

  test('of none sends loads where the blocks are', () => {
    expect(far(measured(null, ms(1)))).toBeCloseTo(0.25, 9);
  });

  test('sends loads where the hot blocks are, by their weight', () => {
    const heat: Heat = { kind: 'hot', blockShare: 1 / 64, accessShare: 0.9, driftNs: 0 };
    // one block in each row of 64 is hot, and draws 0.45; the first may be far, the second is not; the other 126 draw 0.1
    const share = far(measured(heat, ms(1)));
    const among = [0, 1].map((hot) => 0.45 * hot + (0.1 * (32 - hot)) / 126);
    expect(among.map((wanted) => Math.abs(share - wanted) < 1e-6)).toContain(true);
  });

  test('that drifts draws on all blocks alike in the end, within one phase', () => {
    // Each of the 64 groups is hottest for 100 us. It has one block in each row of 64, and half of the first row is far: 32 groups draw
    // half far at (80 + 215) / 2 ns and 0.45 in queues, 676 loads a turn; the others 80 ns and 1.65 in queues (u = 64/80/12), 1225.
    const heat: Heat = { kind: 'hot', blockShare: 1 / 64, accessShare: 1, driftNs: us(100) };
    const recording = measured(heat, ms(6.4));
    expect(far(recording)).toBeCloseTo(338 / (676 + 1225), 4);
    expect(recording.instants).toBeGreaterThanOrEqual(64);
    expect([0, 0.5]).toContain(far(measured({ ...heat, driftNs: 0 }, ms(6.4))));
  });

  test('moves with the blocks: memory that follows its users soon has the hot loads near', () => {
    // 96 blocks a vCPU, half of them far; all are marked every 20 ms, so that soon all that are drawn on are near.
    const set = { size: MiB(24), heat: 'hot', 'hot-share': 0.1, 'hot-loads': 0.9 };
    const remote = (moves: boolean): number => {
      const memory: MemoryPolicy = {
        ...wants(0, 'none'),
        backs: 'at-build',
        alloc: (_k, _guest, block) => ((block % 2) * 2) as NodeId,
        ...(moves ? { plan: marksAll(ms(20)), onHintFault: (k, f) => void k.moveBlock(f.guest, f.block, f.cpuNode) } : {}),
      };
      const { guests, status } = ran({
        policy: pinnedWith([0, 1], memory),
        guests: [guest(workload('hot-set'), { vcpus: 2, set })],
        durationNs: ms(500),
      });
      expect(status).toBe('ok');
      return guests[0]!.remoteRatio;
    };
    expect(remote(false)).toBeGreaterThan(0.3);
    expect(remote(true)).toBeLessThan(0.5 * remote(false));
  });

  test('of another task is found elsewhere as soon as a block has been moved, in the middle of a phase', () => {
    // Two tasks share two blocks of 1 MiB, one near and one far; at 5 ms the second has the far one moved, which takes about 0.9 ms.
    // From then on the first, whose phase goes on to the end, draws on near memory alone. Half far a load takes 147.9 ns, near 81.6.
    let isSet = false;
    const entry = program(
      (_task, phase, calls) => {
        if (!isSet) calls.allocate(0, MiB(2));
        isSet = true;
        load(0, ms(1))(phase, calls);
      },
      { regions: 1 },
    );
    const memory: MemoryPolicy = {
      ...wants(0, 'none'),
      backs: 'at-build',
      alloc: (_k, _guest, block) => (block === 0 ? 2 : 0) as NodeId,
      plan: marksAll(ms(5)),
      onHintFault: (k, f) => void (f.vcpu === 1 && k.moveBlock(f.guest, f.block, f.cpuNode)),
    };
    const { guests } = ran({
      policy: pinnedWith([0, 1], memory),
      guests: [guest(entry, { vcpus: 2, memoryBytes: MiB(16) })],
      blockBytes: MiB(1),
      durationNs: ms(9.9),
    });
    expect(guests[0]!.pageMoves).toBe(1);
    const halfFar = (5.9 + 5) / 147.9; // ms of both tasks
    const near = (4 + 4) / 81.6;
    expect(guests[0]!.remoteRatio).toBeCloseTo((halfFar * 0.5) / (halfFar + near), 1); // 0.21; 0.34 if the first went on as before
  });

  test('that one task touches is drawn on at once by another that is in the middle of its phase', () => {
    // The first, at node 2, has touched its half of the region and loads from it alone until the other, at node 0, touches the rest at 5 ms.
    const second: Step = (phase) => void Object.assign(phase, { kind: TOUCH, region: 0, offsetBytes: MiB(1), bytes: MiB(1) });
    const first: Step = (phase, calls) => {
      calls.allocate(0, MiB(2));
      Object.assign(phase, { kind: TOUCH, region: 0, offsetBytes: 0, bytes: MiB(1) });
    };
    const { guests } = ran({
      policy: pinnedWith([4, 0], { ...wants(0, 'none'), alloc: (_k, _guest, _block, node) => node }),
      guests: [guest(steps(1, [first, load(0, 100_000)], [sleep(ms(5)), second]), { vcpus: 2, memoryBytes: MiB(16) })],
      blockBytes: MiB(1),
      costs: FREE_COSTS,
    });
    expect(guests[0]!.blocksByNode).toEqual([1, 0, 1]);
    const { sameSocket, oneHop, twoHop } = guests[0]!.accessesByHop;
    const near = 5e6 / 90; // loads of up to 5 ms, at 90 ns or a little less each, the touching left out; of those after it half go far
    expect((sameSocket + oneHop + twoHop) / 100_000).toBeCloseTo((1 - near / 100_000) / 2, 1); // 0.22; none if it went on as before
  });

  test('beside vnodes and a page cache is the same run after run under every policy, with every check on', () => {
    const set = { size: MiB(8), heat: 'zipf', exponent: 1.2, drift: us(130), writes: 0.2, lines: 4 };
    for (const { name } of policies) {
      const once = (): Recording =>
        run(
          scenario({
            policy: policy(name),
            guests: [0, 1].map((i) => guest(workload('hot-set'), { name: `g${i}`, vcpus: 2, vnodes: 1 + i, set, bootShare: 0.3 })),
            hostCacheBytes: GiB(2.5),
            durationNs: ms(60),
            hostNoise: 1,
            ties: 'seeded',
          }),
        );
      const first = once();
      expect([first.status, once().hash], name).toEqual(['ok', first.hash]);
      expect(first.total.throughput.value).toBeGreaterThan(1);
    }
  });
});
