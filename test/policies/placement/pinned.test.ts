import { describe, expect, test } from 'vitest';
import { linuxCpu } from '../../../policies/linux-cpu.ts';
import { firstTouch } from '../../../policies/memory/first-touch.ts';
import { type Order, pinned } from '../../../policies/placement/pinned.ts';
import { ms, NONE, type VcpuId } from '../../../sim/units.ts';
import { type Fake, type FakeSpec, fakeKernel } from '../fake-kernel.ts';

// Four nodes of 1, 3, 0 and 2 CPUs: CPU 0; CPUs 1 to 3; none; CPUs 4 and 5.
const NODE_CPUS = [1, 3, 0, 2];

function started(order: Order, last: number, guests: FakeSpec['guests']): Fake {
  const k = fakeKernel({ nodeCpus: NODE_CPUS, guests });
  const placement = pinned(order, 1, last);
  k.start(linuxCpu());
  guests.forEach(({ isHostNoise }, guest) => isHostNoise || k.admit(guest, placement, firstTouch()));
  return k;
}

/** CPU of each vCPU when all have woken, in an order that must not matter. */
function cpusOf(k: Fake): number[] {
  const vcpus = Array.from({ length: k.vcpuCount }, (_, vcpu) => vcpu as VcpuId);
  k.wake(...vcpus.filter((vcpu) => vcpu % 2 === 1), ...vcpus.filter((vcpu) => vcpu % 2 === 0));
  return vcpus.map((vcpu) => k.taskCpu(vcpu));
}

describe('vCPUs held on CPUs', () => {
  test.each([
    ['pack', [0, 1, 2, 3, 4, 5, 0, 1]],
    ['spread', [0, 1, 4, 2, 5, 3, 0, 1]], // the first CPU of each node, then the second, then the third
  ] as const)('%s takes the CPUs in its order over all guests, and again from the first when there are no more', (order, cpus) => {
    const k = started(order, 0, [{ vcpus: 3 }, { vcpus: 1 }, { vcpus: 4 }]);
    expect(cpusOf(k)).toEqual(cpus);
    expect([k.waitingOn(0).length, k.waitingOn(1).length]).toEqual([1, 1]);
  });

  test('hold the last vCPU of each guest some nodes on from its first, which takes no turn', () => {
    const guests = [{ vcpus: 3 }, { vcpus: 2 }, { vcpus: 1 }];
    // pack: CPUs 0 and 1; then 2 (node 1); then 3, whose guest has no other
    expect(cpusOf(started('pack', 1, guests))).toEqual([0, 1, 3, 2, 5, 3]); // on from node 0: 1; on from node 1: 3, over the empty one
    expect(cpusOf(started('pack', 2, guests))).toEqual([0, 1, 5, 2, 0, 3]);
    expect(cpusOf(started('pack', 3, guests))).toEqual([0, 1, 0, 2, 3, 3]); // once round
  });

  test('return to their CPU though it is busy and others are idle, whoever takes the interrupt', () => {
    const k = started('pack', 0, [{ vcpus: 2 }]);
    k.wake(0, 1);
    k.block(1);
    k.interrupt(1, 4);
    expect(k.onCpus()).toEqual([0, 1, NONE, NONE, NONE, NONE]);
    const shared = started('pack', 0, [{ vcpus: 7 }]);
    shared.wake(0, 6);
    shared.pass(ms(40));
    expect(shared.onCpus().slice(1)).toEqual([NONE, NONE, NONE, NONE, NONE]);
    expect([0, 6]).toContain(shared.onCpus()[0]);
    for (const vcpu of [0, 6]) expect(Math.abs(shared.runtimeNs(vcpu as VcpuId) - ms(20))).toBeLessThanOrEqual(ms(4)); // in turn, a slice each
  });

  test('leave room to the host: its threads float, count for no turn, and are pulled off a CPU that is held', () => {
    const k = started('pack', 0, [{ vcpus: 2, isHostNoise: true }, { vcpus: 1 }]);
    k.wake(0, 1); // CPUs 0 and 1, the idlest nodes
    k.pass(ms(1));
    k.wake(2); // held on CPU 0, where the host's thread runs
    expect([k.taskCpu(2 as VcpuId), k.waitingOn(0)]).toEqual([0, [2]]);
    k.pass(ms(40)); // some ticks later the host's thread has been taken over by an idle CPU
    expect([k.onCpus()[0], k.waitingOn(0), k.onCpus().filter((vcpu) => vcpu === 0).length]).toEqual([2, [], 1]);
  });

  test('take turns in the order of the guests, whichever of them comes first', () => {
    const k = fakeKernel({ nodeCpus: NODE_CPUS, guests: [{ vcpus: 3 }, { vcpus: 1 }] });
    const placement = pinned('pack', 1, 0);
    expect([1, 0].map((guest) => k.admit(guest, placement, firstTouch()).hardCpus)).toEqual([[[3]], [[0], [1], [2]]]);
  });

  test('take every so many-th CPU of a node first', () => {
    const k = fakeKernel({ nodeCpus: [5], guests: [{ vcpus: 5 }] });
    // of 0 to 4 by twos: 0, 2, 4, then 1, 3
    expect(k.admit(0, pinned('pack', 2, 0), firstTouch()).hardCpus).toEqual([[0], [2], [4], [1], [3]]);
  });
});
