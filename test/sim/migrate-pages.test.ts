import { expect, test } from 'vitest';
import type { Actuators } from '../../sim/policy-api.ts';
import { run } from '../../sim/engine.ts';
import type { Recording } from '../../sim/recording.ts';
import { type GuestId, MiB, ms, type NodeId, us } from '../../sim/units.ts';
import { uniform } from '../../machines/uniform.ts';
import { buildMachine } from '../../sim/machine.ts';
import { BLOCK, computing, loads, played, works } from './moves-fixture.ts';
import { SMALL_BLIND } from './restless-fixture.ts';
import { asEntry, FREE_COSTS, guest, onNodes, pinnedCpus, scenario, TEST_COSTS } from './scenario-fixture.ts';

const FREE = { ...FREE_COSTS, copyShare: 0 };
type Orders = readonly (readonly [atMs: number, from: number, to: number])[];

/** A daemon that gives the first guest these orders. */
function ordering(orders: Orders): { daemons: { name: string; periodNs: number; step: (k: { nowNs: number }, act: Actuators) => void }[] } {
  const due = [...orders];
  return {
    daemons: [
      {
        name: 'orders',
        periodNs: us(500),
        step(k, act) {
          for (; due.length > 0 && ms(due[0]![0]) <= k.nowNs; due.shift())
            act.migratePages(0 as GuestId, due[0]![1] as NodeId, due[0]![2] as NodeId);
        },
      },
    ],
  };
}
const still = computing(1e6);

test('an order empties a node in the order of addresses, and leaves the other nodes alone', () => {
  const { moved, guests } = played(
    { nodeOf: (_guest, block) => [0, 2, 0, 1][block % 4]!, more: ordering([[1, 0, 1]]) },
    [guest(still, { memoryBytes: 16 * BLOCK })],
    { durationNs: ms(30) },
  );
  expect(moved.map(({ block, from, to }) => [block, from, to])).toEqual([0, 2, 4, 6, 8, 10, 12, 14].map((block) => [block, 0, 1]));
  expect(guests[0]!.blocksByNode).toEqual([0, 12, 4]);
});

test('it obeys the rate, and goes on as room comes', () => {
  // 100 blocks a second; by 1 ms a tenth of one has come. The n-th comes at n * 10 ms
  const { moved } = played({ more: ordering([[1, 0, 2]]), memory: { moveBytesPerSecond: 100 * BLOCK } }, [guest(still, { memoryBytes: 16 * BLOCK })], { durationNs: ms(105), costs: FREE }); // prettier-ignore
  expect(moved.length).toBe(10);
  moved.forEach(({ atNs }, n) => expect(Math.abs(atNs - ms(10) * (n + 1))).toBeLessThan(10));
});

test('a later one for the same node takes its place', () => {
  const { moved } = played({ more: ordering([[1, 0, 2], [55, 0, 1]]), memory: { moveBytesPerSecond: 100 * BLOCK } }, [guest(still, { memoryBytes: 16 * BLOCK })], { durationNs: ms(105), costs: FREE }); // prettier-ignore
  expect(moved.map(({ to }) => to)).toEqual([2, 2, 2, 2, 2, 1, 1, 1, 1, 1]);
});

test('it ends with its guest', () => {
  const { moved, status } = played(
    { more: ordering([[1, 0, 2]]), memory: { moveBytesPerSecond: 100 * BLOCK } },
    [guest(still, { memoryBytes: 16 * BLOCK, departsNs: ms(35) }), guest(still, { name: 'b', memoryBytes: BLOCK })],
    { durationNs: ms(105), costs: FREE },
  );
  expect([status, moved.length]).toEqual(['ok', 3]);
});

test('what finds no room stays, and is counted', () => {
  // node 1 has 48 blocks of 64 MiB, 46 of them taken
  const { guests } = played(
    { nodeOf: (id) => id, more: ordering([[1, 0, 1]]) },
    [guest(still, { memoryBytes: 5 * MiB(64) }), guest(still, { name: 'b', memoryBytes: 46 * MiB(64) })],
    { durationNs: ms(9), costs: FREE, blockBytes: MiB(64) },
  );
  expect(guests[0]).toMatchObject({ blocksByNode: [3, 2, 0], failedMoves: 3 });
});

test('a node without CPUs is served by the nearest that has some', () => {
  // node 2 of this machine has none; from node 2 firmware says 24 to node 0 and 18 to node 1, whose thread copies
  const { moved, guests, bytesByResource } = played({ more: ordering([[1, 0, 2]]) }, [guest(still, { memoryBytes: 8 * BLOCK })], {
    durationNs: ms(30),
    machine: SMALL_BLIND,
  });
  expect([moved.length, guests[0]!.blocksByNode]).toEqual([8, [0, 0, 8]]);
  const carried = (name: string): number => bytesByResource[SMALL_BLIND.resourceNames.indexOf(name)]! / (8 * BLOCK);
  expect(['link 0>1', 'link 2>1', 'link 1>2', 'link 0>2', 'link 1>0'].map(carried)).toEqual([1, 1, 1, 0, 0]);
});

test('where place does not matter, moving to and fro never helps, and what is lost is what it cost', () => {
  // four pinned tasks of a guest of 64 blocks; a policy moves them about, by faults, threads and orders
  const machine = buildMachine(uniform);
  const once = (moves: boolean, seed: string): Recording => {
    const entry = asEntry(() => ({
      name: 'about',
      cpu: pinnedCpus([0, 6, 12, 18]),
      memory: {
        ...onNodes((_guest, block) => block % 8),
        plan: {
          periodNs: us(700),
          step(k) {
            if (!moves) return;
            k.markBlocks(0 as GuestId, 0, 64);
            k.moveBlock(0 as GuestId, Math.floor(k.random() * 64), Math.floor(k.random() * 8) as NodeId);
            k.replicateBlock(0 as GuestId, Math.floor(k.random() * 64), Math.floor(k.random() * 8) as NodeId);
          },
        },
        onHintFault: (k, f) => void (k.random() < 0.3 && k.moveBlock(f.guest, f.block, f.cpuNode)),
      },
    }));
    const reads = works(MiB(4), (phase) => loads(phase, { instructions: 10_000, work: 10_000 }));
    return run(scenario({ machine, policy: entry, guests: [guest(reads, { vcpus: 4, memoryBytes: MiB(16) })], durationNs: ms(60), seed, costs: TEST_COSTS })); // prettier-ignore
  };
  for (const seed of ['1', '2', '3']) {
    const [idle, busy] = [once(false, seed), once(true, seed)];
    expect(busy.total.pageMoves, `seed ${seed}`).toBeGreaterThan(50);
    expect(busy.total.throughput.value, `seed ${seed}`).toBeLessThan(idle.total.throughput.value);
    const { causes } = busy.total;
    const handling = (of: Recording['total']['causes']): number => of.pageCopy + of.sampling + of.contextSwitch + of.wake + of.waitHost;
    const queues = causes.queueController + causes.queueLink + causes.queuePair;
    const lost = 1 - busy.total.throughput.value / idle.total.throughput.value;
    const cost = (handling(causes) - handling(idle.total.causes) + queues) / idle.total.lifetimeNs;
    expect(Math.abs(lost / cost - 1), `seed ${seed}`).toBeLessThan(0.01);
  }
});
