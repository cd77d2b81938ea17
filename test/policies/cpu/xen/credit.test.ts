import { describe, expect, test } from 'vitest';
import { credit, type CreditOptions } from '../../../../policies/cpu/xen/credit.ts';
import { ms, NONE, us, type VcpuId } from '../../../../sim/units.ts';
import { type Fake, type FakeSpec, fakeKernel } from '../../fake-kernel.ts';

const DEFAULTS: CreditOptions = { tsliceNs: ms(30), ratelimitNs: ms(1), migrationDelayNs: 0, stealGapNs: ms(1), isFaithful: true };

function started(spec: FakeSpec, change: Partial<CreditOptions> = {}): Fake {
  const k = fakeKernel(spec);
  k.start(credit({ ...DEFAULTS, ...change }));
  return k;
}

const one = { vcpus: 1 };

describe('a guest of xl-credit starts', () => {
  test('on the first CPU of its soft affinity, each other vCPU on the one after its predecessor', () => {
    const k = started({ nodeCpus: [2, 3], nodeSocket: [0, 0], guests: [{ vcpus: 3 }] });
    k.prefer(0, [1]);
    k.wake(0, 1, 2);
    expect(k.onCpus()).toEqual([NONE, NONE, 0, 1, 2]);
  });

  test('elsewhere if the next CPU of it is busy with others: the next idle one there', () => {
    const k = started({ nodeCpus: [2, 3], nodeSocket: [0, 0], guests: [one, one] });
    k.prefer(0, [1]);
    k.prefer(1, [1]);
    k.wake(0, 1); // vCPU 1 belongs to CPU 2 as well, which has nobody in its queue; CPU 3 is told and steals it
    expect(k.onCpus()).toEqual([NONE, NONE, 0, 1, NONE]);
  });
});

describe('a waking vCPU of xl-credit', () => {
  test('goes beyond its soft affinity when no CPU is idle there', () => {
    const k = started({ nodeCpus: [2, 1], nodeSocket: [0, 0], guests: [one, one] });
    k.prefer(0, [1]);
    k.prefer(1, [1]);
    k.wake(0, 1);
    expect(k.onCpus()).toEqual([NONE, 1, 0]); // CPU 1, as the one told last was CPU 0 at first
  });

  test('is taken by one idle CPU, each time by the next after the one told last', () => {
    const k = started({ nodeCpus: [1, 4], nodeSocket: [0, 0], guests: [one, one, one, one, one] }, { stealGapNs: 0 });
    k.wake(0, 1, 2, 3); // all belong to CPU 0: it runs the first, CPUs 1, 2 and 3 are told in turn
    expect(k.onCpus()).toEqual([0, 1, 2, 3, NONE]);
    k.block(1);
    k.wake(4); // CPU 1 is idle again, but CPU 4 is next
    expect(k.onCpus()).toEqual([0, NONE, 2, 3, 4]);
    k.wake(1); // belongs to CPU 1 by now
    expect(k.onCpus()).toEqual([0, 1, 2, 3, 4]);
  });

  // one CPU. vCPUs 0 and 1 take turns of 30 ms and are not boosted any more when vCPU 2 wakes half a ms after a turn began
  const wakesIn = (ratelimitNs: number): [boolean, boolean] => {
    const k = started({ nodeCpus: [1], guests: [one, one, one] }, { ratelimitNs });
    k.wake(0, 1);
    k.pass(ms(120) + us(500));
    k.wake(2);
    const atOnce = k.onCpus()[0] === 2;
    k.pass(us(500));
    return [atOnce, k.onCpus()[0] === 2];
  };

  test('does not interrupt one that has run less than the rate limit, but does so when that is over', () => {
    expect(wakesIn(ms(1))).toEqual([false, true]);
    expect(wakesIn(0)).toEqual([true, true]);
  });
});

describe('a CPU of xl-credit without work', () => {
  /** Two vCPUs belong to each CPU, vCPU i and i + CPUs; one of each waits. */
  const full = (spec: Omit<FakeSpec, 'guests'>, cpus: number): Fake => {
    const k = started({ ...spec, guests: [{ vcpus: cpus }, { vcpus: cpus }] }, { stealGapNs: 0 });
    k.wake(...Array.from({ length: 2 * cpus }, (_, vcpu) => vcpu));
    return k;
  };

  test('steals from its own node first, then from the next by number and round', () => {
    const k = full({ nodeCpus: [2, 1, 1], nodeSocket: [0, 0, 0] }, 4);
    expect([k.onCpus(), [0, 1, 2, 3].map((cpu) => k.waitingOn(cpu)[0])]).toEqual([[0, 1, 2, 3], [4, 5, 6, 7]]); // prettier-ignore
    k.block(1);
    k.block(5); // CPU 1 has nothing left: CPU 0 is of its node, where 4.0 would have gone on to CPU 2
    expect(k.onCpus()).toEqual([0, 4, 2, 3]);
    k.block(2);
    k.block(6); // CPU 2, node 1: none waits there; node 2 is next
    expect(k.onCpus()).toEqual([0, 4, 7, 3]);
  });

  test('goes on in a node from the CPU that was robbed last', () => {
    const k = started({ nodeCpus: [3, 1], nodeSocket: [0, 0], guests: [{ vcpus: 4 }, { vcpus: 4 }, { vcpus: 4 }] }, { stealGapNs: 0 });
    k.wake(...Array.from({ length: 12 }, (_, vcpu) => vcpu)); // vCPUs i + 4 and i + 8 wait for CPU i
    for (const vcpu of [3, 7, 11]) k.block(vcpu); // CPU 3 has none left; robbed last was CPU 0 at first: so CPU 1
    expect(k.onCpus()).toEqual([0, 1, 2, 5]);
    k.block(5); // then CPU 2, though CPU 1 has one more
    expect(k.onCpus()).toEqual([0, 1, 2, 6]);
  });

  test('takes one that would rather be here before one that is nearer', () => {
    const k = started({ nodeCpus: [2, 1], nodeSocket: [0, 0], guests: [{ vcpus: 3 }, one, one] }, { stealGapNs: 0 });
    k.wake(0, 1, 2); // one on each CPU
    k.hold(1, [0]); // guest 1 waits for CPU 0; later it may run anywhere, like the other
    k.wake(3);
    k.hold(1, [0, 1]);
    k.hold(2, [1]);
    k.wake(4); // and guest 2 for CPU 2
    k.hold(2, [0, 1]);
    k.prefer(2, [0]);
    expect([k.waitingOn(0), k.waitingOn(2)]).toEqual([[3], [4]]);
    k.block(1); // CPU 1
    expect(k.onCpus()).toEqual([0, 4, 2]);
  });

  const waitsAfterLooking = (stealGapNs: number): number[] => {
    const k = started({ nodeCpus: [2], guests: [{ vcpus: 2 }, one] }, { stealGapNs });
    k.wake(0, 1);
    k.block(1); // CPU 1 looks for work, finds none
    k.pass(us(500));
    k.wake(2); // belongs to CPU 0, which is busy
    return k.onCpus();
  };

  test('does not look again within the load-balance rate limit, though it is told to', () => {
    expect([waitsAfterLooking(ms(1)), waitsAfterLooking(us(400))]).toEqual([[0, NONE], [0, 2]]); // prettier-ignore
  });
});

describe('a running vCPU of xl-credit', () => {
  const spread = (cpus: number): number[] => {
    // socket 0 has CPUs 0 to 3, socket 1 the others; four vCPUs on socket 0, one blocks
    const k = started({ nodeCpus: [4, cpus], nodeSocket: [0, 1], guests: [{ vcpus: 4 }] });
    k.hold(0, [0]);
    k.wake(0, 1, 2, 3);
    k.block(1);
    k.hold(0, [0, 1]);
    k.pass(ms(20)); // at the second tick, when it is active
    return k.onCpus();
  };

  test('moves to another socket only if that is more than twice as idle, itself counted', () => {
    // here two are idle with the vCPU's own CPU: 4 are not more than twice that, 5 are; when one has gone it is 3 against 4
    expect(spread(4).slice(4).filter((vcpu) => vcpu !== NONE)).toEqual([]); // prettier-ignore
    expect(spread(5).slice(4).filter((vcpu) => vcpu !== NONE)).toHaveLength(1); // prettier-ignore
  });

  test('goes back to its soft affinity as soon as a CPU is idle there', () => {
    const k = started({ nodeCpus: [1, 2], nodeSocket: [0, 0], guests: [one, one] });
    k.prefer(0, [0]);
    k.prefer(1, [0]);
    k.wake(0, 1);
    expect(k.onCpus()).toEqual([0, 1, NONE]);
    k.pass(ms(15));
    k.block(0);
    k.pass(ms(5)); // a tick
    expect(k.onCpus()).toEqual([1, NONE, NONE]);
  });

  const drivenOff = (isFaithful: boolean): number[] => {
    const k = started({ nodeCpus: [1, 1], nodeSocket: [0, 0], guests: [one, one] }, { isFaithful });
    k.wake(0);
    k.pass(ms(15)); // not boosted any more
    k.hold(1, [0]);
    k.wake(1);
    return k.onCpus();
  };

  test('waits when it is driven off its CPU though another is idle, unless what was meant is asked for', () => {
    expect([drivenOff(true), drivenOff(false)]).toEqual([[1, NONE], [1, 0]]); // prettier-ignore
  });
});

test('a vCPU that has moved is not boosted, as it would be in 4.0', () => {
  // vCPU 1 is sent back to node 0 by a tick; vCPU 2, which wakes there then, is boosted and takes the CPU
  const k = started({ nodeCpus: [1, 2], nodeSocket: [0, 0], guests: [one, one, one] }, { ratelimitNs: 0 });
  k.prefer(0, [0]);
  k.prefer(1, [0]);
  k.wake(0, 1);
  k.pass(ms(15));
  k.block(0);
  k.pass(ms(5));
  expect(k.onCpus()[0]).toBe(1);
  k.hold(2, [0]);
  k.wake(2);
  expect(k.onCpus()[0]).toBe(2);
});

test('weights divide a CPU: 256 and 768 get one and three of four parts', () => {
  const k = started({ nodeCpus: [1], guests: [{ vcpus: 1, weight: 256 }, { vcpus: 1, weight: 768 }] }); // prettier-ignore
  k.wake(0, 1);
  k.pass(ms(6000));
  expect(Math.abs(k.runtimeNs(0 as VcpuId) / ms(6000) - 0.25)).toBeLessThan(0.02);
});
