import { describe, expect, test } from 'vitest';
import { policies, policyNamed } from '../../policies/index.ts';
import { namedStream } from '../../sim/random.ts';
import { defaultOptions } from '../../sim/options.ts';
import type { PolicyEntry } from '../../sim/policy-api.ts';
import { GiB, ms, NONE, type VcpuId } from '../../sim/units.ts';
import { fakeKernel } from './fake-kernel.ts';

test('policies are found by the name a user types, and by no other', () => {
  expect(policyNamed('apart')?.options.map((option) => option.name)).toEqual(['share', 'margin']);
  expect(policyNamed('Apart')).toBeUndefined();
});

test('each policy takes the name of its entry and says where its rules are from in one sentence', () => {
  for (const entry of policies) {
    expect(entry.make(defaultOptions(entry.options)).name).toBe(entry.name);
    expect(entry.summary).toMatch(/^([^.]|\.\d)+\.$/); // "Xen 4.0" has the only other dot
    expect(entry.source).not.toBe('');
  }
});

test('a rate is given in MB/s and kept in bytes per second', () => {
  expect(policyNamed('unpinned-migrating')!.make({ rate: 7 }).memory.moveBytesPerSecond).toBe(7_000_000);
});

test('pin holds in the order, on the node and with the memory it is told', () => {
  const pin = (options: Record<string, number | string>): ReturnType<PolicyEntry['make']> => {
    const entry = policyNamed('pin')!;
    return entry.make({ ...defaultOptions(entry.options), ...options });
  };
  const cpusOf = (options: Record<string, number | string>): number[] => {
    const k = fakeKernel({ nodeCpus: [2, 2], guests: [{ vcpus: 3 }] });
    return k.admit(0, pin(options).placement!, pin(options).memory).hardCpus!.flatMap((cpus) => cpus!);
  };
  expect([cpusOf({}), cpusOf({ order: 'spread' }), cpusOf({ last: 1 })]).toEqual([[0, 1, 2], [0, 2, 1], [0, 1, 3]]); // prettier-ignore
  expect([pin({}).memory.name, pin({ memory: 'interleave' }).memory.name]).toEqual(['first-touch', 'interleave']);
});

describe.each(policies.map((entry) => [entry.name, entry] as const))('%s, in 2 s of random sleeping and waking,', (_name, entry) => {
  const seed = '20101103';
  test(`keeps masks, loses no vCPU and lets none starve (seed ${seed})`, () => {
    const random = namedStream(seed, 'contract', 0, entry.name);
    const draws = Array.from({ length: 997 }, random);
    const vcpusOf = entry.claims?.oneToOne ? [1, 3, 2] : [1, 3, 2, 4, 1, 2]; // 8 in all for 9 CPUs, or 15
    const guests = [{ vcpus: 2, isHostNoise: true }, ...vcpusOf.map((vcpus) => ({ vcpus, memoryGiB: 2 }))];
    const slit = [[10, 16, 22, 16], [16, 10, 16, 22], [22, 16, 10, 16], [16, 22, 16, 10]]; // prettier-ignore
    const k = fakeKernel({ nodeCpus: [2, 3, 0, 4], nodeSocket: [0, 0, 1, 1], slit, memoryGiB: [5, 7, 3, 9], guests, draws });
    const policy = entry.make(defaultOptions(entry.options));
    k.start(policy.cpu);
    for (let guest = 1; guest < guests.length; guest++) k.admit(guest, policy.placement ?? null, policy.memory);
    const vcpus = Array.from({ length: k.vcpuCount }, (_, vcpu) => vcpu);
    const asleep = new Set(vcpus);
    const wokenNs = vcpus.map(() => 0);
    for (let step = 0; step < 2000; step++) {
      for (const vcpu of vcpus) {
        if (asleep.has(vcpu) && random() < 0.05) {
          asleep.delete(vcpu);
          wokenNs[vcpu] = k.nowNs;
          k.wake(vcpu);
        } else if (k.onCpus().includes(vcpu) && random() < 0.03) {
          asleep.add(vcpu);
          k.block(vcpu);
        }
      }
      k.pass(ms(1));
      const running = k.onCpus().filter((vcpu) => vcpu !== NONE);
      const waiting = vcpus.flatMap((vcpu) => (asleep.has(vcpu) || running.includes(vcpu) ? [] : [vcpu]));
      expect(new Set(running).size).toBe(running.length);
      expect(running.some((vcpu) => asleep.has(vcpu))).toBe(false);
      for (const vcpu of waiting) {
        const lastNs = Math.max(wokenNs[vcpu]!, k.stoppedNs(vcpu as VcpuId));
        expect(k.nowNs - lastNs, `${entry.name}: vCPU ${vcpu} waits at ${k.nowNs}`).toBeLessThan(ms(1000));
      }
    }
    for (const vcpu of vcpus) expect(k.runtimeNs(vcpu as VcpuId)).toBeGreaterThan(0);
  });

  test('backs memory on nodes that have it, and at build all of it', () => {
    const guests = [{ vcpus: 1, memoryGiB: 3 }, { vcpus: 2, memoryGiB: 4 }]; // prettier-ignore
    const k = fakeKernel({ nodeCpus: [1, 2], memoryGiB: [5, 9], guests, draws: [0.4, 0.9, 0.1] });
    const policy = entry.make(defaultOptions(entry.options));
    const touched = [0, 1].flatMap((guest) => {
      const placement = k.admit(guest, policy.placement ?? null, policy.memory);
      const blocks = policy.memory.backs === 'at-build' ? 0 : k.guestMemoryBytes(guest as never) / GiB(1);
      return k.back(guest, blocks, policy.memory, placement, 1);
    });
    expect(touched.includes(NONE)).toBe(false);
    expect(k.freeGiB().reduce((sum, free) => sum + free, 0)).toBe(5 + 9 - 3 - 4);
  });
});
