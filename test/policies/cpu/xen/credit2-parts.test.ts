import { describe, expect, test } from 'vitest';
import { balance, pickCpu } from '../../../../policies/cpu/xen/credit2-balance.ts';
import { candidate } from '../../../../policies/cpu/xen/credit2-candidate.ts';
import { loads } from '../../../../policies/cpu/xen/credit2-loads.ts';
import { type Arrangement, runQueues } from '../../../../policies/cpu/xen/credit2-queues.ts';
import { assign, QUEUED, queueDsq, reset, type Units, units, vtimeOf } from '../../../../policies/cpu/xen/credit2-units.ts';
import { type CpuId, ms, NONE, us, type VcpuId } from '../../../../sim/units.ts';
import { type Fake, type FakeSpec, fakeKernel } from '../../fake-kernel.ts';

function made(spec: FakeSpec, isFaithful = true): { k: Fake; u: Units } {
  const k = fakeKernel(spec);
  k.start({ name: 'none', enqueue: () => undefined });
  return { k, u: units(k, { arrangement: 'socket', mostCpus: 16, ratelimitNs: ms(1), isFaithful }) };
}

/** A vCPU that waits in a queue with so many credits and was on a CPU last. */
function waits(k: Fake, u: Units, vcpu: number, queue: number, cpu: number, creditNs: number): void {
  assign(k, u, vcpu as VcpuId, queue);
  u.state[vcpu] = QUEUED;
  u.cpu[vcpu] = cpu;
  u.credit[vcpu] = creditNs;
  k.dsqInsertVtime(vcpu as VcpuId, queueDsq(queue), ms(10), vtimeOf(u, vcpu as VcpuId), 0);
}

describe('run queues', () => {
  const table: [string, Arrangement, number[], number[], number, number[][]][] = [
    ['a socket', 'socket', [3, 1, 2], [0, 0, 1], 16, [[0, 1, 2, 3], [4, 5]]],
    ['a node', 'node', [3, 1, 2], [0, 0, 1], 16, [[0, 1, 2], [3], [4, 5]]],
    ['a core', 'core', [2, 1], [0, 0], 16, [[0], [1], [2]]],
    ['all', 'all', [2, 1], [0, 1], 16, [[0, 1, 2]]],
    ['all, but no more than an even share below four', 'all', [4, 3], [0, 1], 4, [[0, 1, 2], [3, 4, 5], [6]]], // 7 / 2 = 3
  ]; // prettier-ignore
  test.each(table)('of %s', (_, arrangement, nodeCpus, nodeSocket, mostCpus, wanted) => {
    const k = fakeKernel({ nodeCpus, nodeSocket, guests: [] });
    const queues = runQueues(k, arrangement, mostCpus);
    const lists = Array.from({ length: queues.count }, (_q, queue) =>
      Array.from({ length: queues.cpuCount(queue) }, (_c, i) => queues.cpu(queue, i)),
    );
    expect(lists).toEqual(wanted);
    expect([...queues.ofCpu]).toEqual(wanted.flatMap((cpus, queue) => cpus.map(() => queue)));
  });

  test('are gone through from the CPU after a given one and round', () => {
    const k = fakeKernel({ nodeCpus: [2, 2, 1], nodeSocket: [0, 1, 0], guests: [{ vcpus: 1 }] });
    const queues = runQueues(k, 'socket', 16); // CPUs 0, 1, 4 and 2, 3
    const after = (cpu: number): number => queues.next(k, 0, 0 as VcpuId, false, cpu);
    expect([0, 1, 2, 4].map(after)).toEqual([1, 4, 4, 0]);
    k.hold(0, [2]);
    expect([0, 4].map(after)).toEqual([4, 4]);
    expect([queues.admits(k, 0, 0 as VcpuId, false), queues.admits(k, 1, 0 as VcpuId, false)]).toEqual([true, false]);
  });
});

describe('loads', () => {
  const WINDOW_NS = 2 ** 30;

  test('go half of the way to what is in half a window, and all of it in a whole one', () => {
    const made = loads(2, 1);
    made.begin(0, 0);
    made.assign(0, NONE, 0, 0);
    expect([made.ofVcpu[0], made.expected[0]]).toEqual([0.5, 0.5]);
    made.set(0, 0, true, 0);
    made.updateVcpu(0, WINDOW_NS / 2);
    made.updateQueue(0, WINDOW_NS / 2);
    expect([made.ofVcpu[0], made.expected[0]]).toEqual([0.75, 0.75]); // 0.5 + (1 - 0.5) / 2
    made.set(0, 0, false, WINDOW_NS);
    expect([made.ofVcpu[0], made.expected[0]]).toEqual([0.875, 0.875]);
    made.updateQueue(0, 3 * WINDOW_NS);
    expect(made.expected[0]).toBe(0);
  });

  test('go with a vCPU to another queue at once', () => {
    const made = loads(1, 2);
    made.begin(0, 0);
    made.assign(0, NONE, 0, 0);
    made.set(0, 0, true, 0);
    made.assign(0, 0, 1, 0);
    expect([...made.expected]).toEqual([0, 0.5]);
    made.updateQueue(0, WINDOW_NS / 4);
    made.updateQueue(1, WINDOW_NS / 4);
    expect([...made.expected]).toEqual([0, 0.625]); // it runs on queue 1: 0.5 + 0.5 / 4
  });
});

describe('what a CPU runs next', () => {
  const spec = { nodeCpus: [2], guests: [{ vcpus: 3 }] };
  const cpu = 0 as CpuId;

  test('is the first that waits; one meant for another CPU is left to it until that has scheduled', () => {
    const { k, u } = made(spec);
    waits(k, u, 0, 0, 0, ms(5));
    waits(k, u, 1, 0, 1, ms(7));
    expect(candidate(k, u, cpu, NONE, false)).toBe(1);
    u.tickledCpu[1] = 1;
    u.isTickled[1] = 1;
    expect(candidate(k, u, cpu, NONE, false)).toBe(0);
    u.isTickled[1] = 0;
    expect(candidate(k, u, cpu, NONE, false)).toBe(1);
  });

  test.each([
    ['its own CPU is behind', 0, us(4_900), 2],
    ['its own CPU is ahead', 0, us(5_100), 1],
    ['another CPU leads by 0.4 ms', 1, us(5_400), 2],
    ['another CPU leads by 0.5 ms', 1, us(5_500), 1],
  ])('beside a present one with 5 ms, when one of %s', (_, last, creditNs, runs) => {
    const { k, u } = made(spec);
    assign(k, u, 2 as VcpuId, 0);
    u.state[2] = 2; // scheduled
    u.credit[2] = ms(5);
    u.cpu[2] = 0;
    u.startedNs[2] = -ms(2);
    waits(k, u, 1, 0, last, creditNs);
    expect(candidate(k, u, cpu, 2 as VcpuId, false)).toBe(runs);
    u.startedNs[2] = -us(900); // within the rate limit
    expect(candidate(k, u, cpu, 2 as VcpuId, false)).toBe(2);
  });
});

test('a reset gives 10 ms and no more than 10.5 in all, and 20 when the one picked has sunk to the floor; the order stays', () => {
  const { k, u } = made({ nodeCpus: [1], guests: [{ vcpus: 4 }] });
  waits(k, u, 0, 0, 0, -ms(9));
  waits(k, u, 1, 0, 0, -ms(2));
  assign(k, u, 2 as VcpuId, 0);
  u.credit[2] = ms(4); // sleeps
  assign(k, u, 3 as VcpuId, 0);
  u.credit[3] = -ms(1);
  reset(k, u, 0, 3 as VcpuId);
  expect([...u.credit]).toEqual([ms(1), ms(8), ms(10.5), ms(9)]);
  waits(k, u, 3, 0, 0, ms(5));
  expect(k.waitingOn(0)).toEqual([1, 3, 0]); // 8, 5 and 1 ms
  u.credit[2] = -ms(10);
  reset(k, u, 0, 2 as VcpuId);
  expect([...u.credit]).toEqual([ms(10.5), ms(10.5), ms(10), ms(10.5)]);
  expect(k.waitingOn(0)).toEqual([1, 3, 0]);
});

describe('what the original does against its intent', () => {
  test('rotates by the queue that expects least at all, not by the one that was chosen for its soft affinity', () => {
    const cpus = (isFaithful: boolean): number[] => {
      const { k, u } = made({ nodeCpus: [2, 3], guests: [{ vcpus: 2 }] }, isFaithful);
      k.prefer(0, [1]);
      return [0, 1].map((vcpu) => {
        pickCpu(k, u, vcpu as VcpuId);
        return u.cpu[vcpu]!;
      });
    };
    expect([cpus(true), cpus(false)]).toEqual([
      [2, 3],
      [3, 4],
    ]); // after CPU 0, after CPU 2 // prettier-ignore
  });

  test('asks the queue it looked at last whether CPUs are short, not the one it balances with', () => {
    const moved = (isFaithful: boolean): boolean => {
      const { k, u } = made({ nodeCpus: [2, 2, 2], guests: [{ vcpus: 1 }] }, isFaithful);
      waits(k, u, 0, 1, 2, ms(5));
      u.loads.isLoad[0] = 1;
      u.loads.ofVcpu[0] = 0.3;
      u.loads.expected.set([1.5, 2.2, 1.6]);
      balance(k, u, 0);
      return u.queue[0] === 0;
    };
    // queues 0 and 1 differ by 0.7: enough where one has more than its two CPUs can do, not where 1.6 is the most
    expect([moved(true), moved(false)]).toEqual([false, true]);
  });
});

describe('balancing', () => {
  /** vCPUs of loads given in 10ths on two queues of CPUs enough; returns on which they are afterwards. */
  const balanced = (mine: number[], theirs: number[]): number[] => {
    const guests = [{ vcpus: mine.length + theirs.length }];
    const { k, u } = made({ nodeCpus: [2, 2], guests });
    [...mine, ...theirs].forEach((tenths, vcpu) => {
      waits(k, u, vcpu, vcpu < mine.length ? 0 : 1, vcpu < mine.length ? 0 : 2, ms(5));
      u.loads.ofVcpu[vcpu] = tenths / 10;
    });
    u.loads.expected.set([mine, theirs].map((list) => list.reduce((sum, tenths) => sum + tenths / 10, 0)));
    balance(k, u, 0);
    return [...u.queue];
  };

  test.each([
    ['pushes', [6, 9, 2], [], [0, 1, 0]], // 1.7 apart: pushing 0.6 leaves 0.5, pushing 0.9 leaves 0.1, 0.2 leaves 1.3
    ['pulls', [1], [6, 9], [0, 0, 1]], // 1.4 apart: pulling 0.6 leaves 0.2, pulling 0.9 leaves 0.4
    ['swaps', [9, 9], [3, 2], [1, 0, 0, 1]], // 1.3 apart: swapping 0.9 and 0.3 leaves 0.1, with 0.2 it turns to 0.1 too late
    ['leaves alone what is less than one vCPU apart', [9], [0], [0, 1]],
  ])('%s', (_, mine, theirs, wanted) => {
    expect(balanced(mine, theirs)).toEqual(wanted);
  });
});
