import { describe, expect, test } from 'vitest';
import { apart } from '../../../policies/cpu/apart.ts';
import { cfs } from '../../../policies/cpu/linux/cfs.ts';
import { ms, NONE } from '../../../sim/units.ts';
import { type Fake, fakeKernel } from '../fake-kernel.ts';

// CPUs 0 and 1; CPU 2; CPU 3. From node 0 node 2 is nearer (16) than node 1 (22).
const MACHINE = {
  nodeCpus: [2, 1, 1],
  slit: [
    [10, 22, 16],
    [22, 10, 14],
    [16, 14, 10],
  ],
};

/** One guest a vCPU, with these homes. */
function started(homes: readonly number[], stayNs = ms(20)): Fake {
  const k = fakeKernel({ ...MACHINE, guests: homes.map(() => ({ vcpus: 1 })) });
  homes.forEach((home, guest) => k.prefer(guest, [home]));
  k.start(cfs(apart({ stayNs, memoryShare: 0.3 })));
  return k;
}

describe('guests apart', () => {
  test('start and wake at home, then on the nearest idle CPU, then wait at home on the shorter queue', () => {
    const k = started([0, 0, 0, 0, 0, 0]);
    k.wake(0, 1, 2, 3, 4, 5);
    expect(k.onCpus()).toEqual([0, 1, 3, 2]);
    expect([k.waitingOn(0), k.waitingOn(1)]).toEqual([[4], [5]]);
  });

  test('return to the CPU they had at home though one before it is idle as well', () => {
    const k = started([0, 0]);
    k.wake(0, 1);
    k.block(0);
    k.block(1);
    k.wake(1);
    expect(k.onCpus()).toEqual([NONE, 1, NONE, NONE]);
  });

  test('come home when a CPU is idle there, at the next multiple of 10 ms', () => {
    const k = started([0, 0, 0]);
    k.wake(0, 1, 2);
    expect(k.onCpus()).toEqual([0, 1, NONE, 2]);
    k.block(1);
    k.pass(ms(9.9));
    expect(k.onCpus()).toEqual([0, NONE, NONE, 2]);
    k.pass(ms(0.1));
    expect(k.onCpus()).toEqual([0, 2, NONE, NONE]);
  });

  // Home of the waiting ones is node 0, CPU 3 is on node 2: the memory is 0.6 further, 0.6 * 0.3 * 20 ms = 3.6 ms.
  test('are not taken over by a CPU further away when one slice of 3 ms is waited at most', () => {
    const k = started([0, 0, 1, 2, 0]);
    k.wake(0, 1, 2, 3, 4);
    expect(k.waitingOn(0)).toEqual([4]);
    k.block(3);
    expect(k.onCpus()[3]).toBe(NONE);
  });

  test('are taken over when two slices are waited', () => {
    const k = started([0, 0, 1, 2, 0, 0, 0]);
    k.wake(0, 1, 2, 3, 4, 5, 6);
    expect([k.waitingOn(0), k.waitingOn(1)]).toEqual([[4, 6], [5]]);
    k.block(3);
    expect(k.onCpus()[3]).toBe(4);
  });

  test('are taken over after one slice as well when the stay is thought shorter: 0.6 * 0.3 * 16 ms = 2.88 ms', () => {
    const k = started([0, 0, 1, 2, 0], ms(16));
    k.wake(0, 1, 2, 3, 4);
    k.block(3);
    expect(k.onCpus()[3]).toBe(4);
  });

  test('are always taken over by a CPU at home', () => {
    const k = started([0, 0, 1, 2, 0]);
    k.wake(0, 1, 2, 3, 4); // vCPU 4 waits on CPU 0
    k.block(1);
    expect(k.onCpus()[1]).toBe(4);
  });

  test('are taken over from abroad when that is not much further: 22 against 16 from home', () => {
    const takenAfter = (stayNs: number): number => {
      const k = started([0, 0, 0, 1, 2], stayNs);
      k.wake(0, 1, 2, 3, 4); // 2 runs on CPU 3, the home of 4, which waits
      expect(k.onCpus()).toEqual([0, 1, 3, 2]);
      k.pass(ms(3));
      expect(k.waitingOn(3)).toEqual([2]);
      k.pass(ms(0.6)); // cold now
      k.block(3);
      return k.onCpus()[2]!;
    };
    expect(takenAfter(ms(16))).toBe(2); // 0.6 * 0.3 * 16 ms = 2.88 ms
    expect(takenAfter(ms(17))).toBe(NONE); // 3.06 ms
  });

  test('leave vCPUs without a home to be taken over by any CPU', () => {
    const k = started([NONE, NONE, NONE, NONE, NONE]);
    k.wake(0, 1, 2, 3, 4);
    expect(k.onCpus()).toEqual([0, 3, 1, 2]);
    expect(k.waitingOn(2)).toEqual([4]); // nodes 1 and 2 had one start each, node 0 two
    k.block(2);
    expect(k.onCpus()[3]).toBe(4);
  });

  test('leave vCPUs without a home to float', () => {
    const k = started([NONE, NONE, NONE]);
    k.wake(0, 1, 2); // a node each
    expect(k.onCpus()).toEqual([0, NONE, 1, 2]);
    k.pass(ms(20));
    expect(k.onCpus()).toEqual([0, NONE, 1, 2]);
  });
});
