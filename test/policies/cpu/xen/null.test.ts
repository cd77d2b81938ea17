import { expect, test } from 'vitest';
import { nullScheduler } from '../../../../policies/cpu/xen/null.ts';
import { ms, NONE, type VcpuId } from '../../../../sim/units.ts';
import { type Fake, type FakeSpec, fakeKernel } from '../../fake-kernel.ts';

function started(spec: FakeSpec): { k: Fake; exit: (vcpu: number) => void } {
  const k = fakeKernel(spec);
  const policy = nullScheduler();
  k.start(policy);
  return { k, exit: (vcpu) => policy.exitTask!(k, vcpu as VcpuId) };
}

test('each vCPU has a CPU of its own, that of its soft affinity if one is free', () => {
  const { k } = started({ nodeCpus: [1, 2], guests: [{ vcpus: 1 }, { vcpus: 2 }] });
  k.prefer(0, [1]);
  k.prefer(1, [1]);
  k.wake(0, 1, 2); // CPUs 1 and 2 are preferred, then CPU 0 is left
  expect(k.onCpus()).toEqual([2, 0, 1]);
});

test('its CPU stays idle while it sleeps, and one too many waits', () => {
  const { k } = started({ nodeCpus: [1, 1], guests: [{ vcpus: 3 }] });
  k.wake(0, 1, 2);
  k.block(0);
  k.pass(ms(50));
  expect(k.onCpus()).toEqual([NONE, 1]);
  k.wake(0);
  expect(k.onCpus()).toEqual([0, 1]);
});

test('a CPU that is free again goes to one that waits and would rather have it, before one that came earlier', () => {
  const { k, exit } = started({ nodeCpus: [1, 1], guests: [{ vcpus: 2 }, { vcpus: 1 }, { vcpus: 1 }] });
  k.prefer(2, [1]);
  k.wake(0, 1, 2, 3); // 2 and 3 wait
  k.block(1);
  exit(1);
  k.pass(ms(1));
  expect(k.onCpus()).toEqual([0, 3]);
  k.block(0);
  exit(0);
  k.pass(ms(1));
  expect(k.onCpus()).toEqual([2, 3]);
});
