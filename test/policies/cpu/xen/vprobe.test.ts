import { describe, expect, test } from 'vitest';
import { credit, type CreditOptions } from '../../../../policies/cpu/xen/credit.ts';
import { dealOut, vprobe, type VProbeOptions } from '../../../../policies/cpu/xen/vprobe.ts';
import { ms, NONE, seconds, type VcpuId } from '../../../../sim/units.ts';
import { type Fake, type FakeSpec, fakeKernel } from '../../fake-kernel.ts';

const CREDIT: CreditOptions = { tsliceNs: ms(30), ratelimitNs: ms(1), migrationDelayNs: 0, stealGapNs: 0, isFaithful: true };
const OPTIONS: VProbeOptions = { periodNs: seconds(1), intensive: 3, thrashing: 20 };

function started(spec: FakeSpec): Fake {
  const k = fakeKernel(spec);
  k.start(credit(CREDIT, vprobe(OPTIONS)));
  return k;
}

describe('memory-intensive vCPUs are dealt out', () => {
  const lopsided = fakeKernel({ nodeCpus: [3, 1, 2], guests: [{ vcpus: 6 }] });
  const dealt = (local: readonly number[], k = lopsided): (number | undefined)[] => {
    const order = local.map((_, vcpu) => vcpu as VcpuId);
    const nodes = dealOut(k, order, local);
    return order.map((vcpu) => nodes.get(vcpu));
  };

  test('by CPUs, though all are local to one node', () => {
    // node 0 chooses first, as most are local to it; then 1 and 2, which have none yet; then by use 0 (1/3), 2 (1/2), 0 (2/3)
    expect(dealt([0, 0, 0, 0, 0, 0])).toEqual([0, 1, 2, 0, 2, 0]);
  });

  test('to their local nodes where that is even', () => {
    expect(dealt([2, 0, 1, 0, 2, 0])).toEqual([2, 0, 1, 0, 2, 0]);
    expect(dealt([1])).toEqual([1]);
  });

  test('so that only those too many leave, and first those of the node with the most', () => {
    // four local to 1, one each to 0 and 2. In turn: 1 takes vCPU 0, then 0 takes 4 and 2 takes 5, who are at home; 0 (1/3) and 2 (1/2) have no
    // more of their own and take 1, 2; then 0 (2/3) takes 3
    expect(dealt([1, 1, 1, 1, 0, 2])).toEqual([1, 0, 2, 0, 0, 2]);
  });

  test('only to nodes they may use', () => {
    const k = fakeKernel({ nodeCpus: [3, 1, 2], guests: [{ vcpus: 1 }, { vcpus: 2 }] });
    k.holdOn(1, [3]); // node 1
    expect(dealt([0, 0, 0], k)).toEqual([0, 1, 1]);
  });
});

describe('vprobe', () => {
  const counted = (k: Fake, vcpu: number, accesses: number, node: number): void => {
    const counters = k.memory.counters[vcpu]!;
    counters.instructions += 1e6;
    counters.accesses += accesses;
    counters.lines[node]! += accesses;
  };
  const nodeOf = (k: Fake, vcpu: number): number => k.cpuNode(k.onCpus().indexOf(vcpu as VcpuId) as never);

  test('deals out those from the threshold on every second and leaves the others where they are', () => {
    const k = started({ nodeCpus: [3, 3], nodeSocket: [0, 0], guests: [{ vcpus: 3 }] });
    k.wake(0, 1, 2);
    k.pass(ms(999));
    expect(k.onCpus()).toEqual([0, 1, 2, NONE, NONE, NONE]);
    counted(k, 0, 2_999, 0); // 2.999 per 1000
    counted(k, 1, 3_000, 0);
    counted(k, 2, 5_000, 0);
    k.pass(ms(1));
    expect([nodeOf(k, 0), nodeOf(k, 1), nodeOf(k, 2)]).toEqual([0, 0, 1]);
    expect(k.onCpus().slice(0, 2)).toEqual([0, 1]);
  });

  test('lets those that thrash choose before the others', () => {
    const k = started({ nodeCpus: [3, 3], nodeSocket: [0, 0], guests: [{ vcpus: 2 }] });
    k.wake(0, 1);
    k.pass(ms(999));
    counted(k, 0, 19_999, 0);
    counted(k, 1, 20_000, 0);
    k.pass(ms(1));
    expect([nodeOf(k, 0), nodeOf(k, 1)]).toEqual([1, 0]); // both are local to 0; the other way round without
  });

  test('goes by the lines of the last period', () => {
    const k = started({ nodeCpus: [3, 3], nodeSocket: [0, 0], guests: [{ vcpus: 1 }] });
    k.wake(0);
    counted(k, 0, 90_000, 0);
    k.pass(ms(1000));
    expect(nodeOf(k, 0)).toBe(0);
    counted(k, 0, 5_000, 1);
    k.pass(ms(1000));
    expect(nodeOf(k, 0)).toBe(1);
  });

  test('steals from the own node first, though a CPU of another is next by number', () => {
    const k = started({ nodeCpus: [2, 2], nodeSocket: [0, 0], guests: [{ vcpus: 4 }, { vcpus: 4 }] });
    k.wake(0, 1, 2, 3, 4, 5, 6, 7);
    expect([0, 1, 2, 3].map((cpu) => k.waitingOn(cpu).length)).toEqual([1, 1, 1, 1]);
    const waiting = k.waitingOn(2)[0]!;
    k.block(k.onCpus()[3]!); // its own that waits comes next, then nobody
    k.block(k.onCpus()[3]!);
    expect(k.onCpus()[3]).toBe(waiting); // CPU 0 is next after 3
    k.block(waiting);
    expect([0, 1].flatMap((cpu) => k.waitingOn(cpu)).length).toBe(1); // and only then from another
  });
});
