import { describe, expect, test } from 'vitest';
import { balanced } from '../../../../policies/cpu/linux/linux-balance.ts';
import { BETTER, type Locality, UNKNOWN, WORSE } from '../../../../policies/cpu/linux/locality.ts';
import { ms, NONE, us } from '../../../../sim/units.ts';
import { type Fake, type FakeSpec, fakeKernel } from '../../fake-kernel.ts';
import { fifoClass } from './fifo-class.ts';

/** Turns of 2 ms, first come first served on each CPU. */
function started(spec: FakeSpec): Fake {
  const k = fakeKernel(spec);
  k.start(balanced(fifoClass(ms(2))));
  return k;
}

/** vCPUs that run or wait on the CPUs of each node. */
function byNode(k: Fake): number[] {
  const counts = Array<number>(k.nodeCount).fill(0);
  k.onCpus().forEach((vcpu, cpu) => {
    counts[k.cpuNode(cpu as never)]! += (vcpu === NONE ? 0 : 1) + k.waitingOn(cpu).length;
  });
  return counts;
}

const crowded = (k: Fake): number => k.onCpus().filter((_, cpu) => k.waitingOn(cpu).length > 0).length;

/** Wakes a guest's vCPUs held on some CPUs, then lets them go. */
function startOn(k: Fake, guest: number, cpus: readonly number[], vcpus: readonly number[]): void {
  k.holdOn(guest, cpus);
  k.wake(...vcpus);
  k.holdOn(guest, null);
}

describe('vCPUs that always run, on two nodes of six CPUs', () => {
  const start = (count: number): Fake => {
    const k = started({ nodeCpus: [6, 6], guests: [{ vcpus: count }] });
    startOn(k, 0, [0, 1, 2, 3, 4, 5], [...Array(count).keys()]);
    return k;
  };

  test('seven on one node are four and three, in the end by pushing away what runs', () => {
    const k = start(7);
    expect(byNode(k)).toEqual([7, 0]);
    k.pass(ms(20));
    expect([crowded(k), byNode(k)]).toEqual([0, [6, 1]]); // the one that waited went; no other waits
    k.pass(ms(2000));
    expect(byNode(k)).toEqual([4, 3]);
  });

  test('four on one node are two and two, two stay together', () => {
    const four = start(4);
    four.pass(ms(2000));
    expect(byNode(four)).toEqual([2, 2]);
    const two = start(2);
    two.pass(ms(2000));
    expect(byNode(two)).toEqual([2, 0]);
  });

  test('thirty on one node are fifteen on each within ten seconds', () => {
    const k = start(30);
    k.pass(ms(10_000));
    expect(Math.abs(byNode(k)[0]! - 15)).toBeLessThanOrEqual(2); // 17 over 13 is within 17 % of the average
    const queues = k.onCpus().map((_, cpu) => k.waitingOn(cpu).length);
    expect([Math.min(...queues), Math.max(...queues)]).toEqual([1, 2]);
  });
});

describe('a CPU that runs out of work', () => {
  // vCPU 0 runs on CPU 1, vCPUs 1 and 2 share CPU 0
  const start = (): Fake => {
    const k = started({ nodeCpus: [2], guests: [{ vcpus: 1 }, { vcpus: 2 }] });
    startOn(k, 0, [1], [0]);
    startOn(k, 1, [0], [1, 2]);
    return k;
  };

  test('takes at once what waits beside it', () => {
    const k = start();
    k.pass(us(100));
    k.block(0);
    expect(k.onCpus()).toEqual([1, 2]);
  });

  test('but not what has run within half a millisecond, if it can wait for that', () => {
    const k = start();
    k.pass(ms(2)); // the turn of vCPU 1 is over: it waits, hot
    expect(k.onCpus()).toEqual([2, 0]);
    k.block(0);
    expect(k.onCpus()).toEqual([2, NONE]);
    k.pass(ms(8)); // two ticks later, at one of which one of the two has waited for long enough or it has failed twice
    expect(k.onCpus()).not.toContain(NONE);
  });

  test('takes nothing it may not run, and lets its neighbour have it', () => {
    const k = start();
    k.holdOn(1, [0]);
    k.pass(us(100));
    k.block(0);
    k.pass(ms(100));
    expect(k.onCpus()[1]).toBe(NONE);
  });
});

describe('masks', () => {
  test('one held vCPU in a queue does not keep the others there', () => {
    const k = started({ nodeCpus: [2, 2], guests: [{ vcpus: 3 }, { vcpus: 1 }] });
    startOn(k, 0, [0], [0, 1, 2]);
    k.holdOn(0, [0]);
    startOn(k, 1, [0], [3]);
    k.pass(ms(100));
    expect(k.onCpus().filter((vcpu) => vcpu === 3).length).toBe(1);
    expect(k.onCpus()[0]).not.toBe(3);
    expect(k.waitingOn(0).length).toBe(2);
  });

  test('where all of the longest queue is held, the next is taken from', () => {
    const k = started({ nodeCpus: [3], guests: [{ vcpus: 3 }, { vcpus: 2 }] });
    k.holdOn(0, [0]);
    k.wake(0, 1, 2);
    startOn(k, 1, [1], [3, 4]);
    k.pass(ms(12));
    expect([k.waitingOn(0).length, k.waitingOn(1).length, [3, 4].includes(k.onCpus()[2]!)]).toEqual([2, 0, true]);
  });

  test('what the nearest idle CPU may not take goes to another of its node that may', () => {
    const k = started({ nodeCpus: [1, 3], guests: [{ vcpus: 3 }, { vcpus: 1 }] });
    startOn(k, 0, [0], [0, 1]);
    k.holdOn(0, [0, 3]); // node 1 is CPUs 1 to 3, and CPU 1 pulls for it
    k.pass(ms(100));
    expect(k.onCpus()[3]).toBeGreaterThanOrEqual(0);
    expect(k.waitingOn(0)).toEqual([]);
  });
});

describe('with NUMA balancing, what waits for a CPU of another node', () => {
  /** When one of two vCPUs that share CPU 0 is taken by node 1, ms. */
  function takenAtMs(judged: number, turnNs: number): number {
    const k = fakeKernel({ nodeCpus: [1, 2], guests: [{ vcpus: 2 }] });
    const locality: Locality = {
      settled: new Int32Array(3),
      content: new Int32Array(3),
      queued: () => {},
      unqueued: () => {},
      judge: () => judged,
    };
    k.start(balanced(fifoClass(turnNs), 250, 'by idleness', { locality: () => locality, start: () => {} }));
    startOn(k, 0, [0], [0, 1]);
    while (byNode(k)[1] === 0) k.pass(us(100));
    return k.nowNs / ms(1);
  }

  // An idle CPU balances its three CPUs every tick of 4 ms; what may not be moved is after three failures, at the fourth
  test.each([
    ['cold', us(2000), [4, 4, 16]],
    ['hot, as turns end just before ticks', us(3900), [4, 16, 16]],
  ] as const)('is taken by what is known of its memory, and else by its cache: %s', (_, turnNs, taken) => {
    expect([BETTER, UNKNOWN, WORSE].map((judged) => takenAtMs(judged, turnNs))).toEqual(taken);
  });
});
