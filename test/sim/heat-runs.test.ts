import { describe, expect, test } from 'vitest';
import { policies } from '../../policies/index.ts';
import { run } from '../../sim/engine.ts';
import type { MemoryPolicy } from '../../sim/policy-api.ts';
import type { Recording } from '../../sim/recording.ts';
import { GiB, type GuestId, MiB, ms, type NodeId, us } from '../../sim/units.ts';
import { type Heat, TOUCH, type WorkloadEntry } from '../../sim/workload-api.ts';
import { FREE_COSTS, guest, pinned, policy, program, ran, scenario, workload } from './scenario-fixture.ts';
import { load, pinnedWith, type Step, sleep, steps, wants } from './steps-fixture.ts';

// The lopsided machine has 5, 3 and 7 GiB on its nodes; SLIT rows 10 13 27 / 14 10 19 / 24 18 10; CPUs 0-2, 3 and 4-5.

/** Marks all of the first guest's memory so often. */
const marksAll = (periodNs: number): NonNullable<MemoryPolicy['plan']> => ({
  periodNs,
  step: (k) => void k.markBlocks(0 as GuestId, 0, k.guestBlockCount(0 as GuestId)),
});

describe('heat in runs', () => {
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
