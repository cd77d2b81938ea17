import { describe, expect, test } from 'vitest';
import type { Kernel, MemoryPolicy } from '../../sim/policy-api.ts';
import { type GuestId, MiB, ms, type NodeId, us } from '../../sim/units.ts';
import { DONE, TOUCH } from '../../sim/workload-api.ts';
import { BLOCK, computing, loads, move, played, sweeps, works } from './moves-fixture.ts';
import { FREE_COSTS, guest } from './scenario-fixture.ts';

// Mappings of four blocks of 256 KiB.
const mappingBytes = 4 * BLOCK;
const still = computing(1e6);
const FREE = { ...FREE_COSTS, copyShare: 0 };
const own = 0 as GuestId;
const nodesOf = (k: Kernel, count: number): number[] => Array.from({ length: count }, (_, block) => k.blockNode(own, block));

describe('a huge mapping', () => {
  test('is marked at the price of one, and one fault restores all of it', () => {
    const faults: number[] = [];
    const marked: number[] = [];
    const bytes = 8 * BLOCK;
    const { guests } = played(
      {
        at: [[1000, (k) => void marked.push(k.markBlocks(own, 5, 1))], [20_000, (k) => void marked.push(k.markBlocks(own, 0, 8))]], // prettier-ignore
        memory: { onHintFault: (_k, { block }) => void faults.push(block) },
      },
      [
        guest(
          works(bytes, (phase) => sweeps(phase, bytes, 1e6)),
          { memoryBytes: bytes },
        ),
      ],
      { durationNs: ms(40), mappingBytes, costs: { ...FREE_COSTS, hintFaultNs: 1300 } },
    );
    expect(marked).toEqual([4, 8]);
    expect(faults.length).toBe(3);
    expect(faults.map((block) => Math.floor(block / 4)).slice(1).sort()).toEqual([0, 1]); // prettier-ignore
    expect(guests[0]!.causes.sampling).toBe(3 * 1300);
  });

  test('moves as a whole, with one mapping anew, and is copied as a whole', () => {
    const { moved, moverNs, bytesByResource } = played({ at: [[1000, move(0, 6, 1)]] }, [guest(still, { memoryBytes: 8 * BLOCK })], {
      durationNs: ms(5),
      mappingBytes,
      costs: { ...FREE_COSTS, remapNs: 5000, shootdownNs: 700 },
    });
    expect(moved.map(({ block, to }) => [block, to])).toEqual([4, 5, 6, 7].map((block) => [block, 1]));
    expect(Math.max(...bytesByResource)).toBe(1.5 * mappingBytes);
    expect(moverNs - moved[0]!.atNs + ms(1)).toBe(5700);
  });

  test('that is split moves block by block, and is merged only where it lies on one node, for a copy', () => {
    const answers: boolean[] = [];
    const nodes: number[][] = [];
    const merge = (k: Kernel): void => void answers.push(k.mergeBlock(own, 3));
    const { bytesByResource, moved, moverNs } = played(
      {
        at: [
          [1000, (k) => void answers.push(k.splitBlock(own, 2), k.splitBlock(own, 2))],
          [1010, move(0, 2, 1)],
          [2000, (k) => (merge(k), void nodes.push(nodesOf(k, 4)))],
          [2010, move(0, 2, 0)],
          [3000, merge], // under way from now on: it takes some 0.24 ms a block
          [3010, merge],
          [6000, (k) => (merge(k), move(0, 0, 1)(k))], // one again: it moves as a whole
        ],
      },
      [guest(still, { memoryBytes: mappingBytes })],
      { durationNs: ms(12), mappingBytes },
    );
    expect(answers).toEqual([true, false, false, true, false, false]);
    expect(nodes).toEqual([[0, 0, 1, 0]]);
    expect(moved.map(({ block }) => block)).toEqual([2, 2, 0, 1, 2, 3]);
    // controller 0: 1 block read; 1 written, for 12 / 7.5; the mapping read and written for the merge; and read again
    expect(bytesByResource[0]! / BLOCK).toBeCloseTo(1 + 1.6 + 4 * 2.6 + 4, 6);
    expect(moverNs).toBeGreaterThan(0);
  });

  test('splits where its target has room for a part of it', () => {
    // node 1 has 48 blocks of 64 MiB; 46 are taken
    const { guests, moved } = played(
      { nodeOf: (id) => (id === 1 ? 1 : 0), at: [[1000, move(0, 0, 1)], [2000, move(0, 2, 2)]] }, // prettier-ignore
      [guest(still, { memoryBytes: 4 * MiB(64) }), guest(still, { name: 'b', memoryBytes: 46 * MiB(64) })],
      { durationNs: ms(5), mappingBytes: 4 * MiB(64), blockBytes: MiB(64), costs: FREE },
    );
    expect(guests[0]).toMatchObject({ blocksByNode: [1, 2, 1], failedMoves: 2, pageMoves: 3 });
    expect(moved.map(({ block, to }) => [block, to])).toEqual([[0, 1], [1, 1], [2, 2]]); // prettier-ignore
  });

  test('goes back as a whole after its time, and in its cooldown no part of it moves', () => {
    const answers: boolean[] = [];
    const { moved, total } = played(
      {
        at: [[1000, move(0, 1, 2)], [2000, (k) => void answers.push(k.moveBlock(own, 3, 1 as NodeId))]], // prettier-ignore
        memory: { cooldownNs: ms(3), revertAfterNs: ms(4) },
      },
      [guest(still, { memoryBytes: mappingBytes })],
      { durationNs: ms(20), mappingBytes, costs: FREE },
    );
    expect(answers).toEqual([false]);
    expect(moved.map(({ from, to }) => `${from}>${to}`)).toEqual([...Array<string>(4).fill('0>2'), ...Array<string>(4).fill('2>0')]);
    expect(total.pageReturns).toBe(4);
  });

  test('of parts that moved at different times keeps the latest cooldown', () => {
    const answers: boolean[] = [];
    const { status, moved } = played(
      {
        nodeOf: () => 0,
        at: [
          [100, (k) => void k.splitBlock(own, 0)],
          [1000, move(0, 0, 1)],
          [1100, move(0, 1, 1)],
          [1200, move(0, 2, 1)],
          [4500, move(0, 3, 1)],
          [5000, (k) => void answers.push(k.mergeBlock(own, 0))],
          [6500, (k) => void answers.push(k.moveBlock(own, 0, 2 as NodeId))], // 3 was moved 2 ms ago
          [9000, (k) => void answers.push(k.moveBlock(own, 0, 2 as NodeId))],
        ],
        memory: { cooldownNs: ms(3) },
      },
      [guest(still, { memoryBytes: mappingBytes })],
      { durationNs: ms(12), mappingBytes, costs: FREE },
    );
    expect([status, answers, moved.length]).toEqual(['ok', [true, false, true], 8]);
  });
});

describe('memory that is backed in huge mappings', () => {
  const firstTouch: Partial<MemoryPolicy> = { backs: 'first-touch' };
  const touches = works(6 * BLOCK, (phase, step) => {
    if (step === 0) Object.assign(phase, { kind: TOUCH, offsetBytes: 0, bytes: 6 * BLOCK });
    else phase.kind = DONE;
  });

  test('has one fault of the host for all of a mapping, and backs the rest of it', () => {
    const pages = BLOCK / 4096;
    const costs = { ...FREE_COSTS, guestFaultNs: 100, hostFaultNs: 900 };
    const record = (huge: number): ReturnType<typeof played> =>
      played({ memory: { ...firstTouch, alloc: (_k, _id, block) => (block < 4 ? 1 : 2) as NodeId } }, [guest(touches, { memoryBytes: 16 * BLOCK })], { mappingBytes: huge, costs }); // prettier-ignore
    const [small, huge] = [record(BLOCK), record(mappingBytes)];
    expect(small.guests[0]!.blocksByNode).toEqual([0, 4, 2]);
    expect(huge.guests[0]!.blocksByNode, 'to the end of the second mapping').toEqual([0, 4, 4]);
    // the guest's fault for each page; the host's for those of each block that asked for memory: six, or one in each mapping
    expect(small.guests[0]!.causes.fault / (6 * pages * 1000)).toBeCloseTo(1, 4);
    expect(huge.guests[0]!.causes.fault / (6 * pages * 100 + 2 * pages * 900)).toBeCloseTo(1, 4);
  });

  test('is mapped block by block where there is no room for all of it, also at build', () => {
    // node 1 has 48 blocks of 64 MiB: 45 are taken, the mapping of four finds three
    const memory: Partial<MemoryPolicy> = { fallback: 'distance', alloc: () => 1 as NodeId };
    const splits: boolean[] = [];
    const { guests } = played(
      { memory, at: [[100, (k) => void splits.push(k.splitBlock(1 as GuestId, 0), k.splitBlock(1 as GuestId, 4))]] },
      [guest(still, { memoryBytes: 44 * MiB(64) + MiB(64) }), guest(still, { name: 'b', memoryBytes: 8 * MiB(64) })],
      { durationNs: us(300), blockBytes: MiB(64), mappingBytes: 4 * MiB(64), costs: FREE },
    );
    // SLIT of node 1 to node 0 is 14, to node 2 19
    expect(guests.map(({ blocksByNode }) => blocksByNode)).toEqual([[0, 45, 0], [5, 3, 0]]); // prettier-ignore
    expect(splits, 'the first was split already, the second is whole').toEqual([false, true]);
  });

  test('is drawn on by tasks of other regions in the mapping, too', () => {
    const random = works(2 * BLOCK, (phase, step, task) => {
      if (task === 1 && step === 0) Object.assign(phase, { kind: TOUCH, offsetBytes: 0, bytes: BLOCK });
      else loads(phase);
    });
    const { guests } = played(
      { cpus: [4, 0], memory: { ...firstTouch, alloc: () => 0 as NodeId } },
      [guest(random, { vcpus: 2, memoryBytes: 4 * BLOCK })],
      { durationNs: ms(20), mappingBytes },
    );
    // the first loads from the zero page until the other has touched its part of the mapping; then all it has is on node 0
    expect(guests[0]!.blocksByNode).toEqual([4, 0, 0]);
    const loadsOf = guests[0]!.accessesByHop;
    expect(loadsOf.local / (ms(20) / 81.6)).toBeLessThan(1.1); // those of the one on node 0
  });
});
