import { describe, expect, test } from 'vitest';
import { cfs } from '../../../../policies/cpu/linux/cfs.ts';
import { KICK_PREEMPT } from '../../../../sim/policy-api.ts';
import { ms, NONE, us, type VcpuId } from '../../../../sim/units.ts';
import { type Fake, type FakeSpec, fakeKernel } from '../../fake-kernel.ts';
import { oneCpu } from './one-cpu.ts';

/** All on CPU 0; the others only make the machine larger. */
function started(cpus: number, guests: FakeSpec['guests']): Fake {
  const k = fakeKernel({ nodeCpus: [cpus], guests });
  k.start(cfs(oneCpu));
  return k;
}

const runMs = (k: Fake, vcpus: readonly number[]): number[] => vcpus.map((vcpu) => k.runtimeNs(vcpu as VcpuId) / ms(1));

describe('CFS on one CPU', () => {
  test('shares time by weight: nice 0, 5 and -5 get 1024, 335 and 3121 of 4480 parts, within 1 % over 10 s', () => {
    const guests = [1024, 335, 3121].map((weight) => ({ vcpus: 1, weight: (weight * 100) / 1024 }));
    const k = started(1, guests);
    k.wake(0, 1, 2);
    k.pass(ms(10_000));
    const wanted = [2285.7, 747.8, 6966.5]; // ms
    runMs(k, [0, 1, 2]).forEach((ran, i) => expect(Math.abs(ran - wanted[i]!)).toBeLessThan(0.01 * wanted[i]!));
  });

  test('ends turns at the first tick after the slice: two of 12 ms each on 8 CPUs run 16 ms in turn, or 12 when that is a tick and they lead', () => {
    const k = started(8, [{ vcpus: 1 }, { vcpus: 1 }]); // latency 6 ms * 4, halved
    k.wake(0, 1);
    const turns: number[] = [];
    let since = 0;
    for (let step = 0; step < 640; step++) {
      const before = k.onCpus()[0];
      k.pass(us(100));
      since++;
      if (k.onCpus()[0] === before) continue;
      turns.push(since / 10);
      since = 0;
    }
    // 0 runs 12 ms, is then no more than 12 ahead of 1 (which began 12 ms of vruntime later): one tick more; from then on as 1 does
    expect(turns).toEqual([16, 16, 16, 16]);
  });

  test('has one CPU take turns of 3 ms at least, rounded up to ticks of 4 ms', () => {
    const k = started(1, [{ vcpus: 1 }, { vcpus: 1 }]); // latency 6 ms, halved
    k.wake(0);
    k.pass(us(100));
    k.wake(1);
    k.pass(ms(4) - us(200));
    expect(k.onCpus()).toEqual([0]);
    k.pass(us(100));
    expect(k.onCpus()).toEqual([1]);
  });

  test('puts a vCPU that slept half a latency behind the others at most: 12 ms on 8 CPUs', () => {
    const k = started(8, [{ vcpus: 2 }]);
    k.wake(0);
    k.pass(ms(3));
    k.block(0);
    k.wake(1);
    k.pass(ms(300));
    k.wake(0); // it is more than 4 ms behind
    expect(k.onCpus()[0]).toBe(0);
    k.pass(ms(14));
    expect(runMs(k, [0, 1])).toEqual([16, 301]); // from 303 ms to 316, the first tick after its turn of 12
    k.pass(ms(60)); // from here on they take turns of at most 16 ms
    const [slept, ran] = runMs(k, [0, 1]);
    expect(slept! + ran!).toBe(3 + 300 + 14 + 60);
    expect(Math.abs(slept! - 3 - (12 + (74 - 12) / 2))).toBeLessThanOrEqual(16);
  });

  test('does not let a wake take the CPU from one that is less than 4 ms ahead, and does beyond', () => {
    const k = started(8, [{ vcpus: 3 }]);
    k.wake(0);
    k.block(0);
    k.wake(1);
    k.pass(ms(2));
    k.wake(0); // its vruntime is 0, that of the other 2 ms
    expect(k.kicks).not.toContain(`0:${KICK_PREEMPT}`);
    k.block(1);
    k.block(0);
    k.wake(1);
    k.pass(ms(3));
    k.wake(0); // 5 ms behind
    expect(k.onCpus()[0]).toBe(0);
  });

  test('starts a new one a turn behind those that are there', () => {
    const k = started(1, [{ vcpus: 2 }]);
    k.wake(0);
    k.pass(ms(100));
    k.wake(1); // 3 ms of vruntime ahead
    k.pass(ms(3));
    expect(k.onCpus()).toEqual([0]);
    k.pass(ms(1)); // the tick: 0 is 1 ms ahead now, and its turn was long over
    expect(k.onCpus()).toEqual([1]);
  });

  test('lets one that yields stand back once, but not for one that is far ahead', () => {
    const policy = cfs(oneCpu);
    const k = fakeKernel({ nodeCpus: [1], guests: [{ vcpus: 2 }] });
    k.start(policy);
    k.wake(0);
    k.pass(us(100));
    k.wake(1); // it is 3 ms ahead, more than the granularity of 1 ms
    policy.yield!(k, 0 as VcpuId);
    k.pass(us(100));
    expect(k.onCpus()).toEqual([0]);
    k.pass(ms(2.4)); // half a ms ahead
    policy.yield!(k, 0 as VcpuId);
    k.pass(us(100));
    expect(k.onCpus()).toEqual([1]);
  });

  test('leaves the CPU idle when all sleep', () => {
    const k = started(1, [{ vcpus: 1 }]);
    k.wake(0);
    k.block(0);
    expect(k.onCpus()).toEqual([NONE]);
  });
});
