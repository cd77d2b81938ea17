import { expect, test } from 'vitest';
import { centralFifo } from '../../../policies/cpu/central-fifo.ts';
import { roundRobin } from '../../../policies/cpu/round-robin.ts';
import { ms, NONE, type VcpuId } from '../../../sim/units.ts';
import { fakeKernel } from '../fake-kernel.ts';

test('the central queue serves in order of arrival, whichever CPU is free, and lets none wait beside an idle CPU', () => {
  const k = fakeKernel({ nodeCpus: [1, 2], guests: [{ vcpus: 6 }] });
  k.start(centralFifo(ms(5)));
  k.wake(4, 1, 0, 5, 3);
  expect([k.onCpus(), k.waitingOn(0)]).toEqual([
    [4, 1, 0],
    [5, 3],
  ]);
  k.block(1);
  k.block(0);
  expect(k.onCpus()).toEqual([4, 5, 3]);
  k.block(4);
  k.wake(1); // its last CPU is busy: another node's
  expect(k.onCpus()).toEqual([1, 5, 3]);
});

test('the central queue goes on after a slice with whoever waits longest', () => {
  const k = fakeKernel({ nodeCpus: [1], guests: [{ vcpus: 3 }] });
  k.start(centralFifo(ms(5)));
  k.wake(2, 0, 1);
  const ran: number[] = [];
  for (let slice = 0; slice < 4; slice++) {
    ran.push(k.onCpus()[0]!);
    k.pass(ms(5));
  }
  expect(ran).toEqual([2, 0, 1, 2]);
});

test('round robin keeps each vCPU on its CPU though others are idle, a slice each', () => {
  const k = fakeKernel({ nodeCpus: [1, 2], guests: [{ vcpus: 8 }] });
  k.start(roundRobin(ms(2)));
  k.wake(7, 1, 4); // all on CPU 1 of three
  expect(k.onCpus()).toEqual([NONE, 7, NONE]);
  k.pass(ms(12)); // two slices each
  expect([7, 1, 4].map((vcpu) => k.runtimeNs(vcpu as VcpuId))).toEqual([ms(4), ms(4), ms(4)]);
  k.block(7);
  k.interrupt(7, 2);
  expect(k.taskCpu(7 as VcpuId)).toBe(1);
});
