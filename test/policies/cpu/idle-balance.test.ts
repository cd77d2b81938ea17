import { describe, expect, test } from 'vitest';
import { idleBalance } from '../../../policies/cpu/idle-balance.ts';
import { ms, NONE, type VcpuId } from '../../../sim/units.ts';
import { fifoClass } from './linux/fifo-class.ts';
import { type Fake, type FakeSpec, fakeKernel } from '../fake-kernel.ts';

// Three nodes of 1, 2 and 3 CPUs: CPU 0; CPUs 1 and 2; CPUs 3 to 5. From node 0 node 2 is nearer than node 1.
const MACHINE = {
  nodeCpus: [1, 2, 3],
  slit: [
    [10, 22, 16],
    [22, 10, 14],
    [16, 14, 10],
  ],
};

function started(spec: FakeSpec): Fake {
  const k = fakeKernel(spec);
  k.start(fifoClass(ms(3))(idleBalance()));
  return k;
}

const runMs = (k: Fake, vcpus: readonly number[]): number[] => vcpus.map((vcpu) => k.runtimeNs(vcpu as VcpuId) / ms(1));

describe('vCPUs that float', () => {
  test('start on the idlest node: fewest busy CPUs in proportion, then fewest started there, then lowest id', () => {
    const k = started({ ...MACHINE, guests: [{ vcpus: 6 }] });
    // all idle: node 0, 1, 2; then 2 (1/3 busy), 1 (1/2), 2 (2/3 before node 0 and 1, which are full)
    k.wake(0, 1, 2, 3, 4, 5);
    expect(k.onCpus()).toEqual([0, 1, 4, 2, 3, 5]);
  });

  test('start where fewest started when all nodes are idle again', () => {
    const k = started({ ...MACHINE, guests: [{ vcpus: 2 }] });
    k.wake(0);
    k.block(0);
    k.wake(1);
    expect(k.onCpus()[1]).toBe(1);
  });

  test('wake on the CPU they had, else on an idle one of its node, else wait for it though other nodes are idle', () => {
    const k = started({ ...MACHINE, guests: [{ vcpus: 2 }, { vcpus: 2 }] });
    k.hold(1, [1]);
    k.wake(0, 1); // CPUs 0 and 1
    k.block(1);
    k.wake(1);
    expect(k.onCpus()).toEqual([0, 1, NONE, NONE, NONE, NONE]);
    k.block(1);
    k.wake(2); // takes CPU 1
    k.wake(1);
    expect(k.onCpus()).toEqual([0, 2, 1, NONE, NONE, NONE]);
    k.block(1);
    k.wake(3); // takes CPU 2
    k.wake(1);
    expect(k.onCpus()).toEqual([0, 2, 3, NONE, NONE, NONE]);
    expect(k.waitingOn(2)).toEqual([1]);
  });

  test('wake on the CPU that takes their interrupt, on another node, if it has no load', () => {
    const k = started({ ...MACHINE, guests: [{ vcpus: 2 }] });
    k.wake(0, 1); // CPUs 0 and 1
    k.block(0);
    k.interrupt(0, 4);
    expect(k.onCpus()).toEqual([NONE, 1, NONE, NONE, 0, NONE]);
    k.block(0);
    k.interrupt(0, 1); // busy, and its last CPU is idle: 100 * 2 > 112 * 1
    expect(k.onCpus()).toEqual([NONE, 1, NONE, NONE, 0, NONE]);
  });

  test('are drawn to a busy CPU only if their last is as busy; then they take an idle one of its node', () => {
    const k = started({ ...MACHINE, guests: [{ vcpus: 1 }, { vcpus: 1 }, { vcpus: 1 }] });
    k.hold(1, [0]);
    k.hold(2, [1]);
    k.wake(0); // CPU 0
    k.block(0);
    k.wake(1, 2);
    expect(k.onCpus().slice(0, 2)).toEqual([1, 2]);
    k.interrupt(0, 1); // 100 * 2 <= 112 * 2: to node 1, where CPU 2 is idle
    expect(k.onCpus()).toEqual([1, 2, 0, NONE, NONE, NONE]);
  });

  test('return to the CPU they had though one before it is idle as well', () => {
    const k = started({ nodeCpus: [3], guests: [{ vcpus: 2 }] });
    k.wake(0, 1);
    k.block(0);
    k.block(1);
    k.wake(1);
    expect(k.onCpus()).toEqual([NONE, 1, NONE]);
  });

  test('are pulled by a CPU that runs out of work: from its own node first, then the nearest, from the longest queue', () => {
    const guests = [{ vcpus: 1 }, { vcpus: 2 }, { vcpus: 3 }, { vcpus: 6 }];
    const k = started({ ...MACHINE, guests });
    k.wake(0, 1, 2, 3, 4, 5); // CPU 0: vCPU 0; node 1: vCPUs 1 and 4 on CPUs 1 and 2; node 2: vCPUs 2, 3 and 5
    k.hold(3, [1]);
    k.wake(6, 7, 8); // wait on CPUs 1, 2, 1
    expect([k.waitingOn(1), k.waitingOn(2)]).toEqual([[6, 8], [7]]);
    k.hold(3, [0, 1, 2]);
    k.wake(9); // idlest of three full nodes: fewest started, node 0
    expect(k.waitingOn(0)).toEqual([9]);
    k.block(k.onCpus()[3]!); // CPU 3 on node 2: node 1 (14) before node 0 (16), CPU 1 has two
    expect(k.onCpus()[3]).toBe(6);
    k.block(k.onCpus()[0]!); // CPU 0 has vCPU 9 of its own
    expect(k.onCpus()[0]).toBe(9);
  });

  test('are not pulled within 0.5 ms of running, but by the next balancing, every 4 ms', () => {
    const k = started({ ...MACHINE, nodeCpus: [1, 0, 1], guests: [{ vcpus: 3 }] });
    k.wake(0, 1, 2); // CPUs 0 and 1, the third waits on CPU 0
    expect(k.waitingOn(0)).toEqual([2]);
    k.pass(ms(3)); // slice end: 0 waits, 2 runs
    expect(k.waitingOn(0)).toEqual([0]);
    k.block(1);
    expect(k.onCpus()).toEqual([2, NONE]);
    k.pass(ms(1)); // at 4 ms vCPU 0 is cold
    expect(k.onCpus()).toEqual([2, 0]);
  });

  test('are offered to the nearest idle CPU', () => {
    const k = started({ ...MACHINE, nodeCpus: [1, 1, 1], guests: [{ vcpus: 4 }] });
    k.wake(0, 1, 2, 3); // the fourth waits on CPU 0
    k.pass(ms(3)); // it runs, the first waits and is hot
    k.block(1);
    k.block(2);
    expect(k.onCpus()).toEqual([3, NONE, NONE]);
    k.pass(ms(1));
    expect(k.onCpus()).toEqual([3, NONE, 0]); // 16 away, CPU 1 22
  });

  test('are passed over in a queue by a CPU they may not use', () => {
    const k = started({ ...MACHINE, nodeCpus: [1, 1, 0], guests: [{ vcpus: 4 }, { vcpus: 1 }] });
    k.wake(0, 1);
    k.hold(1, [0]);
    k.wake(4, 2, 3); // 4 waits on CPU 0; 2 and 3 where fewer started, CPU 1 and then CPU 0
    expect(k.waitingOn(0)).toEqual([4, 3]);
    k.block(1);
    expect(k.onCpus()[1]).toBe(2);
    k.block(2);
    expect(k.onCpus()[1]).toBe(3);
  });

  test('keep their lead or lag when they change queues', () => {
    const k = started({ ...MACHINE, nodeCpus: [1, 1, 0], guests: [{ vcpus: 3 }] });
    k.wake(0, 1);
    k.block(0);
    k.wake(2); // 0 has started on CPU 0, so has 1 on CPU 1: by id CPU 0, idle
    k.block(2);
    k.hold(0, [1]);
    k.wake(2); // shares CPU 1 with vCPU 1
    k.hold(0, [0, 1]);
    k.wake(0);
    k.pass(ms(301));
    expect(runMs(k, [0])).toEqual([301]); // the others about 150 each
    k.block(0);
    const moved = k.onCpus()[0]!;
    expect([1, 2]).toContain(moved);
    const before = runMs(k, [moved])[0]!;
    k.wake(0);
    k.pass(ms(60)); // both count as even on CPU 0
    expect(Math.abs(runMs(k, [moved])[0]! - before - 30)).toBeLessThanOrEqual(3);
  });

  test('never leave the nodes they are held on', () => {
    const k = started({ ...MACHINE, guests: [{ vcpus: 3 }, { vcpus: 1 }] });
    k.hold(0, [1]);
    k.wake(0, 1, 2, 3);
    k.pass(ms(40));
    expect(k.onCpus().slice(3)).toEqual([NONE, NONE, NONE]);
    expect(k.waitingOn(1).length + k.waitingOn(2).length).toBe(1);
    expect(k.onCpus()[0]).toBe(3);
  });
});
