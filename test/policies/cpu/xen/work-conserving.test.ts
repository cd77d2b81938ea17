import { expect, test } from 'vitest';
import { xenPolicies } from '../../../../policies/xen.ts';
import { defaultOptions } from '../../../../sim/options.ts';
import { namedStream } from '../../../../sim/random.ts';
import { type CpuId, ms, NONE, type VcpuId } from '../../../../sim/units.ts';
import { fakeKernel } from '../../fake-kernel.ts';

const claiming = xenPolicies.filter(({ claims }) => claims?.workConserving).map((entry) => [entry.name, entry] as const);

test.each(claiming)('%s leaves no CPU idle that may run a vCPU which waits, as it claims', (name, entry) => {
  for (const seed of ['1', '2', '3']) {
    const random = namedStream(seed, 'work-conserving', 0, name);
    const guests = [2, 1, 3, 2, 4].map((vcpus) => ({ vcpus, memoryGiB: 1 }));
    const k = fakeKernel({ nodeCpus: [2, 3, 1], nodeSocket: [0, 1, 1], guests, draws: Array.from({ length: 97 }, random) });
    const policy = entry.make(defaultOptions(entry.options));
    k.start(policy.cpu);
    guests.forEach((_, guest) => k.admit(guest, policy.placement ?? null, policy.memory));
    const asleep = new Set(Array.from({ length: k.vcpuCount }, (_, vcpu) => vcpu));
    for (let step = 0; step < 1500; step++) {
      for (let vcpu = 0; vcpu < k.vcpuCount; vcpu++) {
        if (asleep.has(vcpu) && random() < 0.04) {
          asleep.delete(vcpu);
          k.wake(vcpu);
        } else if (k.onCpus().includes(vcpu) && random() < 0.06) {
          asleep.add(vcpu);
          k.block(vcpu);
        }
      }
      k.pass(ms(1));
      const onCpus = k.onCpus();
      for (let vcpu = 0; vcpu < k.vcpuCount; vcpu++) {
        if (asleep.has(vcpu) || onCpus.includes(vcpu)) continue;
        const idle = onCpus.findIndex((curr, cpu) => curr === NONE && k.allows(vcpu as VcpuId, cpu as CpuId));
        expect(idle, `seed ${seed}: vCPU ${vcpu} waits at ${k.nowNs} beside an idle CPU`).toBe(-1);
      }
    }
  }
});

test('who pins, the credit of today and credit2 do not claim it', () => {
  expect(claiming.map(([name]) => name)).toEqual(['xen-4.0-off', 'xen-numa-off', 'xen-round', 'xen-first-touch']);
});
