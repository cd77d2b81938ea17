import { describe, expect, test } from 'vitest';
import { below, namedStream } from '../../sim/random.ts';
import { ReadyQueue } from '../../sim/ready-queue.ts';
import { ms, seconds } from '../../sim/units.ts';
import { SLEEP } from '../../sim/workload-api.ts';
import { computes, FREE_COSTS, guest, pinned, program, ran } from './scenario-fixture.ts';

describe('the ready queue', () => {
  /** The obvious one: a list for each guest, looked through from end to end. */
  class SlowQueue {
    readonly lists: { task: number; virtualNs: number }[][] = [[], [], []];
    pop(guestId: number): number {
      const list = this.lists[guestId]!;
      const first = list.reduce((best, entry) => (entry.virtualNs < best.virtualNs ? entry : best)); // ties: the earlier
      list.splice(list.indexOf(first), 1);
      return first.task;
    }
  }

  test('hands out tasks as a list that is looked through would, each guest its own', () => {
    for (const seed of ['1', '2', '3', '4', '5']) {
      const random = namedStream(seed, 'queue', 0, 'test');
      const firstTasks = [0, 17, 20];
      const sizes = [17, 3, 40];
      const queue = new ReadyQueue(60, firstTasks);
      const slow = new SlowQueue();
      for (let step = 0; step < 5_000; step++) {
        const id = below(random, 3);
        const list = slow.lists[id]!;
        const isFull = list.length === sizes[id];
        if (isFull || (list.length > 0 && random() < 0.45)) {
          const head = queue.head(id);
          expect([head, queue.pop(id)], `seed ${seed}, step ${step}`).toEqual([head, slow.pop(id)]);
        } else {
          const free = Array.from({ length: sizes[id]! }, (_, i) => firstTasks[id]! + i).filter(
            (task) => !list.some((entry) => entry.task === task),
          );
          const task = free[below(random, free.length)]!;
          queue.virtualNs[task] = below(random, 12); // many ties
          queue.push(id, task);
          list.push({ task, virtualNs: queue.virtualNs[task] });
        }
        expect(queue.lengths[id]).toBe(list.length);
        expect(Array.from(queue.members(id)).sort((a, b) => a - b)).toEqual(list.map(({ task }) => task).sort((a, b) => a - b));
      }
      for (const id of [0, 1, 2]) while (slow.lists[id]!.length > 0) expect(queue.pop(id)).toBe(slow.pop(id));
      expect([0, 1, 2].map((id) => queue.head(id))).toEqual([-1, -1, -1]);
    }
  });
});

/** Milliseconds that each task has had, in runs of 1 ms: `sleepsMs` before the first of them, and after so many. */
function share(
  tasks: number,
  vcpus: number,
  change: { sleepsMs?: (task: number, call: number) => number; rivals?: number; hostSliceMs?: number; durationMs: number },
): { had: number[]; order: number[]; waitGuestMs: number } {
  const had = new Array<number>(tasks).fill(0);
  const calls = new Array<number>(tasks).fill(0);
  const order: number[] = [];
  const entry = program(
    (task, phase) => {
      const sleepMs = change.sleepsMs?.(task, calls[task]!++) ?? 0;
      if (sleepMs > 0) {
        phase.kind = SLEEP;
        phase.durationNs = ms(sleepMs);
      } else {
        computes(phase, 1.6e6);
        had[task]!++;
        order.push(task);
      }
    },
    { tasks },
  );
  const rivals = Array.from({ length: change.rivals ?? 0 }, (_, i) =>
    guest(
      program((_task, phase) => computes(phase, 1.6e9)),
      { name: `r${i}` },
    ),
  );
  const { guests } = ran({
    policy: pinned([0, 1, 2, 3, 4, 5].slice(0, vcpus).concat([0, 1, 2]), () => 0, ms(change.hostSliceMs ?? 10)),
    guests: [guest(entry, { vcpus }), ...rivals],
    durationNs: ms(change.durationMs),
    costs: FREE_COSTS,
    checks: change.durationMs > 500 ? 'cheap' : 'all',
  });
  return { had, order, waitGuestMs: guests[0]!.causes.waitGuest / 1e6 };
}

describe('tasks that share the vCPUs of a guest', () => {
  test('get 6/7 of one each when seven never stop on six', () => {
    const { had, waitGuestMs } = share(7, 6, { durationMs: 7000 });
    for (const each of had) expect(Math.abs(each - 6000)).toBeLessThanOrEqual(4 + 1); // a slice, and the run under way
    expect(waitGuestMs).toBeCloseTo(7000, 6); // one of them waits at any time
  });

  test('take turns of a slice, in their order', () => {
    const { order } = share(3, 1, { durationMs: 24 });
    expect(order.join('')).toBe('0000111122220000111122220');
  });

  test('are owed a slice at most for having slept', () => {
    // the second wakes at 1000 ms, when the first has had all of it: from then on they share
    const { had } = share(2, 1, { durationMs: 2000, sleepsMs: (task, call) => (task === 1 && call === 0 ? 1000 : 0) });
    expect(had[1]).toBeGreaterThanOrEqual(500 - 4);
    expect(had[1]).toBeLessThanOrEqual(500 + 4);
    expect(had[0]! + had[1]!).toBeGreaterThanOrEqual(1998);
  });

  test('are owed no more when nobody runs at the instant they wake', () => {
    // the first has run 50 ms when it sleeps from 50 to 53; the second, asleep since 4, wakes at 52: 40 ms for two of them
    const asleep = (task: number, call: number): number => (task === 1 && call === 0 ? 48 : task === 0 && call === 50 ? 3 : 0);
    const { had } = share(2, 1, { durationMs: 92, sleepsMs: asleep });
    expect(had[1]).toBeGreaterThanOrEqual(20);
    expect(had[1]).toBeLessThanOrEqual(20 + 4);
  });

  test('run before others when they have had less, though they come later', () => {
    // the third sleeps from 8 to 17: then the first has had 9 and runs until 20, the second has had 8 and has waited since 16, the third is
    // put at a slice less than that, at 4, and so its turn is before the second's; at 24 both have 8, but the second came first
    const { order } = share(3, 1, { durationMs: 27, sleepsMs: (task, call) => (task === 2 && call === 0 ? 9 : 0) });
    expect(order.join('')).toBe('0000111100001111' + '0000' + '2222' + '1111');
  });

  test('do not gain by waking often', () => {
    // one sleeps 1 ms after each 1 ms it runs; it may have half the vCPU at most, and has no more than that
    const { had } = share(2, 1, { durationMs: 3000, sleepsMs: (task, call) => (task === 1 && call % 2 === 1 ? 1 : 0) });
    expect(had[1]!).toBeLessThanOrEqual(1500);
    expect(had[0]!).toBeGreaterThanOrEqual(1500 - 4);
  });

  test('take turns even when the host takes the CPU away before a slice is over', () => {
    // on CPU 0 the vCPU has 3 ms and a rival 3; a slice of the guest is 4 ms of its own time
    const { order } = share(2, 1, { durationMs: 44, rivals: 1, hostSliceMs: 3 });
    expect(order.join('')).toBe('000011110000111100001111');
  });

  test('that come anew start from where the others are, not from nothing', () => {
    // an open guest would otherwise starve what it has: seven tasks that sleep longer and longer before they start
    const { had } = share(4, 2, { durationMs: seconds(4) / 1e6, sleepsMs: (task, call) => (call === 0 ? 700 * task : 0) });
    // 2 alone until 1400 (0: 1400, 1: 700), three share 2 until 2100 (467 each), four until 4000 (950 each)
    [1400 + 467 + 950, 700 + 467 + 950, 467 + 950, 950].forEach((expected, task) =>
      expect(Math.abs(had[task]! - expected), `task ${task}: ${had[task]}`).toBeLessThanOrEqual(12),
    );
  });
});
