import { describe, expect, test } from 'vitest';
import { cfs } from '../../../../policies/cpu/linux/cfs.ts';
import { balanced } from '../../../../policies/cpu/linux/linux-balance.ts';
import { ms, type VcpuId } from '../../../../sim/units.ts';
import { type Fake, type FakeSpec, fakeKernel } from '../../fake-kernel.ts';

function started(spec: FakeSpec): Fake {
  const k = fakeKernel(spec);
  k.start(balanced(cfs));
  return k;
}

const runMs = (k: Fake, vcpus: readonly number[]): number[] => vcpus.map((vcpu) => k.runtimeNs(vcpu as VcpuId) / ms(1));

describe('the fair queue of one CPU', () => {
  test('shares time by weight: 100, 200 and 50 get two, four and one of seven parts', () => {
    const guests = [
      { vcpus: 1, weight: 100 },
      { vcpus: 1, weight: 200 },
      { vcpus: 1, weight: 50 },
    ];
    const k = started({ nodeCpus: [1], guests });
    k.wake(0, 1, 2);
    k.pass(ms(700));
    const [a, b, c] = runMs(k, [0, 1, 2]);
    expect(Math.abs(a! - 200)).toBeLessThanOrEqual(6); // two slices
    expect(Math.abs(b! - 400)).toBeLessThanOrEqual(6);
    expect(Math.abs(c! - 100)).toBeLessThanOrEqual(6);
  });

  test('lets a vCPU that slept go first, with 12 ms in hand and no more', () => {
    const k = started({ nodeCpus: [1], guests: [{ vcpus: 2 }] });
    k.wake(0);
    k.pass(ms(3));
    k.block(0);
    k.wake(1);
    k.pass(ms(300));
    k.wake(0); // it is more than 4 ms behind
    expect(k.onCpus()).toEqual([0]);
    k.pass(ms(12));
    expect([k.onCpus(), runMs(k, [0, 1])]).toEqual([[0], [15, 300]]);
    k.pass(ms(60)); // from here on they take turns
    const [slept, ran] = runMs(k, [0, 1]);
    expect(Math.abs(slept! - 15 - 30)).toBeLessThanOrEqual(3);
    expect(slept! + ran!).toBe(3 + 300 + 12 + 60);
  });

  test('does not interrupt a vCPU that is less than 4 ms ahead', () => {
    const k = started({ nodeCpus: [1], guests: [{ vcpus: 2 }] });
    k.wake(0);
    k.pass(ms(2));
    k.wake(1);
    expect(k.onCpus()).toEqual([0]);
    k.pass(ms(1));
    expect(k.onCpus()).toEqual([1]); // at the end of the slice
  });
});
