import { expect, test } from 'vitest';
import { ms, seconds } from '../../sim/units.ts';
import { computes, FREE_COSTS, guest, policy, program, ran, scenario } from './scenario-fixture.ts';
import { run } from '../../sim/engine.ts';
import type { Recording } from '../../sim/recording.ts';

const hog = program((_task, phase) => computes(phase, 1e7));
/** Three guests of two vCPUs that never stop, on the six CPUs of the lopsided machine. */
const hogs = [0, 1, 2].map((i) => guest(hog, { name: `g${i}`, vcpus: 2, kind: 'xen-hvm' }));

function busy(policyName: string, load: { hostNoise?: number; dom0?: number }): Recording {
  return ran({ policy: policy(policyName), guests: hogs, durationNs: seconds(4), costs: FREE_COSTS, checks: 'cheap', ...load });
}

test('six vCPUs on six CPUs never wait; with dom0 they do, for as long as it runs', () => {
  const alone = busy('xen-numa-off', {});
  expect([alone.dom0Ns, alone.hostNoiseNs, alone.total.waitNs]).toEqual([0, 0, 0]);
  expect(alone.total.userNs).toBe(seconds(24));
  // Xen hands over at once; Linux balances its domains at intervals, and some CPU is free meanwhile: 0.2 % of the time
  for (const [name, freeNs] of [
    ['xen-numa-off', ms(5)],
    ['kvm-unpinned', ms(48)],
  ] as const) {
    const { dom0Ns, total, hostNoiseNs } = busy(name, { dom0: 1 });
    expect(hostNoiseNs).toBe(0);
    expect(total.userNs + dom0Ns).toBeLessThanOrEqual(seconds(24) + 1);
    expect(seconds(24) - total.userNs - dom0Ns).toBeLessThan(freeNs);
    expect(total.waitNs).toBeGreaterThanOrEqual(dom0Ns - freeNs);
  }
});

test('dom0 runs as much as the guests give it to do, on an idle host', () => {
  const idle = program((_task, phase) => {
    phase.kind = 2;
    phase.durationNs = 1e9;
  });
  const dom0Ns = (vcpus: number, scale: number, seed: string): number =>
    run(
      scenario({
        policy: policy('xen-numa-off'),
        guests: [guest(idle, { vcpus })],
        durationNs: seconds(30),
        dom0: scale,
        seed,
        costs: FREE_COSTS,
        checks: 'cheap',
      }),
    ).dom0Ns / 30e9;
  // six vCPUs that share 0.1 + 0.05 * vcpus: each runs l for every 1 it waits, l / (1 + l) of the time
  const expected = (vcpus: number, scale: number): number => {
    const each = ((0.1 + 0.05 * vcpus) * scale) / 6;
    return (6 * each) / (1 + each);
  };
  for (const [vcpus, scale] of [
    [1, 1],
    [30, 1],
    [30, 2],
  ] as const) {
    const bursts = (expected(vcpus, scale) * 30e9) / 300e3; // exponential runs and waits: an error of sqrt(2) over their root at most
    const seed = `dom0/${vcpus}/${scale}`;
    expect(Math.abs(dom0Ns(vcpus, scale, seed) / expected(vcpus, scale) - 1), `seed ${seed}`).toBeLessThan(
      (4 * Math.SQRT2) / Math.sqrt(bursts),
    );
  }
});

test('the two parts of the background are accounted apart, and neither moves what the other draws', () => {
  const noise = busy('kvm-unpinned', { hostNoise: 1 });
  const both = busy('kvm-unpinned', { hostNoise: 1, dom0: 1 });
  expect(noise.dom0Ns).toBe(0);
  expect(both.dom0Ns).toBeGreaterThan(0);
  // its bursts are the same, but end later where they wait for a CPU
  expect(Math.abs(both.hostNoiseNs / noise.hostNoiseNs - 1)).toBeLessThan(0.1);
});
