import { describe, expect, test } from 'vitest';
import { credit40 } from '../../../../policies/cpu/xen/credit-40.ts';
import { creditAccounts, OVER, RULES_OF_4_0, UNDER } from '../../../../policies/cpu/xen/credit-accounts.ts';
import { ms, NONE, type VcpuId } from '../../../../sim/units.ts';
import { type Fake, type FakeSpec, fakeKernel } from '../../fake-kernel.ts';

function started(spec: FakeSpec): Fake {
  const k = fakeKernel(spec);
  k.start(credit40());
  return k;
}

const runMs = (k: Fake, vcpu: number): number => k.runtimeNs(vcpu as VcpuId) / ms(1);

describe('credits of a period on four CPUs, 1200 in all,', () => {
  const paid = (guests: { vcpus: number; weight: number; cap?: number }[], rules = RULES_OF_4_0): number[] => {
    const k = fakeKernel({ nodeCpus: [3, 1], guests });
    const accounts = creditAccounts(k, rules);
    for (let vcpu = 0; vcpu < k.vcpuCount; vcpu++) accounts.activate(k, vcpu as VcpuId);
    accounts.account(k);
    return guests.map((_, guest) => accounts.credits[k.guestFirstVcpu(guest as never)]!);
  };

  test('go by weight: 256 and 512 with four vCPUs each get 400 and 800, a vCPU 100 and 200', () => {
    expect(paid([{ vcpus: 4, weight: 256 }, { vcpus: 4, weight: 512 }])).toEqual([100, 200]); // prettier-ignore
  });

  test('that one vCPU cannot use go to those after it: 300 and 900, a vCPU 300 and 225', () => {
    expect(paid([{ vcpus: 1, weight: 256 }, { vcpus: 4, weight: 256 }])).toEqual([300, 225]); // prettier-ignore
  });

  test('above a cap go to those after it: half a CPU are 150, a vCPU 38, and 1050, a vCPU 263', () => {
    expect(paid([{ vcpus: 4, weight: 256, cap: 50 }, { vcpus: 4, weight: 256 }])).toEqual([38, 263]); // prettier-ignore
  });

  test('go by weight of each vCPU today: one against four of as much are 240 each', () => {
    const today = { ...RULES_OF_4_0, weighs: 'vcpu' } as const;
    expect(paid([{ vcpus: 1, weight: 256 }, { vcpus: 4, weight: 256 }], today)).toEqual([240, 240]); // prettier-ignore
  });

  test('that came too late for an earlier guest come in time after it moved to the head', () => {
    const k = fakeKernel({ nodeCpus: [4], guests: [{ vcpus: 4 }, { vcpus: 1 }] });
    const accounts = creditAccounts(k);
    for (let vcpu = 0; vcpu < 5; vcpu++) accounts.activate(k, vcpu as VcpuId);
    accounts.account(k); // guest 0 first: 600 / 4; guest 1: 300 of its 600
    expect([accounts.credits[0], accounts.credits[4]]).toEqual([150, 300]);
    accounts.credits.fill(0); // all of it is spent
    accounts.account(k); // guest 1 first: 300; guest 0: 900 / 4
    expect([accounts.credits[0], accounts.credits[4]]).toEqual([225, 300]);
  });
});

test('a vCPU that has run 50 ms on 300 credits is OVER, one that saved more than a period leaves the accounting with none', () => {
  const k = started({ nodeCpus: [1], guests: [{ vcpus: 2 }] });
  const accounts = creditAccounts(k);
  accounts.activate(k, 0 as VcpuId);
  accounts.activate(k, 1 as VcpuId);
  k.wake(0);
  k.pass(ms(50));
  accounts.burn(k, 0 as VcpuId);
  expect(accounts.credits[0]).toBe(-500);
  accounts.account(k); // 300 for two: 150 each, and nobody owes more than 300
  expect([accounts.credits[0], accounts.priority[0]]).toEqual([-300, OVER]);
  expect([accounts.credits[1], accounts.priority[1]]).toEqual([150, UNDER]);
  // the balance was -300 + 150: 150 more to share, 225 each
  accounts.account(k);
  expect([accounts.credits[0], accounts.credits[1], accounts.isActive[1]]).toEqual([-75, 0, 0]);
});

describe('the credit scheduler', () => {
  test('starts a guest on the CPU with the fewest vCPUs, ties to the highest, and goes on from there', () => {
    const k = started({ nodeCpus: [2, 3], guests: [{ vcpus: 2 }, { vcpus: 1 }, { vcpus: 3 }] });
    k.wake(0, 1, 2, 3, 4); // CPU 4, then 0; CPU 3; CPU 2, then 3, which is busy: its idle neighbour 1 steals it
    expect(k.onCpus()).toEqual([1, 4, 3, 2, 0]);
  });

  test('starts a guest inside its mask', () => {
    const k = started({ nodeCpus: [2, 3], guests: [{ vcpus: 1 }] });
    k.hold(0, [0]);
    k.wake(0); // CPU 4 is next, CPU 0 the first allowed after it
    expect(k.onCpus()).toEqual([0, NONE, NONE, NONE, NONE]);
  });

  test('divides a CPU by weight: 256 and 768 get one and three of four parts', () => {
    const k = started({ nodeCpus: [1], guests: [{ vcpus: 1, weight: 256 }, { vcpus: 1, weight: 768 }] }); // prettier-ignore
    k.wake(0, 1);
    k.pass(ms(6000));
    expect(Math.abs(runMs(k, 0) / 6000 - 0.25)).toBeLessThan(0.02);
  });

  test('lets a waking vCPU with credits interrupt one that a tick has found running, no other', () => {
    const waking = (afterMs: number): number => {
      const k = started({ nodeCpus: [1], guests: [{ vcpus: 2 }] });
      k.wake(0);
      k.pass(ms(afterMs));
      k.wake(1);
      return k.onCpus()[0]!;
    };
    expect(waking(9)).toBe(0); // both are boosted
    expect(waking(11)).toBe(1);
  });

  test('gives turns of 30 ms to vCPUs that all have credits', () => {
    const k = started({ nodeCpus: [1, 2], guests: [{ vcpus: 2 }] }); // credits of three CPUs for one CPU's work
    k.hold(0, [0]);
    k.wake(0, 1);
    k.pass(ms(300));
    expect([runMs(k, 0), runMs(k, 1)]).toEqual([150, 150]);
  });

  test('lets a CPU that has only vCPUs without credits rob another, so that three share two CPUs evenly', () => {
    const k = started({ nodeCpus: [2], guests: [{ vcpus: 1 }, { vcpus: 1 }, { vcpus: 1 }] });
    k.wake(0, 1, 2);
    k.pass(ms(6000));
    for (const vcpu of [0, 1, 2]) expect(Math.abs(runMs(k, vcpu) / 6000 - 2 / 3), `vCPU ${vcpu}`).toBeLessThan(0.05);
  });

  test('steals from the next CPU by number, blind to nodes', () => {
    const slit = [[10, 40, 11], [40, 10, 40], [11, 40, 10]]; // prettier-ignore
    const k = started({ nodeCpus: [1, 1, 1], slit, guests: [{ vcpus: 3 }, { vcpus: 3 }] });
    k.wake(0, 1, 2, 3, 4, 5); // CPUs 2, 0, 1 and again 2, 0, 1
    expect([k.onCpus(), k.waitingOn(0), k.waitingOn(1), k.waitingOn(2)]).toEqual([[1, 2, 0], [4], [5], [3]]);
    k.block(1); // CPU 0 runs its own
    k.block(4); // and then robs CPU 1, though CPU 2 is nearer
    expect([k.onCpus(), k.waitingOn(1), k.waitingOn(2)]).toEqual([[5, 2, 0], [], [3]]);
  });

  test('moves a running vCPU at a tick to a socket with more idle CPUs, though its memory stays', () => {
    // sockets of nodes 0 and 1 (CPUs 0 to 2), and of node 2 (CPUs 3 to 6). Guest of one vCPU on CPU 6, then two more.
    const spec = { nodeCpus: [2, 1, 4], nodeSocket: [0, 0, 1], guests: [{ vcpus: 1 }, { vcpus: 1 }, { vcpus: 1 }] };
    const k = started(spec);
    k.wake(0, 1, 2); // CPUs 6, 5, 4: one idle CPU is left there, plus the vCPU's own: 2 against 3
    expect(k.onCpus()).toEqual([NONE, NONE, NONE, NONE, 2, 1, 0]);
    k.pass(ms(10)); // the first tick only makes them active
    expect(k.onCpus()).toEqual([NONE, NONE, NONE, NONE, 2, 1, 0]);
    k.pass(ms(10)); // CPU 4's vCPU goes to CPU 1, the socket's next after its last choice
    expect(k.onCpus().indexOf(2)).toBe(1);
    k.pass(ms(60)); // 2 idle and its own against 2 idle, 2 and 1 against 2: nobody is better off elsewhere
    expect(k.onCpus()).toEqual([NONE, 2, NONE, NONE, NONE, 1, 0]);
  });

  test('does not move within a socket', () => {
    const k = started({ nodeCpus: [1, 3], nodeSocket: [0, 0], guests: [{ vcpus: 2 }] });
    k.wake(0, 1);
    const before = k.onCpus();
    k.pass(ms(100));
    expect(k.onCpus()).toEqual(before);
  });
});

test('a vCPU that ran less than the migration delay ago is not stolen, later it is', () => {
  // two vCPUs wait on CPU 1 while one runs there; CPU 0 has nothing to do and looks again when it is kicked
  const stolenAfterMs = (migrationDelayNs: number): number => {
    const k = fakeKernel({ nodeCpus: [2], guests: [{ vcpus: 1 }, { vcpus: 1 }, { vcpus: 1 }] });
    k.start(credit40(migrationDelayNs));
    for (const vcpu of [0, 1, 2]) k.wake(vcpu);
    k.pass(ms(35)); // slices of 30 ms: two of the three have run and one of them waits
    const waits = [0, 1, 2].find((vcpu) => !k.onCpus().includes(vcpu as VcpuId))!;
    const since = k.nowNs;
    k.block(k.onCpus()[k.taskCpu(waits as VcpuId) === 0 ? 1 : 0]!); // the other CPU falls idle and may steal
    for (let i = 0; i < 40 && !k.onCpus().includes(waits as VcpuId); i++) k.pass(ms(1));
    return (k.nowNs - since) / ms(1);
  };
  expect(stolenAfterMs(0)).toBe(0);
  expect(stolenAfterMs(ms(200))).toBeGreaterThan(10); // it waits until its own CPU's slice is over
});

test('a guest over its cap is parked although a CPU is idle, and gets what its cap allows', () => {
  const k = started({ nodeCpus: [1, 1], guests: [{ vcpus: 1, cap: 40 }, { vcpus: 1 }] }); // prettier-ignore
  k.wake(0, 1);
  k.pass(ms(6000));
  expect(Math.abs(runMs(k, 0) / 6000 - 0.4)).toBeLessThan(0.01);
  expect(runMs(k, 1)).toBe(6000);
});

test('a vCPU that is parked when it wakes waits until an accounting finds it with credits', () => {
  const k = started({ nodeCpus: [1, 1], guests: [{ vcpus: 1, cap: 20 }] });
  k.wake(0);
  while (k.onCpus().includes(0 as VcpuId)) k.pass(ms(10)); // active from 10 ms on, and 60 credits in 30 ms for 300 spent
  k.pass(ms(10));
  expect(k.waitingOn(2)).toEqual([0]); // queue of what is parked
  const since = k.nowNs;
  while (!k.onCpus().includes(0 as VcpuId)) k.pass(ms(10));
  expect(k.nowNs - since).toBeGreaterThan(ms(30));
});

test('a vCPU moves to a CPU it may use when its own goes, queue and all', () => {
  const spec = { nodeCpus: [1, 2], guests: [{ vcpus: 3 }, { vcpus: 2 }] };
  const k = started(spec);
  k.wake(0, 1, 2, 3, 4); // CPUs 2, 0, 1; then 2, 0 again
  expect([k.waitingOn(2), k.waitingOn(0)]).toEqual([[3], [4]]);
  k.unplug(2);
  expect(k.waitingOn(2)).toEqual([]);
  expect([...k.waitingOn(0), ...k.waitingOn(1)].sort()).toEqual([3, 4]);
});
