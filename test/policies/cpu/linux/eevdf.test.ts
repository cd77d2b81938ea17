import { describe, expect, test } from 'vitest';
import { eevdf } from '../../../../policies/cpu/linux/eevdf.ts';
import { VirtualClocks } from '../../../../policies/cpu/linux/virtual-clocks.ts';
import { kernelWeight, tunableFactor } from '../../../../policies/cpu/linux/weights.ts';
import { DEQ_SAVE } from '../../../../sim/policy-api.ts';
import { type CpuId, ms, us, type VcpuId } from '../../../../sim/units.ts';
import { type Fake, fakeKernel } from '../../fake-kernel.ts';
import { oneCpu } from './one-cpu.ts';

const CPU = 0 as CpuId;

function hogs(weights: readonly number[], sliceNs?: number): Fake {
  const k = fakeKernel({ nodeCpus: [1], guests: weights.map((weight) => ({ vcpus: 1, weight: (weight * 100) / 1024 })) });
  k.start(eevdf(oneCpu, sliceNs === undefined ? {} : { sliceNs }));
  k.wake(...weights.keys());
  return k;
}

/** Least and most of all lags at the ends of quanta, from a quantum on; lags add up to nothing. */
function lagRange(weights: readonly number[], from: number): [number, number] {
  const quantumNs = ms(4);
  const k = hogs(weights, quantumNs);
  const sum = weights.reduce((total, weight) => total + weight, 0);
  let least = 0;
  let most = 0;
  for (let quantum = 1; quantum <= 3000; quantum++) {
    k.pass(quantumNs);
    const lags = weights.map((weight, i) => (weight / sum) * quantum - ran(k, i) / quantumNs);
    expect(Math.abs(lags.reduce((total, lag) => total + lag, 0))).toBeLessThan(1e-9);
    if (quantum < from) continue;
    least = Math.min(least, ...lags);
    most = Math.max(most, ...lags);
  }
  return [least, most];
}

const ran = (k: Fake, vcpu: number): number => k.runtimeNs(vcpu as VcpuId);

describe('the virtual clock of a CPU', () => {
  test('of A (0, weight 1024), B (1.0, 1024) and C (0.2, 2048) stands at 0.35, by which A and C are eligible and B is not', () => {
    const clocks = new VirtualClocks(3, 1);
    clocks.weight.set([1024, 1024, 2048]);
    clocks.vruntime.set([0, ms(1), us(200)]);
    for (const vcpu of [0, 1, 2]) clocks.add(CPU, vcpu as VcpuId);
    expect(clocks.now(CPU)).toBe(us(350)); // (1.0 * 1024 + 0.2 * 2048) / 4096; of A (due 2.8) and C (due 1.6), C is first
    expect([0, 1, 2].map((vcpu) => clocks.isEligible(CPU, vcpu as VcpuId))).toEqual([true, false, true]);
  });

  test('forgets nothing by adding, advancing and removing, and stands still when empty', () => {
    const clocks = new VirtualClocks(2, 1);
    clocks.weight.set([3, 88761]);
    clocks.vruntime.set([7, 1_000_003]);
    clocks.add(CPU, 0 as VcpuId);
    clocks.add(CPU, 1 as VcpuId);
    clocks.advance(CPU, 0 as VcpuId, 5_000_000_001);
    expect(clocks.now(CPU)).toBe(Math.floor((3 * 5_000_000_008 + 88761 * 1_000_003) / 88764));
    clocks.remove(CPU, 1 as VcpuId);
    expect(clocks.now(CPU)).toBe(5_000_000_008);
    clocks.remove(CPU, 0 as VcpuId);
    expect(clocks.now(CPU)).toBe(5_000_000_008);
  });
});

test('weights are those of the kernel, whole: 100 is 1024, that of nice 5 is 335; slices grow with the logarithm of the CPUs up to 8', () => {
  expect([100, 32.71484375, 1, 10_000].map(kernelWeight)).toEqual([1024, 335, 10, 102_400]);
  expect([1, 2, 3, 4, 7, 8, 48].map(tunableFactor)).toEqual([1, 2, 2, 3, 3, 4, 4]);
});

describe('EEVDF among busy vCPUs of one CPU', () => {
  test.each([
    [
      [1024, 335],
      [0.753495, 0.246505],
    ],
    [
      [3121, 1024],
      [0.752955, 0.247045],
    ],
    [
      [1024, 110],
      [0.902998, 0.097002],
    ],
    [
      [1024, 15],
      [0.985563, 0.014437],
    ],
    [[1024, 1024, 1024, 1024, 1024, 1024, 1024], Array<number>(7).fill(1 / 7)],
  ])('of weights %j: shares %j, within 1 % over 10 s', (weights, shares) => {
    const k = hogs(weights);
    k.pass(ms(10_000));
    shares.forEach((share, i) => expect(Math.abs(ran(k, i) / ms(10_000) - share)).toBeLessThan(0.01 * Math.max(share, 0.1)));
  });

  // Extremes in quanta, of an exact run by fractions over 3000 quanta; a request is done at the tick, so that it is the quantum
  test.each([
    [[1024, 1024], -0.5, 0.5],
    [[1024, 1024, 1024, 1024, 1024, 1024], -0.8333, 0.8333],
    [[1024, 335, 110], -0.9135, 0.9067],
  ])('of weights %j the lag goes from %d to %d quanta', (weights, low, high) => {
    const [least, most] = lagRange(weights, 0);
    expect(least).toBeCloseTo(low, 4);
    expect(most).toBeCloseTo(high, 4);
  });

  // At first all have half a request, so that the first round is another than in the exact run; then the bound of the theorem holds
  test.each([[[1024, 2048, 3072]], [[1024, 1024, 1024, 1024, 1024, 5120]], [[15, 110, 3121]]])(
    'of weights %j the lag is less than a quantum from the first round on',
    (weights) => {
      const [least, most] = lagRange(weights, 250);
      expect(least).toBeGreaterThan(-1);
      expect(most).toBeLessThan(1);
    },
  );

  test('seven take turns of a tick though a request is 0.7 ms, as only a tick ends them', () => {
    const k = hogs(Array<number>(7).fill(1024));
    const turns = Array.from({ length: 14 }, () => {
      const [now] = k.onCpus();
      k.pass(ms(4));
      return now!;
    });
    expect(new Set(turns.slice(0, 7)).size).toBe(7);
    expect(turns.slice(7)).toEqual(turns.slice(0, 7));
  });
});

describe('EEVDF and sleepers', () => {
  test('a wake takes the CPU once the request of the one that runs is done, not before', () => {
    for (const [passedNs, isTaken] of [
      [us(600), false],
      [us(800), true],
    ] as const) {
      const k = hogs([1024, 1024]);
      k.block(k.onCpus()[0]!);
      const [hog] = k.onCpus();
      const sleeper = 1 - hog!;
      k.pass(ms(8)); // a tick; the request of the hog is new from here
      k.pass(passedNs);
      k.wake(sleeper);
      expect(k.onCpus()).toEqual([isTaken ? sleeper : hog]);
    }
  });

  test('one that owes stays on the clock, wakes on its CPU, and gains nothing by a long sleep', () => {
    const policy = eevdf(oneCpu);
    const k = fakeKernel({ nodeCpus: [2], guests: [{ vcpus: 2 }] });
    k.start(policy);
    k.wake(0);
    k.wake(1);
    k.pass(us(300));
    k.block(0); // it is ahead
    expect(policy.selectCpu!(k, 0 as VcpuId, 1 as CpuId, 0)).toBe(0);
    k.pass(ms(400));
    k.wake(0);
    k.pass(ms(400));
    expect(Math.abs(ran(k, 0) - us(300) - ms(200))).toBeLessThanOrEqual(ms(4));
  });

  test('one that departs asleep leaves the clock as if it had never been', () => {
    const policy = eevdf(oneCpu);
    const k = fakeKernel({ nodeCpus: [1], guests: [{ vcpus: 1 }, { vcpus: 1 }, { vcpus: 1, weight: 300 }] });
    k.start(policy);
    k.wake(0, 1, 2);
    k.pass(us(300));
    const gone = k.onCpus()[0]!;
    k.block(gone);
    policy.exitTask!(k, gone as VcpuId);
    const others = [0, 1, 2].filter((vcpu) => vcpu !== gone);
    const before = others.map((vcpu) => ran(k, vcpu));
    k.pass(ms(4000));
    const weights = others.map((vcpu) => (vcpu === 2 ? 300 : 100));
    const sum = weights[0]! + weights[1]!;
    others.forEach((vcpu, i) => expect(Math.abs(ran(k, vcpu) - before[i]! - (ms(4000) * weights[i]!) / sum)).toBeLessThan(ms(16)));
  });

  test('a change of weight keeps what it is owed in proportion, while it runs as while it waits', () => {
    const guests = [{ vcpus: 1, weight: 100 }, { vcpus: 1, weight: 100 }]; // prettier-ignore
    const policy = eevdf(oneCpu);
    const k = fakeKernel({ nodeCpus: [1], guests });
    k.start(policy);
    k.wake(0, 1);
    k.pass(ms(40));
    const running = k.onCpus()[0]! as VcpuId;
    policy.stopping!(k, running, CPU, false);
    policy.quiescent!(k, running, DEQ_SAVE);
    policy.setWeight!(k, running, 300);
    policy.running!(k, running, CPU);
    const before = [ran(k, 0), ran(k, 1)];
    k.pass(ms(4000));
    expect(Math.abs(ran(k, running) - before[running]! - ms(3000))).toBeLessThan(ms(16));
  });

  test('yielding lets the other run at once', () => {
    const policy = eevdf(oneCpu);
    const k = fakeKernel({ nodeCpus: [1], guests: [{ vcpus: 2 }] });
    k.start(policy);
    k.wake(0, 1);
    const first = k.onCpus()[0]!;
    k.pass(us(100));
    policy.yield!(k, first as VcpuId);
    k.pass(us(100));
    expect(k.onCpus()).toEqual([1 - first]);
  });
});
