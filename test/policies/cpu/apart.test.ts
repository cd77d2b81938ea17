import { describe, expect, test } from 'vitest';
import { apart } from '../../../policies/cpu/apart.ts';
import { eevdf } from '../../../policies/cpu/linux/eevdf.ts';
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

/** One guest a vCPU, with these homes; each is thought to stall, and does stall, for these shares of its time. */
function started(homes: readonly (number | readonly number[])[], share = 0.3, stallShare = share): Fake {
  const k = fakeKernel({ ...MACHINE, guests: homes.map(() => ({ vcpus: 1, stallShare })) });
  homes.forEach((home, guest) => k.prefer(guest, [home].flat()));
  k.start(eevdf(apart({ share, margin: 0.1 })));
  return k;
}

describe('guests apart', () => {
  // of node 0 on node 2 and node 1: 0.3 * 0.6 + 0.1 = 0.28 and 0.3 * 1.2 + 0.1 = 0.46, less than half of one other
  test('start and wake at home, then on the nearest idle CPU, then wait at home on the shorter queue', () => {
    const k = started([0, 0, 0, 0, 0, 0]);
    k.wake(0, 1, 2, 3, 4, 5);
    expect(k.onCpus()).toEqual([0, 1, 3, 2]);
    expect([k.waitingOn(0), k.waitingOn(1)]).toEqual([[4], [5]]);
  });

  test('have all nodes of their soft mask for homes', () => {
    const k = started([[1, 0], [1, 0], [1, 0], [1, 0]]); // prettier-ignore
    k.wake(0, 1, 2, 3);
    expect(k.onCpus()).toEqual([0, 1, 2, 3]); // the fourth goes to node 2, 14 from one of its homes
  });

  test('return to the CPU they had at home though one before it is idle as well', () => {
    const k = started([0, 0]);
    k.wake(0, 1);
    k.block(0);
    k.block(1);
    k.wake(1);
    expect(k.onCpus()).toEqual([NONE, 1, NONE, NONE]);
  });

  test('come home when a CPU is idle there, at the next multiple of 4 ms', () => {
    const k = started([0, 0, 0]);
    k.wake(0, 1, 2);
    expect(k.onCpus()).toEqual([0, 1, NONE, 2]);
    k.block(1);
    k.pass(ms(3.9));
    expect(k.onCpus()).toEqual([0, NONE, NONE, 2]);
    k.pass(ms(0.1));
    expect(k.onCpus()).toEqual([0, 2, NONE, NONE]);
  });

  // 0.8 * 0.6 + 0.1 = 0.58 on node 2, 1.06 on node 1
  test('wait at home behind one, and on the nearest CPU elsewhere rather than behind two, if they stall so much', () => {
    const k = started([0, 0, 0, 0, 0, 0], 0.8);
    k.wake(0, 1, 2, 3, 4, 5);
    expect(k.onCpus()).toEqual([0, 1, NONE, 4]);
    expect([k.waitingOn(0), k.waitingOn(1)]).toEqual([[2, 5], [3]]);
  });

  test('are taken over by a CPU elsewhere on the same terms', () => {
    const takenWith = (share: number): number => {
      const k = started([0, 0, 2, 1, 0], share);
      k.wake(0, 1, 2, 3, 4);
      expect([k.onCpus(), k.waitingOn(0)]).toEqual([[0, 1, 3, 2], [4]]);
      k.block(2); // CPU 3, on node 2
      return k.onCpus()[3]!;
    };
    expect(takenWith(0.66)).toBe(4); // 0.66 * 0.6 + 0.1 = 0.496
    expect(takenWith(0.67)).toBe(NONE); // 0.502
  });

  test('are always taken over by a CPU at home', () => {
    const k = started([0, 0, 1, 2, 0], 1);
    k.wake(0, 1, 2, 3, 4); // vCPU 4 waits on CPU 0
    k.block(1);
    expect(k.onCpus()[1]).toBe(4);
  });

  test('give way to one whose home it is, and wait at their own', () => {
    const k = started([0, 0, 0, 2]);
    k.wake(0, 1, 2);
    expect(k.onCpus()).toEqual([0, 1, NONE, 2]);
    k.wake(3);
    expect([k.onCpus(), k.waitingOn(0)]).toEqual([[0, 1, NONE, 3], [2]]);
    k.pass(ms(4)); // it is cold by then, and CPU 2 is offered to it
    expect(k.onCpus()[2]).toBe(2);
  });

  test('learn from their counters that they had better stay', () => {
    const k = started([0, 0, 0], 0, 0.95);
    k.wake(0, 1, 2);
    expect(k.onCpus()).toEqual([0, 1, NONE, 2]); // thought not to stall at all
    // looked at every second tick of 4 ms. At home it would stall for 0.95 / 1.6 = 0.594 beside 0.05: 0.922. Five times: 1 - 0.7^5 of it, 0.767
    k.pass(ms(40));
    k.block(2);
    k.wake(2); // 0.767 * 0.6 + 0.1 = 0.56
    expect([k.onCpus(), k.waitingOn(0)]).toEqual([[2, 1, NONE, NONE], [0]]); // at home, where it is owed more than the other
  });

  test('leave vCPUs without a home to float, a node each at first, and to be taken over by any CPU', () => {
    const k = started([NONE, NONE, NONE, NONE, NONE]);
    k.wake(0, 1, 2, 3, 4);
    expect([k.onCpus(), k.waitingOn(2)]).toEqual([[0, 3, 1, 2], [4]]); // nodes 1 and 2 had one start each, node 0 two
    k.block(2);
    expect(k.onCpus()[3]).toBe(4);
  });
});
