import { describe, expect, test } from 'vitest';
import { buildDomains } from '../../../../policies/cpu/linux/domains.ts';
import { RunQueues } from '../../../../policies/cpu/linux/run-queues.ts';
import { scanCountOf, WakePlacement } from '../../../../policies/cpu/linux/wake.ts';
import { type Kernel, WAKE_FORK, WAKE_TTWU } from '../../../../sim/policy-api.ts';
import { type CpuId, NONE, type VcpuId } from '../../../../sim/units.ts';
import { fakeKernel, type Fake, type FakeSpec } from '../../fake-kernel.ts';

// CPUs 0 to 2 on node 0, 3 to 6 on node 1; vCPU 0 is the one that wakes, the others keep CPUs busy.
const NODES = { nodeCpus: [3, 4], guests: [{ vcpus: 1 }, { vcpus: 30 }] };

interface Case {
  readonly k: Fake;
  readonly queues: RunQueues;
  readonly wakes: WakePlacement;
  choose(prev: number, waker: number, flags?: number): number;
}

/** @param nr [cpu] vCPUs there, each of load 1024, as is the one that wakes */
function given(nr: readonly number[], spec: FakeSpec = NODES): Case {
  const k = fakeKernel(spec);
  const domains = buildDomains(k);
  const queues = new RunQueues(k);
  const wakes = new WakePlacement(k, domains, queues, 'by idleness');
  queues.vcpuLoad[0] = 1024;
  nr.forEach((count, cpu) => {
    queues.nr[cpu] = count;
    queues.load[cpu] = queues.runnable[cpu] = 1024 * count;
    queues.util[cpu] = 1024 * Math.min(1, count);
  });
  const choose = (prev: number, waker: number, flags = WAKE_TTWU): number =>
    wakes.choose(Object.create(k, { wakerCpu: { value: waker } }) as Kernel, 0 as VcpuId, prev as CpuId, flags);
  return { k, queues, wakes, choose };
}

describe('a vCPU that wakes', () => {
  test.each([
    // [what, nr of each CPU, prev, waker, expected]
    ['stays on its last CPU if that is idle, whoever wakes it', [1, 0, 1, 1, 1, 1, 1], 1, 5, 1],
    ['stays though the waker idles, when they share a cache', [1, 0, 0, 1, 1, 1, 1], 1, 2, 1],
    ['goes to an idle waker that shares the cache, its last being busy', [1, 1, 0, 1, 1, 1, 1], 1, 2, 2],
    ['takes an idle CPU of the last cache, not of an equally busy waker', [1, 1, 0, 1, 0, 1, 1], 0, 3, 2],
    ['is drawn to a waker on another node with less load, and there to an idle CPU', [3, 1, 1, 1, 1, 0, 1], 0, 4, 5],
    ['is drawn to an idle waker on another node by its load, not because it idles', [2, 1, 1, 0, 1, 1, 1], 0, 3, 3],
    ['is not drawn to an idle waker on another node that would have no less load', [1, 1, 1, 0, 1, 1, 1], 0, 3, 0],
    ['waits on its last CPU if no CPU of the cache idles, though others do', [1, 1, 1, 1, 0, 1, 1], 1, 3, 1],
    ['looks for an idle CPU from the one after its last, round', [0, 1, 0, 1, 1, 1, 1], 1, 4, 2],
    ['looks round the end of its node', [0, 0, 1, 1, 1, 1, 1], 2, 4, 0],
  ] as const)('%s', (_, nr, prev, waker, expected) => {
    expect(given(nr).choose(prev, waker)).toBe(expected);
  });

  test('is drawn if load there, with its own, is below that here without it by more than half of 17 %', () => {
    // its own load is 100: (x + 100) * 100 < (1000 - 100) * 108 means x < 872
    for (const [there, expected] of [
      [871, 3],
      [873, 0],
    ] as const) {
      // prettier-ignore
      const { queues, choose } = given([1, 1, 1, 1, 1, 1, 1]);
      queues.vcpuLoad[0] = 100;
      queues.load[0] = 1000;
      queues.load[3] = there;
      expect(choose(0, 3), String(there)).toBe(expected);
    }
  });

  test('goes back to where it was before its last CPU, if that idles, before it searches', () => {
    const { queues, choose } = given([1, 1, 1, 1, 1, 1, 1]);
    choose(6, 6); // was on 6
    queues.nr[4] = queues.nr[6] = 0;
    expect(choose(3, 3)).toBe(6); // from 3 the search would find 4 first
    queues.nr[6] = 0;
    expect(choose(5, 5)).toBe(6); // the one before is 3, busy: the search after 5
  });

  test('does not search where the cache has been too busy, and only so far as it is worth', () => {
    const { wakes, choose } = given([1, 1, 1, 1, 1, 1, 0]);
    wakes.scanCount[3] = 0;
    expect(choose(3, 3)).toBe(3);
    wakes.scanCount[3] = 2; // CPUs 4 and 5
    expect(choose(3, 3)).toBe(3);
    wakes.scanCount[3] = 3;
    expect(choose(3, 3)).toBe(6);
  });

  test('passes over CPUs it may not use, which do not count as looked at', () => {
    const { k, wakes, choose } = given([1, 1, 1, 1, 0, 1, 0]);
    k.holdOn(0, [0, 3, 5, 6]);
    wakes.scanCount[3] = 2;
    expect(choose(3, 3)).toBe(6);
    expect(choose(3, 4)).toBe(6); // nor is it drawn there
  });

  test('stays when waker and wakee each have many partners: more than the cache has CPUs', () => {
    const { queues, wakes, k } = given([5, 5, 5, 1, 0, 1, 1]);
    queues.curr[3] = 1; // vCPU 1 wakes them all, from CPU 3
    const from3 = Object.create(k, { wakerCpu: { value: 3 } }) as Kernel;
    const wake = (vcpu: number): number => wakes.choose(from3, vcpu as VcpuId, 0 as CpuId, WAKE_TTWU);
    expect(wake(0)).toBe(4); // drawn by load
    for (let i = 0; i < 4; i++) for (const other of [2, 3, 4, 5, 6]) wake(other); // 20 partners: 4 CPUs * 4 and more
    expect(wake(0)).toBe(4); // it wakes nobody itself
    queues.curr[3] = 0; // it wakes four, so its own count is the size of the cache
    for (const other of [7, 8, 9, 10]) wake(other);
    queues.curr[3] = 1;
    expect(wake(0)).toBe(0);
  });
});

describe('with two threads a core', () => {
  // CPUs 0 1, 2 3, 4 5 are cores of node 0
  const spec = { nodeCpus: [6, 4], threadsPerCore: 2, guests: [{ vcpus: 1 }] };

  test.each([
    ['an idle core comes before an idle thread', [1, 1, 1, 0, 0, 0], 0, 4],
    ['without one, the first idle thread found', [1, 1, 1, 0, 1, 0], 0, 3],
    ['the sibling of the last CPU counts as any other while cores may idle', [1, 0, 1, 1, 0, 0], 0, 4],
  ] as const)('%s', (_, nr, prev, expected) => {
    expect(given([...nr, 1, 1, 1, 1], spec).choose(prev, prev)).toBe(expected);
  });

  test('once no core was found idle the sibling of the last CPU comes first, until a core idles again', () => {
    const { k, queues, wakes, choose } = given([1, 0, 0, 1, 0, 1, 1, 1, 1, 1], spec);
    expect(choose(0, 0)).toBe(1); // the search after 0 finds threads only, and remembers that
    queues.nr[1] = 1;
    expect(choose(3, 3)).toBe(2); // sibling of 3, before 4
    queues.nr[5] = 0;
    expect(choose(3, 3)).toBe(2); // nobody said that 4 and 5 idle
    wakes.noteIdle(k, 5 as CpuId);
    expect(choose(3, 3)).toBe(4);
  });
});

describe('a new vCPU', () => {
  test.each([
    ['starts on the node with more idle CPUs', [1, 1, 1, 1, 0, 0, 1], 0, 4],
    ['stays where its waker is when no node has more', [1, 0, 1, 1, 0, 1, 1], 0, 1],
    ['does not care about its waker’s own CPU if another there idles', [1, 0, 0, 1, 1, 1, 1], 0, 1],
    ['without an idle CPU goes to the one with least load', [3, 3, 2, 3, 3, 3, 3], 0, 2],
  ] as const)('%s', (_, nr, waker, expected) => {
    expect(given(nr).choose(NONE, waker, WAKE_FORK)).toBe(expected);
  });

  test('goes to the node with most idle CPUs, not to the first with more than its waker’s', () => {
    const spec = { nodeCpus: [2, 3, 4], guests: [{ vcpus: 1 }, { vcpus: 9 }] };
    expect(given([1, 1, 1, 1, 0, 0, 1, 0, 0], spec).choose(NONE, 0, WAKE_FORK)).toBe(5);
    expect(given([1, 1, 0, 0, 1, 1, 1, 1, 0], spec).choose(NONE, 0, WAKE_FORK)).toBe(2);
  });

  test('goes to the CPU that has idled for the shortest time', () => {
    const { queues, choose } = given([1, 1, 1, 1, 0, 0, 0]);
    queues.idleSinceNs.set([500, 700, 600], 4);
    expect(choose(NONE, 0, WAKE_FORK)).toBe(5);
  });

  test('stays on a large node with few vCPUs though another is wholly idle: up to an eighth of its CPUs', () => {
    const spec = { nodeCpus: [16, 16], guests: [{ vcpus: 1 }] }; // imb_numa_nr 2
    expect(given([1], spec).choose(NONE, 0, WAKE_FORK)).toBe(1); // the second there
    expect(given([1, 1], spec).choose(NONE, 0, WAKE_FORK)).toBe(16); // would be the third
  });

  test('keeps to what it may use', () => {
    const { k, choose } = given([0, 0, 0, 1, 1, 0, 1]);
    k.holdOn(0, [3, 4, 6]);
    expect(choose(NONE, 0, WAKE_FORK)).toBe(3); // all have the same load
  });
});

test.each([
  [0, 6],
  [0.5, 3], //  1 - (0.5 * 1.17) ^ 2 = 0.657; of 6: 3.9
  [0.8, 0], //  1 - 0.936 ^ 2 = 0.12; of 6: 0.74
  [0.86, 0], // 1.17 * 0.86 > 1
])('a cache of six CPUs, %f of their time used, is searched for %i CPUs', (use, expected) => {
  expect(scanCountOf(use * 6 * 1024, 6, 117)).toBe(expected);
});
