import { expect, test } from 'vitest';
import { RunQueues } from '../../../../policies/cpu/linux/run-queues.ts';
import { type CpuId, ms, NONE, us, type VcpuId } from '../../../../sim/units.ts';
import { type Fake, fakeKernel } from '../../fake-kernel.ts';

const [cpu, other] = [0, 1] as CpuId[] as [CpuId, CpuId];
const vcpu = 0 as VcpuId;

function given(weight = 100): { k: Fake; queues: RunQueues } {
  const k = fakeKernel({ nodeCpus: [2], guests: [{ vcpus: 2, weight }] });
  k.start({ name: 'idle', enqueue: () => undefined });
  return { k, queues: new RunQueues(k) };
}

const rounded = (...values: number[]): number[] => values.map((value) => Math.round(value * 1000) / 1000);

test('averages come half way to what is in 32 ms, and go with a vCPU that wakes elsewhere', () => {
  const { k, queues } = given();
  queues.run(k, vcpu, cpu); // new: its load is full, its use of the CPU half of what is left of it
  expect(rounded(queues.load[cpu]!, queues.util[cpu]!)).toEqual([1024, 512]);
  k.pass(ms(32));
  queues.stop(k, vcpu, cpu); // 512 is half way to 1024 by half
  expect(rounded(queues.load[cpu]!, queues.util[cpu]!, queues.vcpuUtil[vcpu]!)).toEqual([1024, 768, 768]);
  queues.dequeue(k, vcpu);
  k.pass(ms(64)); // sleeps: a quarter is left
  queues.enqueue(k, vcpu, other);
  expect(rounded(queues.load[cpu]!, queues.util[cpu]!)).toEqual([0, 0]);
  expect(rounded(queues.load[other]!, queues.util[other]!)).toEqual([256, 192]);
});

test('a vCPU that waits has load and no use; load goes by weight', () => {
  const { k, queues } = given(50);
  queues.run(k, vcpu, cpu);
  queues.enqueue(k, 1 as VcpuId, cpu);
  k.pass(ms(320));
  queues.advance(k, cpu);
  queues.advanceVcpu(k, 1 as VcpuId);
  expect(queues.load[cpu]!).toBeCloseTo(2 * 512, 0);
  expect(queues.vcpuLoad[1]!).toBeCloseTo(512, 0);
  expect(queues.vcpuUtil[1]!).toBeLessThan(1);
  expect([queues.nr[cpu], queues.overloaded]).toEqual([2, 1]);
});

test('how long a CPU idles is averaged by eighths, from 1 ms down', () => {
  const { k, queues } = given();
  queues.idleSinceNs[cpu] = 0;
  k.pass(us(200));
  queues.enqueue(k, vcpu, cpu);
  expect([queues.averageIdleNs[cpu], queues.idleSinceNs[cpu]]).toEqual([us(900), NONE]); // 1000 - 800 / 8
});
