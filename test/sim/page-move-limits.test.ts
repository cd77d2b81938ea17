import { describe, expect, test } from 'vitest';
import { run } from '../../sim/engine.ts';
import type { Kernel, MemoryPolicy } from '../../sim/policy-api.ts';
import { namedStream } from '../../sim/random.ts';
import { type GuestId, MiB, ms, type NodeId, seconds, us } from '../../sim/units.ts';
import { BLOCK, computing, loads, move, type Moved, played, works } from './moves-fixture.ts';
import { hostile, hostileScenario } from './restless-fixture.ts';
import { asEntry, FREE_COSTS, guest, lopsidedMachine } from './scenario-fixture.ts';

const FREE = { ...FREE_COSTS, copyShare: 0 }; // a copy takes a nanosecond
const still = computing(1e7);

describe('a rate of 50 blocks a second', () => {
  const rate = 50 * BLOCK;
  /** Asks for every block to go somewhere else, every 5 ms from `fromMs` on. */
  const greedy = (fromMs: number, untilMs: number): Moved[] =>
    played(
      {
        nodeOf: () => 2,
        memory: {
          moveBytesPerSecond: rate,
          plan: {
            periodNs: ms(5),
            step(k) {
              if (k.nowNs < ms(fromMs)) return;
              for (let block = 0; block < 128; block++)
                k.moveBlock(0 as GuestId, block, (k.blockNode(0 as GuestId, block) === 1 ? 2 : 1) as NodeId);
            },
          },
        },
      },
      [guest(still, { memoryBytes: 128 * BLOCK })],
      { durationNs: ms(untilMs), costs: FREE },
    ).moved;

  test('is used up, and what is saved is a second at most', () => {
    // 3 s idle save 50 blocks; what comes until it asks last, at 4.995 s, is 99.75
    expect(greedy(3000, 5000).length).toBe(149);
    expect(greedy(3000, 3001).length).toBe(50);
    expect(greedy(500, 501).length, 'half a second has gone').toBe(25);
  });

  test('holds in every window, to what may have been saved', () => {
    const moved = greedy(1200, 3000);
    expect(moved.length).toBeGreaterThan(120);
    for (let first = 0; first < moved.length; first++) {
      for (let last = first; last < moved.length; last++) {
        const windowNs = moved[last]!.atNs - moved[first]!.atNs;
        expect((last - first + 1) * BLOCK).toBeLessThanOrEqual(rate + (rate * windowNs) / 1e9 + 1);
      }
    }
  });
});

describe('a cooldown', () => {
  test.each([11, 12, 13, 14, 15, 16, 17, 18])('is never broken by a hostile policy (seed %d)', (seed) => {
    const lastNs = new Map<string, number>();
    const cooldownNs = us(700);
    let moves = 0;
    const { status, message } = run({
      ...hostileScenario(seed),
      policy: asEntry(() => {
        const policy = hostile(namedStream(String(seed), 'test', 0, 'policy'));
        const onMoved = (_k: Kernel, id: GuestId, block: number): void => {
          const key = `${id}/${block}`;
          const sinceNs = _k.nowNs - (lastNs.get(key) ?? -Infinity);
          lastNs.set(key, _k.nowNs);
          moves++;
          expect(sinceNs).toBeGreaterThanOrEqual(cooldownNs);
        };
        return { ...policy, memory: { ...policy.memory, cooldownNs, revertAfterNs: us(900), onMoved } };
      }),
    });
    expect(['ok', 'out-of-memory'], message ?? '').toContain(status);
    expect(moves).toBeGreaterThan(0);
  });
});

describe('a block that is moved for 5 ms', () => {
  const stays = (at: NonNullable<Parameters<typeof played>[0]['at']>, memory: Partial<MemoryPolicy> = {}): ReturnType<typeof played> =>
    played({ at, memory: { revertAfterNs: ms(5), ...memory } }, [guest(still, { memoryBytes: MiB(1) })], {
      durationNs: ms(30),
      costs: FREE,
    });
  const path = (moved: readonly Moved[]): string => moved.map(({ from, to }) => `${from}>${to}`).join(' ');

  test('goes back when they are over', () => {
    const { moved, total, guests } = stays([[1000, move(0, 2, 1)]]);
    expect(path(moved)).toBe('0>1 1>0');
    expect(moved[1]!.atNs - moved[0]!.atNs - ms(5)).toBeLessThanOrEqual(1); // the copy
    expect([total.pageMoves, total.pageReturns, guests[0]!.blocksByNode]).toEqual([2, 1, [4, 0, 0]]);
  });

  test('and is moved home before has nothing to go back from', () => {
    const { moved, total } = stays([[1000, move(0, 2, 1)], [3000, move(0, 2, 0)]]); // prettier-ignore
    expect([path(moved), total.pageReturns]).toEqual(['0>1 1>0', 0]);
    expect(moved[1]!.atNs).toBeLessThan(ms(3.1));
  });

  test('and again before they are over goes home 5 ms after the last time', () => {
    const { moved, total } = stays([[1000, move(0, 2, 1)], [4000, move(0, 2, 2)]]); // prettier-ignore
    expect([path(moved), total.pageReturns]).toEqual(['0>1 1>2 2>0', 1]);
    expect(moved[2]!.atNs - moved[1]!.atNs - ms(5)).toBeLessThanOrEqual(1);
  });

  test('tries again every 5 ms while its home is full, and each try is counted', () => {
    // Node 1 has 48 blocks of 64 MiB; 'big' arrives at 3 ms and has them all, and leaves at 14 ms
    const home = 1;
    const recording = played(
      {
        cpus: [0, 4],
        nodeOf: () => home,
        at: [[1000, move(0, 0, 2)]],
        memory: { revertAfterNs: ms(5) },
      },
      [
        guest(still, { memoryBytes: MiB(64) }),
        guest(still, { name: 'big', memoryBytes: 48 * MiB(64), arrivesNs: ms(3), departsNs: ms(14) }),
      ],
      { durationNs: ms(30), costs: FREE, blockBytes: MiB(64) },
    );
    const [away, back] = recording.moved;
    expect(path(recording.moved)).toBe('1>2 2>1');
    expect(recording.guests[0]!.failedMoves, 'at 6 and 11 ms').toBe(2);
    expect(Math.abs(back!.atNs - away!.atNs - ms(15))).toBeLessThanOrEqual(2);
  });

  test('and finds the room gone between request and copy tries again, too', () => {
    // of two blocks that are to go home at 6 ms there is room for one, as 'big' has 47 of 48 from 3 to 14 ms; the thread takes 100 ns to wake,
    // so that both are asked for while there is room
    const { moved, guests } = played(
      {
        cpus: [0, 4],
        nodeOf: () => 1,
        at: [[1000, (k) => [0, 1].forEach((block) => move(0, block, 2)(k))]],
        memory: { revertAfterNs: ms(5) },
      },
      [
        guest(still, { memoryBytes: 2 * MiB(64) }),
        guest(still, { name: 'big', memoryBytes: 47 * MiB(64), arrivesNs: ms(3), departsNs: ms(14) }),
      ],
      { durationNs: ms(30), costs: { ...FREE, ipiNs: 100 }, blockBytes: MiB(64) },
    );
    expect(path(moved)).toBe('1>2 1>2 2>1 2>1');
    expect(guests[0]!.failedMoves, 'at 6 and 11 ms').toBe(2);
    expect(Math.abs(moved[3]!.atNs - ms(16))).toBeLessThanOrEqual(500);
  });
});

describe('a move', () => {
  test('to a node without room fails and is counted', () => {
    // node 1 has 48 blocks of 64 MiB, 47 of them taken: of three moves one has room
    const answers: boolean[] = [];
    const { guests, status } = played(
      {
        nodeOf: (_guest, block) => (block < 47 ? 1 : 0),
        at: [47, 48, 49].map(
          (block, i) => [1000 + 1000 * i, (k) => void answers.push(k.moveBlock(0 as GuestId, block, 1 as NodeId))] as const,
        ),
      },
      [guest(still, { memoryBytes: 50 * MiB(64) })],
      { durationNs: ms(9), costs: FREE, blockBytes: MiB(64) },
    );
    expect([status, answers]).toEqual(['ok', [true, false, false]]);
    expect(guests[0]).toMatchObject({ pageMoves: 1, failedMoves: 2, blocksByNode: [2, 48, 0] });
  });

  test('that finds the room gone when its turn comes fails and is counted', () => {
    const { guests } = played(
      { nodeOf: (_guest, block) => (block < 47 ? 1 : 0), at: [[1000, (k) => [47, 48, 49].forEach((block) => move(0, block, 1)(k))]] },
      [guest(still, { memoryBytes: 50 * MiB(64) })],
      { durationNs: ms(9), costs: FREE, blockBytes: MiB(64) },
    );
    expect(guests[0]).toMatchObject({ pageMoves: 1, failedMoves: 2, blocksByNode: [2, 48, 0] });
  });

  test('does not take memory from where it is held, nor copies', () => {
    const answers: boolean[] = [];
    const { guests } = played(
      {
        nodeOf: () => 0,
        memory: { fallback: 'within' },
        more: { placement: { name: 'held', place: () => ({ hardNodes: null, softNodes: null, memoryNodes: [0, 2] as NodeId[] }) } },
        at: [
          [1000, (k) => void answers.push(k.moveBlock(0 as GuestId, 0, 1 as NodeId), k.replicateBlock(0 as GuestId, 1, 1 as NodeId))],
          [1500, (k) => void answers.push(k.moveBlock(0 as GuestId, 0, 2 as NodeId))],
        ],
      },
      [
        guest(
          works(MiB(1), (phase) => loads(phase)),
          { memoryBytes: MiB(1) },
        ),
      ],
      { durationNs: ms(5), costs: FREE },
    );
    expect(answers).toEqual([false, false, true]);
    expect(guests[0]).toMatchObject({ pageMoves: 1, failedMoves: 0, blocksByNode: [3, 0, 1] });
  });

  test('is refused while the block waits, is not backed, or is there already', () => {
    const answers: boolean[] = [];
    const ask = (k: Kernel, block: number, to: number): void => void answers.push(k.moveBlock(0 as GuestId, block, to as NodeId));
    played(
      {
        memory: { backs: 'first-touch' },
        at: [[1000, (k) => [[0, 2], [0, 1], [1, 0], [3, 1]].forEach(([block, to]) => ask(k, block!, to!))]], // prettier-ignore
      },
      [guest(works(2 * BLOCK, (phase, step) => (step === 0 ? Object.assign(phase, { kind: 1, bytes: 2 * BLOCK }) : loads(phase))), { memoryBytes: MiB(1) })], // prettier-ignore
      { durationNs: ms(5) },
    );
    expect(answers).toEqual([true, false, false, false]);
  });
});

test.each([
  [{ revertAfterNs: 0 }, 'memory.revertAfterNs = 0, want a whole number, at least 1'],
  [{ revertAfterNs: us(4), cooldownNs: us(5) }, 'memory.revertAfterNs = 4000, want a whole number, at least 5000'],
  [{ cooldownNs: 0.5 }, 'memory.cooldownNs = 0.5, want a whole number, at least 0'],
  [{ moveBytesPerSecond: 0 }, 'memory.moveBytesPerSecond = 0, want more than 0'],
  [{ samples: { periodLines: 0 } }, 'memory.samples.periodLines = 0, want a whole number, at least 1'],
])('a policy with %j is refused', (memory, message) => {
  const { status, message: said } = played({ memory }, [guest(still)], { durationNs: seconds(1), machine: lopsidedMachine });
  expect([status, said]).toEqual(['policy-error', expect.stringContaining(message)]);
});
