import { describe, expect, test, vi } from 'vitest';
import { NumaBalancing } from '../../../../policies/memory/linux/numa-balancing.ts';
import { NumaGroup } from '../../../../policies/memory/linux/numa-faults.ts';
import { SCAN_DEFAULTS } from '../../../../policies/memory/linux/scan.ts';
import type { CpuPolicy, HintFault } from '../../../../sim/policy-api.ts';
import { type CpuId, type GuestId, ms, NONE, type NodeId, seconds, type VcpuId } from '../../../../sim/units.ts';
import { type Fake, fakeKernel } from '../../fake-kernel.ts';

const G0 = 0 as GuestId;
const PAGES = 512; // of a block of 2 MiB

interface Host {
  readonly k: Fake;
  readonly balancing: NumaBalancing;
  /** vCPUs asked to be placed, with the time in ms. */
  readonly asked: string[];
  /** A vCPU faults on a block, from the CPU where it is. */
  fault(vcpu: number, block: number): void;
  /** A new sequence begins. */
  wrap(): void;
  task(vcpu: number): NonNullable<NumaBalancing['tasks'][number]>;
}

/** Three nodes of two CPUs, a guest of 1 GiB on node 0, and vCPU i of three runs on CPU 2 i: one on each node. */
function host(): Host {
  const cpuOf = [0, 2, 4];
  const k = fakeKernel({ nodeCpus: [2, 2, 2], guests: [{ vcpus: 3, memoryGiB: 1 }], blockGiB: 2 / 1024 });
  k.memory.nodes[0]!.fill(0 as NodeId);
  const cpu: CpuPolicy = {
    name: 'one each',
    selectCpu: (_, vcpu) => cpuOf[vcpu] as CpuId,
    enqueue: (_, vcpu) => k.dsqInsert(vcpu, -1 as never, Infinity, 0),
  };
  k.start(cpu);
  const balancing = new NumaBalancing(k, SCAN_DEFAULTS);
  balancing.arrive(k, G0);
  const asked: string[] = [];
  balancing.placer = { migrate: (_, { vcpu }) => asked.push(`${vcpu}@${k.nowNs / ms(1)}`), prefers: () => {} };
  k.wake(0, 1, 2);
  for (const vcpu of [0, 1, 2]) balancing.runs(k, vcpu as VcpuId, cpuOf[vcpu] as CpuId);
  k.pass(ms(1));
  return {
    k,
    balancing,
    asked,
    fault(vcpu, block) {
      const at = k.taskCpu(vcpu as VcpuId);
      const fault: HintFault = {
        guest: G0,
        vcpu: vcpu as VcpuId,
        block,
        node: k.blockNode(G0, block),
        cpu: at,
        cpuNode: k.cpuNode(at),
        isWrite: true,
        markedNs: 0,
      };
      balancing.fault(k, fault);
    },
    wrap: () => void balancing.scan.sequence[0]!++,
    task: (vcpu) => balancing.tasks[vcpu]!,
  };
}

describe('memory', () => {
  test('follows the first vCPU that faults on it, but not one that comes by from elsewhere once', () => {
    const { k, fault } = host();
    fault(1, 40);
    fault(2, 40); // the last was vCPU 1 on node 1
    expect(k.memory.orders).toEqual(['0.40:0>1']);
    fault(2, 40); // now it was itself
    expect(k.memory.orders).toEqual(['0.40:0>1', '0.40:1>2']);
  });

  test('that is local stays', () => {
    const { k, fault, task } = host();
    fault(0, 7);
    fault(0, 8);
    expect([k.memory.orders, task(0).local, task(0).remote]).toEqual([[], 2 * PAGES, 0]);
  });

  test('counts where it has gone, the fault as remote', () => {
    const { fault, task, wrap, k } = host();
    fault(1, 40);
    fault(1, 41);
    fault(1, 41); // local now
    expect([task(1).local, task(1).remote]).toEqual([PAGES, 2 * PAGES]);
    wrap();
    k.pass(ms(70));
    fault(1, 41);
    expect([0, 1].map((node) => task(1).faults.memory(node as NodeId))).toEqual([0, 3 * PAGES]);
  });
});

describe('groups', () => {
  test('are joined by who touches what another touched that still runs there, if that has one', () => {
    const { fault, task } = host();
    fault(1, 3);
    expect(task(1).group).toBeNull();
    fault(0, 3); // gets a group of its own, as vCPU 1 has none
    expect([task(0).group?.members, task(1).group]).toEqual([1, null]);
    fault(1, 3); // its own is younger
    expect([task(1).group, task(1).group?.members]).toEqual([task(0).group, 2]);
    fault(2, 3);
    expect([task(2).group, task(2).group?.members]).toEqual([task(0).group, 3]);
  });

  test('are not joined by way of one that sleeps', () => {
    const { k, fault, task } = host();
    fault(1, 3);
    fault(0, 3);
    k.block(0);
    fault(1, 3);
    expect([task(0).group?.members, task(1).group?.members]).toEqual([1, 1]);
  });

  test('take the faults of who joins', () => {
    const { fault, task, wrap, k } = host();
    for (const block of [10, 11, 12]) fault(1, block);
    fault(0, 3);
    wrap();
    k.pass(ms(70)); // retries are a sixteenth of a period of 1000 ms apart
    fault(1, 10);
    fault(0, 3); // counted in: 3 blocks of vCPU 1, on node 1, and 1 of vCPU 0
    fault(1, 3); // vCPU 1 gets a group
    fault(0, 10); // and vCPU 0 another, with which it joins that of vCPU 1
    expect(task(0).group).toBe(task(1).group);
    const { faults } = task(0).group!;
    expect([faults.memory(0 as NodeId), faults.memory(1 as NodeId), faults.total]).toEqual([PAGES, 3 * PAGES, 4 * PAGES]);
  });

  test('are left by who joins a larger one, with its faults', () => {
    const { fault, task, wrap, k } = host();
    fault(0, 20);
    fault(0, 21);
    wrap();
    k.pass(ms(70));
    fault(0, 21);
    const [left, joined] = [new NumaGroup(1, 3), new NumaGroup(2, 3)];
    left.faults.merge(task(0).faults, 1);
    joined.members = 2;
    fault(1, 22);
    task(0).group = left;
    task(1).group = joined;
    fault(0, 22);
    expect(task(0).group).toBe(joined);
    expect([left.members, left.faults.total, joined.members, joined.faults.total]).toEqual([0, 0, 3, 2 * PAGES]);
  });

  test('make periods longer by members and by the share of faults that is shared', () => {
    const { fault, task, balancing } = host();
    fault(1, 3);
    expect(balancing.stretchMs(1 as VcpuId, 700)).toBe(700);
    const group = new NumaGroup(1, 3);
    group.members = 3;
    group.faults.note(0 as NodeId, 0 as NodeId, false, 39);
    group.faults.note(0 as NodeId, 0 as NodeId, true, 160);
    group.faults.decay(1, 0, null);
    task(1).group = group;
    // 700 * 3 * (39 + 1) / (199 + 1)
    expect(balancing.stretchMs(1 as VcpuId, 700)).toBe(420);
  });

  test('count faults between the nodes they run on as local, if shared', () => {
    const { k, fault, task } = host();
    fault(1, 3);
    fault(0, 3);
    fault(1, 3);
    const { group } = task(1);
    group!.faults.note(0 as NodeId, 1 as NodeId, false, 100);
    group!.faults.note(0 as NodeId, 0 as NodeId, false, 90);
    group!.faults.decay(1, 190, null);
    group!.countActiveNodes(k);
    const { local, remote } = task(1);
    fault(0, 200); // by another on node 0, where it lies; from there no group's faults by CPU say that it should go
    fault(1, 200);
    expect([task(1).local - local, task(1).remote - remote]).toEqual([PAGES, 0]);
    fault(2, 201); // node 2 has none of the group
    fault(1, 202); // private
    expect([task(1).local - local, task(1).remote - remote]).toEqual([PAGES, PAGES]);
  });
});

describe('when a sequence is over', () => {
  test('the node with most faults is preferred, and the scan period follows', () => {
    const { k, fault, task, wrap, balancing } = host();
    fault(1, 5);
    fault(1, 5);
    wrap();
    k.pass(ms(200));
    expect(task(1).preferred).toBe(NONE);
    fault(1, 6);
    // all private: a slot of 100 for each of 10 - 7
    expect([task(1).preferred, balancing.scan.periodMs[1], task(1).sequence]).toEqual([1, 1300, 1]);
    fault(1, 6);
    expect(balancing.scan.periodMs[1]).toBe(1300); // once a sequence
    expect([task(1).local, task(1).remote]).toEqual([PAGES, PAGES]); // anew, from the fault on that ended it; that was remote
  });

  test('a vCPU away from the node it prefers is placed again and again', () => {
    const { k, fault, task, asked, wrap } = host();
    fault(1, 5);
    wrap();
    k.pass(ms(99));
    fault(1, 5);
    expect([task(1).preferred, asked]).toEqual([1, []]); // it is there
    task(1).preferred = 2 as NodeId;
    k.pass(ms(1));
    for (let i = 0; i < 500; i++) {
      k.pass(ms(1));
      fault(1, 5);
    }
    // Its fault was remote and private, so the period is 2000, of which a sixteenth, 125 ms, must have passed, from 100 on
    expect(asked).toEqual(['1@226', '1@352', '1@478']);
  });

  test('no more than once a second with a long period', () => {
    const { k, fault, task, asked, balancing } = host();
    fault(1, 5);
    task(1).preferred = 2 as NodeId;
    balancing.scan.periodMs[1] = 40_000;
    for (let i = 0; i < 30; i++) {
      k.pass(ms(100));
      fault(1, 5);
    }
    expect(asked).toEqual(['1@101', '1@1201', '1@2301']); // 1000 ms must have passed, so 1100 of steps of 100
  });

  test('failed moves double the period, up to the longest, and put off the next scan; for good, as in the kernel', () => {
    const { k, fault, wrap, balancing, task } = host();
    k.memory.full.add(1);
    const postpone = vi.spyOn(balancing.scan, 'postpone');
    fault(1, 5);
    expect([task(1).failed, k.memory.orders]).toEqual([PAGES, []]);
    const periods: number[] = [];
    for (let i = 0; i < 5; i++) {
      wrap();
      k.pass(seconds(2));
      fault(1, 6 + i);
      periods.push(balancing.scan.periodMs[1]!);
    }
    expect(periods).toEqual([2000, 4000, 8000, 15_000, 15_000]); // 60000 / 4 windows
    expect(postpone).toHaveBeenCalledTimes(5);
  });

  test('what is neither near nor private is scanned more often, but no more than may be', () => {
    const { k, fault, wrap, balancing } = host();
    fault(2, 9); // to node 2
    fault(1, 9); // shared, and not moved as the last came from elsewhere
    wrap();
    k.pass(ms(200));
    balancing.scan.periodMs[1] = 300;
    fault(1, 9);
    expect(balancing.scan.periodMs[1]).toBe(250); // 300 - 7 * 30 = 90, but 1000 ms / 4 windows
  });

  test('having seen no fault that was near or shared doubles it as well', () => {
    const { k, fault, wrap, balancing, task } = host();
    fault(1, 5); // moved, but remote when it came
    wrap();
    k.pass(ms(200));
    fault(1, 5);
    expect([balancing.scan.periodMs[1], task(1).remote]).toEqual([2000, PAGES]);
  });
});

describe('a vCPU that changes its node', () => {
  // The shortest period is 250 ms
  const moved = (preferred: number, sequence: number, from: number, to: number): number => {
    const { k, fault, task, balancing } = host();
    fault(1, 5);
    balancing.runs(k, 1 as VcpuId, (2 * from) as CpuId);
    Object.assign(task(1), { preferred, sequence });
    balancing.scan.periodMs[1] = 777;
    balancing.runs(k, 1 as VcpuId, (2 * to) as CpuId);
    return balancing.scan.periodMs[1]!;
  };

  test.each([
    ['to the preferred one goes on', 2, 1, 1, 2, 777],
    ['from the preferred one begins anew', 1, 1, 1, 2, 250],
    ['between others goes on', 0, 1, 1, 2, 777],
    ['that prefers none begins anew', NONE, 1, 1, 2, 250],
    ['before the first sequence is over begins anew', 2, 0, 1, 2, 250],
    ['within its node goes on', 1, 1, 1, 1, 777],
  ] as const)('%s', (_, preferred, sequence, from, to, period) => {
    expect(moved(preferred, sequence, from, to)).toBe(period);
  });
});

test('nothing is left of a guest that departs', () => {
  const { k, fault, balancing } = host();
  fault(1, 5);
  fault(0, 5);
  balancing.depart(k, G0);
  expect(balancing.tasks).toEqual([undefined, undefined, undefined]);
  k.memory.orders.length = 0;
  k.memory.nodes[0]!.fill(0 as NodeId);
  fault(2, 5); // as if never touched
  expect(k.memory.orders).toEqual(['0.5:0>2']);
});
