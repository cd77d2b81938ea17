import { describe, expect, test } from 'vitest';
import { buildMachine } from '../../sim/machine.ts';
import { ms, seconds, type VcpuId } from '../../sim/units.ts';
import { closedThroughput, estimate, meanSojourn, poissonTail, waitProbability } from '../closed-forms.ts';
import { closed, oneQueue, sixCpus, withoutMemory } from '../queueing-systems.ts';
import { type Horizon, measured, replicate } from '../replications.ts';
import { FREE_COSTS, guest, pinnedCpus, ran, workload } from './scenario-fixture.ts';

describe('the closed forms themselves', () => {
  test('are right where a hand can check them', () => {
    expect(waitProbability(1, 0.8)).toBeCloseTo(0.8, 12); // one server: it is busy
    expect(waitProbability(2, 1)).toBeCloseTo(1 / 3, 12); // weights 1, 1, then 1/2, 1/4, ...: 1 of 3
    expect(meanSojourn(1, 0.8)).toBeCloseTo(5, 12); // 1 / (1 - 0.8)
    expect(closedThroughput(1, 1, 3)).toBeCloseTo(1 / 4, 12); // one in turn: 3 of thinking, 1 of service
    expect(closedThroughput(2, 1, 1)).toBeCloseTo(4 / 5, 12); // weights 1, 2, 2
    expect(poissonTail(2, 2)).toBeCloseTo(1 - 3 * Math.exp(-2), 12);
  });

  test('are those of the tables of queueing theory', () => {
    expect(meanSojourn(6, 4.8)).toBeCloseTo(1.431477, 6);
    expect(meanSojourn(48, 38.4)).toBeCloseTo(1.009665, 6);
    expect(waitProbability(48, 38.4)).toBeCloseTo(0.092786, 6);
    expect(closedThroughput(12, 6, 1)).toBeCloseTo(5.453666, 6);
  });
});

test('replications on a plane are extrapolated to controls of 0 without a rest', () => {
  const replications = [
    [1, 2],
    [3, -1],
    [-2, 5],
    [0.5, 0.25],
    [4, 4],
  ].map(([a, b]) => ({ measured: 7 + 2 * a! - 3 * b!, controls: [a!, b!] }));
  const { mean, halfWidth } = estimate(replications);
  expect(mean).toBeCloseTo(7, 10);
  expect(halfWidth).toBeLessThan(1e-9);
});

test('without controls the interval is the usual one', () => {
  const { mean, halfWidth } = estimate([2, 4, 9].map((value) => ({ measured: value, controls: [] })));
  expect(mean).toBeCloseTo(5, 12);
  expect(halfWidth).toBeCloseTo(31.5991 * Math.sqrt(13 / 3), 3); // variance (9 + 1 + 16) / 2; Student's t at 99.9 %, two degrees of freedom
});

/** The method is told in test/long/closed-forms.long.ts; this is its one system that fits here, as nothing in it is rare. */
describe('twelve vCPUs that think and ask for one of six CPUs in turn', () => {
  const horizon: Horizon = { warmUp: 20, length: 2_000, replications: 20 };
  const expected = closedThroughput(12, 6, 1);
  const throughput = (bias: number): ReturnType<typeof estimate> =>
    estimate(measured(replicate('closed', closed, horizon, bias), 'throughput'));

  test('do as many jobs as the closed form says, within half a percent', () => {
    const { mean, halfWidth } = throughput(1);
    expect(halfWidth).toBeLessThanOrEqual(0.005 * expected);
    expect(Math.abs(mean - expected), `${mean}, want ${expected} within ${halfWidth}`).toBeLessThanOrEqual(halfWidth);
  });

  test('do fewer when service takes 2 % longer', () => {
    const { mean, halfWidth } = throughput(1.02);
    expect(halfWidth).toBeLessThanOrEqual(0.005 * expected);
    expect(expected - mean).toBeGreaterThan(halfWidth);
  });
});

describe('seven guests that never stop, on six CPUs for 60 s,', () => {
  const hogs = Array.from({ length: 7 }, (_, i) => guest(workload('compute'), { name: `hog${i}` }));
  const scenario = { machine: buildMachine(sixCpus), guests: hogs, durationNs: seconds(60), costs: FREE_COSTS, checks: 'cheap' } as const;

  test('get 6/7 of a CPU each when they take turns', () => {
    const sliceNs = ms(3);
    const { guests } = ran({ ...scenario, policy: oneQueue(sliceNs) });
    for (const { userNs } of guests) expect(Math.abs(userNs - (seconds(60) * 6) / 7)).toBeLessThanOrEqual(sliceNs);
  });

  test('get half of one where two are pinned, and all of it elsewhere', () => {
    const policy = withoutMemory(() => pinnedCpus([0, 1, 2, 3, 4, 5, 2], ms(3)));
    const { guests } = ran({ ...scenario, policy });
    expect(guests.map(({ userNs }) => userNs)).toEqual([60, 60, 30, 60, 60, 60, 30].map(seconds));
  });
});

test.each([
  [48, ms(210)], // eight on a CPU: seven others, 30 ms each
  [12, ms(30)],
])('of %i vCPUs that take turns of 30 ms on six CPUs none waits longer than %i ns, and each so long', (vcpus, boundNs) => {
  const longestNs = new Float64Array(vcpus);
  const queuedNs = new Float64Array(vcpus);
  const cpus = Array.from({ length: vcpus }, (_, vcpu) => vcpu % 6);
  const policy = withoutMemory(() => {
    const turns = pinnedCpus(cpus, ms(30));
    return {
      ...turns,
      enqueue(k, vcpu, flags) {
        queuedNs[vcpu] = k.nowNs;
        turns.enqueue(k, vcpu, flags);
      },
      running: (k, vcpu: VcpuId) => void (longestNs[vcpu] = Math.max(longestNs[vcpu]!, k.nowNs - queuedNs[vcpu]!)),
    };
  });
  const { waitNs } = ran({
    machine: buildMachine(sixCpus),
    policy,
    guests: [guest(workload('compute'), { vcpus })],
    durationNs: seconds(3),
    costs: FREE_COSTS,
  }).total;
  expect(Array.from(longestNs)).toEqual(cpus.map(() => boundNs));
  expect(waitNs).toBe(seconds(3) * (vcpus - 6)); // and at any instant all but six wait
});
