import { describe, expect, test } from 'vitest';
import type { Kernel } from '../../sim/policy-api.ts';
import { GiB, type GuestId, MiB, ms, type NodeId, us } from '../../sim/units.ts';
import { DONE, TOUCH } from '../../sim/workload-api.ts';
import { BLOCK, computing, loads, move, played, sweeps, works } from './moves-fixture.ts';
import { FREE_COSTS, guest } from './scenario-fixture.ts';

// Kernel threads copy: CPU 3 for node 1, CPUs 4 and 5 for node 2; the reader is on CPU 4. Blocks are on node 0.

const replicate =
  (block: number, node: number, answers: boolean[] = []): ((k: Kernel) => void) =>
  (k) =>
    void answers.push(k.replicateBlock(0 as GuestId, block, node as NodeId));
const freeBlocks = (k: Kernel, node: number): number => k.nodeFreeBytes(node as NodeId) / BLOCK;

describe('copies of blocks that are only read', () => {
  const bytes = 4 * BLOCK;
  const reads = works(bytes, (phase) => loads(phase));

  test('serve reads of CPUs on their node, by the share of the blocks that have one', () => {
    // CPU 4 is 70 ns from its own node and 175 from node 0; a load of four, or each, waits for the rise of controllers that are hardly used
    const { guests } = played(
      { cpus: [4], at: [[1000, (k) => [0, 1, 2].forEach((block) => replicate(block, 2)(k))]] },
      [guest(reads, { memoryBytes: bytes })],
      { durationNs: ms(40) },
    );
    expect(guests[0]!).toMatchObject({ pageReplicas: 3, pageMoves: 0, blocksByNode: [4, 0, 0] });
    // three copies of 4096 lines, some 60 ns each, one after the other: all are there by 1.8 ms, after 10,000 loads at 175 ns
    const after = ms(38.2) / (0.25 * 175 + 0.75 * 70);
    const remote = (after / 4 + ms(1.8) / 175) / (after + ms(1.8) / 175);
    expect(Math.abs(guests[0]!.remoteRatio - remote)).toBeLessThan(0.01);
  });

  test('serve a sweep where it passes over them, in the middle of a phase', () => {
    const { guests } = played(
      { cpus: [4], at: [[1000, (k) => [0, 1, 2, 3].forEach((block) => replicate(block, 2)(k))]] },
      [
        guest(
          works(bytes, (phase) => sweeps(phase, bytes, 1e6)),
          { memoryBytes: bytes },
        ),
      ],
      { durationNs: ms(100) },
    );
    expect(guests[0]!.pageReplicas).toBe(4);
    expect(guests[0]!.remoteRatio).toBeLessThan(0.03); // some 2 ms at 1.5 GB/s, the rest at 3.9
  });

  test('serve no CPU of another node', () => {
    const { guests } = played(
      { cpus: [3], at: [[1000, (k) => [0, 1, 2, 3].forEach((block) => replicate(block, 2)(k))]] },
      [guest(reads, { memoryBytes: bytes })],
      { durationNs: ms(20) },
    );
    expect([guests[0]!.pageReplicas, guests[0]!.remoteRatio]).toEqual([4, 1]);
  });

  test('take room, and give it back at the first write, at a fault a block that had some', () => {
    const free: number[] = [];
    const look = (k: Kernel): void => void free.push(freeBlocks(k, 1), freeBlocks(k, 2));
    const readsThenWrites = works(bytes, (phase, step) => {
      if (step === 0)
        loads(phase, { instructions: 30_000 }); // 5 ms and more at 175 ns
      else if (step === 1) loads(phase, { instructions: 1000, writeShare: 0.01 });
      else phase.kind = DONE;
    });
    const { guests, status } = played(
      {
        cpus: [4],
        at: [[0, look], [1000, (k) => [[0, 2], [0, 1], [3, 2]].forEach(([block, node]) => replicate(block!, node!)(k))], [3000, replicate(0, 1)], [4500, look], [30_000, look]], // prettier-ignore
      },
      [guest(readsThenWrites, { memoryBytes: bytes }), guest(computing(40_000), { name: 'b' })],
      { costs: { ...FREE_COSTS, hintFaultNs: 1100 }, durationNs: ms(40) },
    );
    const [one, two] = free;
    expect(status).toBe('ok');
    // block 0 has copies on both nodes: the second was refused while the first was under way, and made when asked again
    expect(free).toEqual([one, two, one! - 1, two! - 2, one, two]);
    expect(guests[0]!.pageReplicas).toBe(3);
    expect(guests[0]!.causes.sampling).toBe(2 * 1100);
  });

  test('are dropped by a touch, and by freeing', () => {
    const free: number[] = [];
    const touches = works(bytes, (phase, step) => {
      if (step === 0) loads(phase, { instructions: 20_000 });
      else if (step === 1) Object.assign(phase, { kind: TOUCH, offsetBytes: 0, bytes: BLOCK });
      else phase.kind = DONE;
    });
    played(
      { cpus: [4], at: [[0, (k) => void free.push(freeBlocks(k, 2))], [500, replicate(1, 2)], [2000, (k) => void free.push(freeBlocks(k, 2))], [19_000, (k) => void free.push(freeBlocks(k, 2))]] }, // prettier-ignore
      [guest(touches, { memoryBytes: bytes }), guest(computing(20_000), { name: 'b' })],
      { durationNs: ms(20) },
    );
    expect(free).toEqual([free[0], free[0]! - 1, free[0]]);
  });

  test('are refused where the block is, twice, and beside a move; a block that has some does not move', () => {
    const answers: boolean[] = [];
    const moves: boolean[] = [];
    played(
      {
        cpus: [4],
        at: [
          [1000, (k) => [[0, 0], [0, 2], [0, 1]].forEach(([block, node]) => replicate(block!, node!, answers)(k))], // prettier-ignore
          [3000, (k) => void (replicate(0, 2, answers)(k), moves.push(k.moveBlock(0 as GuestId, 0, 1 as NodeId)))],
          [3010, (k) => void (moves.push(k.moveBlock(0 as GuestId, 1, 1 as NodeId)), replicate(1, 2, answers)(k))],
        ],
      },
      [guest(reads, { memoryBytes: bytes })],
      { durationNs: ms(8) },
    );
    expect(answers).toEqual([false, true, false, false, false]);
    expect(moves).toEqual([false, true]);
  });

  test('load the two ways of a copy, like a move', () => {
    const { bytesByResource } = played(
      { at: [[100, replicate(0, 1)]] },
      [
        guest(
          works(bytes, (phase) => loads(phase, { accessesPerInstruction: 1e-12, cyclesPerInstruction: 1 })),
          { memoryBytes: bytes },
        ),
      ],
      { durationNs: ms(1) },
    );
    const used = bytesByResource.filter((amount) => amount > 0);
    // read from controller 0 over link 0>1 through pair 1<0 (6.5 GB/s, below the 7 of the link), written at controller 1 for 1.5
    expect(used.sort((a, b) => a - b)).toEqual([BLOCK, BLOCK, BLOCK, 1.5 * BLOCK]);
  });
});

test('a guest may depart with copies, moves, marks and orders under way', () => {
  const left: number[][] = [];
  const look = (k: Kernel): void => void left.push([0, 1, 2].map((node) => freeBlocks(k, node)));
  const reads = works(MiB(8), (phase) => loads(phase));
  const { status, guests } = played(
    {
      cpus: [4, 0],
      at: [
        [0, look],
        [1000, (k) => Array.from({ length: 32 }, (_, block) => (block % 2 ? move(0, block, 1) : replicate(block, 2))(k))],
        [2500, (k) => void k.markBlocks(0 as GuestId, 0, 32)],
        [3100, look],
      ],
      memory: { onHintFault: (k, f) => void k.moveBlock(f.guest, f.block, f.cpuNode), revertAfterNs: us(1500) },
      more: { daemons: [{ name: 'd', periodNs: us(700), step: (_k, act) => act.migratePages(0 as GuestId, 0 as NodeId, 1 as NodeId) }] },
    },
    [guest(reads, { memoryBytes: MiB(8), departsNs: ms(3) }), guest(computing(20_000), { name: 'b', memoryBytes: BLOCK })],
    { durationNs: ms(10) },
  );
  expect(status).toBe('ok');
  expect(guests[0]!.pageMoves).toBeGreaterThan(0);
  expect(guests[0]!.pageReplicas).toBeGreaterThan(0);
  expect(left[1], 'all of it is free again').toEqual([left[0]![0]! + 32, left[0]![1], left[0]![2]]);
});

test('copies are given up before a guest goes without memory', () => {
  // Node 2 has 7 GiB; one guest has all but three blocks, copies take these, and then another comes that may lie nowhere else.
  const reads = works(4 * BLOCK, (phase) => loads(phase));
  const arriving = (copies: number): [status: string, onNode2: number, remote: number] => {
    const { guests, status } = played(
      {
        cpus: [4],
        nodeOf: (id) => (id === 0 ? 0 : 2),
        at: [[1000, (k) => Array.from({ length: copies }, (_, block) => replicate(block, 2)(k))]],
      },
      [
        guest(reads, { name: 'reads', memoryBytes: 4 * BLOCK }),
        guest(computing(100), { name: 'fills', memoryBytes: GiB(7) - 3 * BLOCK }),
        guest(computing(100), { name: 'comes', memoryBytes: 2 * BLOCK, arrivesNs: ms(10) }),
      ],
      { durationNs: ms(30) },
    );
    return [status, guests[2]!.blocksByNode[2]!, guests[0]!.remoteRatio];
  };
  const [without, three] = [arriving(0), arriving(3)];
  expect(without).toEqual(['ok', 2, 1]);
  expect(three.slice(0, 2)).toEqual(['ok', 2]);
  // all there by 1.8 ms, as above, gone at 10 ms and never made again: 8.2 ms at 96 ns a load, a quarter of them far, and 21.8 ms at 175 ns
  const [copied, far] = [ms(8.2) / (0.25 * 175 + 0.75 * 70), ms(21.8) / 175];
  expect(Math.abs(three[2] - (copied / 4 + far) / (copied + far))).toBeLessThan(0.02);
});
