import { describe, expect, test } from 'vitest';
import { figureOf } from '../../../experiments/validation/figures.ts';
import type { GuestRecord, Recording } from '../../../sim/recording.ts';
import { measuresOf } from '../recording-fixture.ts';

/** 2 s each: 600 ms on a CPU, 900 waited for one, of that 300 after wakes, 500 asleep; 50 times on a CPU, 20 of them after wakes. */
const guest = (name: string, computeMs: number): GuestRecord => ({
  ...measuresOf(1, { compute: computeMs * 1e6, waitHost: 900e6, sleep: 500e6 }),
  name,
  workload: 'stare',
  vcpus: 1,
  memoryBytes: 1,
  status: 'ok',
  bootNs: 0,
  figures: {},
  blocksByNode: [],
  waitNs: 900e6,
  wakeWaitNs: 300e6,
  contextSwitches: 50,
  wakes: 20,
});
const recording = { guests: [guest('hog', 600), guest('t-0', 100), guest('t-1', 300)] } as unknown as Recording;

test('moves of pages are told in MB a second', () => {
  // 14 moves of 2 MiB in 2 s
  expect(figureOf({ total: measuresOf(1) } as unknown as Recording, 'movedMBps', 2 * 1024 ** 2)).toBeCloseTo((14 * 2.097152) / 2, 12);
});

describe('figures of a guest', () => {
  test.each([
    ['hog.runShare', 0.3],
    ['hog.switchesPerSecond', 25],
    ['hog.meanRunMs', 12],
    ['hog.meanDelayMs', 18],
    ['hog.preemptedDelayMs', 20], // 600 ms of 30 waits
    ['t_1.meanRunMs', 6],
    ['t.meanRunMs', 4], // of 2 and 6
  ])('%s is %d', (name, value) => {
    expect(figureOf(recording, name, 1)).toBeCloseTo(value, 12);
  });

  test('of a process whose threads are told apart are those of its threads', () => {
    // of its 4 s a thread has run 1, in 8 turns, of which 3 came after wakes; it waited 600 ms, 100 of them after these
    const thread = { name: 'web-0', lifetimeNs: 4e9, runNs: 1e9, waitNs: 600e6, wakeWaitNs: 100e6, wakes: 3, contextSwitches: 8 };
    const threads = [thread, { ...thread, name: 'web-1', runNs: 3e9 }];
    const of = (name: string): number => figureOf({ guests: [{ ...guest('p', 600), threads }] } as unknown as Recording, name, 1);
    expect(['web_0.runShare', 'web.runShare', 'web_0.meanRunMs', 'web.preemptedDelayMs'].map(of)).toEqual([0.25, 0.5, 125, 100]);
    expect(() => of('p.runShare')).toThrow('guest p: want one of web_0, web_1');
  });

  test('of a guest or a name that the run does not have are refused', () => {
    expect(() => figureOf(recording, 'hug.runShare', 1)).toThrow('guest hug: want one of hog, t_0, t_1; did you mean hog?');
    expect(() => figureOf(recording, 'hog.runShares', 1)).toThrow('figure runShares of a guest: want one of runShare');
  });
});
