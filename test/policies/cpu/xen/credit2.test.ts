import { describe, expect, test } from 'vitest';
import { credit2 } from '../../../../policies/cpu/xen/credit2.ts';
import type { Credit2Options } from '../../../../policies/cpu/xen/credit2-units.ts';
import { ms, NONE, us, type VcpuId } from '../../../../sim/units.ts';
import { type Fake, type FakeSpec, fakeKernel } from '../../fake-kernel.ts';

const DEFAULTS: Credit2Options = { arrangement: 'socket', mostCpus: 16, ratelimitNs: ms(1), isFaithful: true };

function started(spec: FakeSpec, change: Partial<Credit2Options> = {}): Fake {
  const k = fakeKernel(spec);
  k.start(credit2({ ...DEFAULTS, ...change }));
  return k;
}

const one = { vcpus: 1 };
const runMs = (k: Fake, vcpu: number): number => k.runtimeNs(vcpu as VcpuId) / ms(1);

describe('credit2 gives a new vCPU', () => {
  test('the run queue that expects least, a CPU after the one given last', () => {
    // each new vCPU counts as half of one: queue 0 (CPUs 0, 1), then 1 (CPUs 2 to 4), 0, 1, ...; the first CPU of a queue comes last
    const k = started({ nodeCpus: [2, 3], guests: [one, one, one, one] });
    k.wake(0, 1, 2, 3);
    expect(k.onCpus()).toEqual([2, 0, NONE, 1, 3]);
  });

  test('a queue with CPUs of its soft affinity, though another expects less', () => {
    const k = started({ nodeCpus: [2, 3], guests: [one, one, one] });
    for (const guest of [0, 1, 2]) k.prefer(guest, [0]);
    k.wake(0, 1, 2); // the third waits in queue 0, where two run, as nobody pulls it over
    expect(k.onCpus().slice(2)).toEqual([NONE, NONE, NONE]);
    expect(k.waitingOn(0)).toHaveLength(1);
  });
});

describe('a vCPU that wakes under credit2', () => {
  test('takes the CPU it was on if that is idle, else another of the queue, first in its soft affinity', () => {
    const k = started({ nodeCpus: [2, 2], nodeSocket: [0, 0], guests: [one, one, one] });
    k.prefer(2, [1]);
    k.wake(0); // CPU 1, the first after CPU 0
    k.block(0);
    k.wake(0);
    expect(k.onCpus()).toEqual([NONE, 0, NONE, NONE]);
    k.wake(2); // CPU 2, the first of node 1
    expect(k.onCpus()).toEqual([NONE, 0, 2, NONE]);
    k.block(2);
    k.wake(1); // CPU 2 was given last: CPU 3
    expect(k.onCpus()).toEqual([NONE, 0, NONE, 1]);
  });

  // vCPU 0 has run so many ms on the only CPU when vCPU 1 wakes with all its credits; ratelimit 1 ms less its tolerance of 50 us
  test.each([
    [0.5, 0],
    [0.9, 0],
    [1.1, 1],
    [3, 1],
  ])('finds one that has run %f ms: vCPU %i runs', (afterMs, runs) => {
    const k = started({ nodeCpus: [1], guests: [one, one] });
    k.wake(0);
    k.pass(ms(afterMs));
    k.wake(1);
    expect(k.onCpus()).toEqual([runs]);
  });

  test('interrupts on its own CPU if it would rather be there, and the one driven off takes that of a poorer one', () => {
    // one queue. vCPU 0 on CPU 1 has run 5 ms, vCPU 1 on CPU 0 has run 2
    const k = started({ nodeCpus: [1, 1], nodeSocket: [0, 0], guests: [one, one, one] });
    k.wake(0); // CPU 1
    k.pass(ms(3));
    k.wake(1); // CPU 0
    k.pass(ms(2));
    expect(k.onCpus()).toEqual([1, 0]);
    k.prefer(2, [0]);
    k.prefer(1, [1]); // on CPU 0, which is not its own
    k.wake(2); // leads by 2 ms on CPU 0, by 5 ms on CPU 1
    expect(k.onCpus()).toEqual([2, 1]);
  });
});

test('a vCPU takes the CPU it was on if it has more credits than the one there, though another CPU would give more', () => {
  const k = started({ nodeCpus: [2], guests: [one, one, one] });
  k.wake(2); // CPU 1
  k.block(2);
  k.wake(0); // CPU 0
  k.pass(ms(3));
  k.wake(1); // CPU 1
  k.pass(ms(2));
  k.wake(2); // leads vCPU 1 by 2 ms, vCPU 0 by 5; vCPU 1 in turn takes CPU 0
  expect(k.onCpus()).toEqual([1, 2]);
});

describe('credit2 lets a vCPU run', () => {
  test('half a millisecond less than its lead lasts, so that two share a CPU', () => {
    const k = started({ nodeCpus: [1], guests: [one, one] });
    k.wake(0, 1);
    k.pass(ms(3000));
    expect(Math.abs(runMs(k, 0) - 1500)).toBeLessThan(10);
  });

  test.each([
    [100, 300],
    [256, 512],
    [100, 700],
  ])('by weight: %i and %i', (a, b) => {
    const k = started({ nodeCpus: [1], guests: [{ vcpus: 1, weight: a }, { vcpus: 1, weight: b }] }); // prettier-ignore
    k.wake(0, 1);
    k.pass(ms(6000));
    expect(Math.abs(runMs(k, 0) / 6000 - a / (a + b))).toBeLessThan(0.01);
  });

  test('no more than its cap, and all of it', () => {
    const k = started({ nodeCpus: [1, 1], nodeSocket: [0, 0], guests: [{ vcpus: 2, cap: 70 }, one] });
    k.wake(0, 1, 2);
    k.pass(ms(2000));
    expect(Math.abs((runMs(k, 0) + runMs(k, 1)) / 2000 - 0.7)).toBeLessThan(0.01);
    expect(runMs(k, 2)).toBeGreaterThan(1100);
  });

  test('where it would rather be as soon as a CPU is idle there', () => {
    const k = started({ nodeCpus: [1, 1], nodeSocket: [0, 0], guests: [one, one] });
    k.prefer(0, [1]);
    k.prefer(1, [1]);
    k.wake(0, 1); // CPU 1, then CPU 0
    expect(k.onCpus()).toEqual([1, 0]);
    k.block(0);
    k.pass(ms(11)); // at the end of its slice of 10 ms at most
    expect(k.onCpus()).toEqual([NONE, 1]);
  });
});

test('run queues of unlike load are balanced when credits are reset, but not if they differ by less than one vCPU', () => {
  // three vCPUs held on node 0, of one CPU, then free: a load of 3 against 0; with one pushed, of 2 against not quite 1
  const k = started({ nodeCpus: [1, 3], guests: [{ vcpus: 3 }] });
  k.hold(0, [0]);
  k.wake(0, 1, 2);
  k.pass(ms(1200)); // a window of load, 2 ** 30 ns
  expect(k.onCpus().slice(1)).toEqual([NONE, NONE, NONE]);
  k.hold(0, [0, 1]);
  k.pass(ms(100));
  expect(k.onCpus().filter((vcpu) => vcpu !== NONE)).toHaveLength(2);
});

test('a vCPU that yields gives way to the next though it has more credits', () => {
  const k = started({ nodeCpus: [1], guests: [one, one] }, { ratelimitNs: 0 });
  k.wake(0);
  k.wake(1);
  expect(k.onCpus()).toEqual([0]);
  k.pass(us(100));
  k.yield(0);
  expect(k.onCpus()).toEqual([1]);
});
