import { describe, expect, test } from 'vitest';
import { balanceNodes, type Candidate, type Domain, dutyCycles } from '../../../policies/cpu/rusty-balance.ts';
import { policyNamed } from '../../../policies/index.ts';
import { defaultOptions, type OptionValues } from '../../../sim/options.ts';
import { ms, NONE, type NodeId, seconds, type VcpuId } from '../../../sim/units.ts';
import { type Fake, fakeKernel, type FakeSpec } from '../fake-kernel.ts';

/** [node][i] loads of vCPUs; vCPUs are numbered over all nodes. Returns the moves as 'load > node'. */
function moves(loads: number[][], allows: (load: number, node: number) => boolean = () => true): string[] {
  const domains = loads.map((list, node): Domain => ({ node: node as NodeId, load: list.reduce((sum, load) => sum + load, 0) }));
  const flat = loads.flatMap((list, node) => list.map((load) => ({ load, node: node as NodeId })));
  const candidates = flat.map((one, vcpu): Candidate => ({ ...one, vcpu: vcpu as VcpuId, allows: (node) => allows(one.load, node) }));
  const made: string[] = [];
  balanceNodes(domains, candidates, (vcpu, to) => made.push(`${flat[vcpu]!.load} > ${to}`));
  return made;
}

describe('the load balancer', () => {
  test('gives from the busiest node to each of the idlest the vCPU nearest to half the smaller imbalance', () => {
    // mean 60. Node 0 is 60 over, node 1 is 30 under: half of 30 is 15; 25 leaves 35 + 5, 5 leaves 55 + 25. Then node 0 is 35 over and
    // node 2 30 under: 30 leaves 5 + 0
    expect(moves([[60, 30, 25, 5], [30], [30]])).toEqual(['25 > 1', '30 > 2']);
  });

  test('acts on 17 % and not below', () => {
    expect(moves([[99, 17], [84]])).toEqual([]); // 16 % of 100
    expect(moves([[100, 18], [82]])).toEqual(['18 > 1']); // 18 %
  });

  test('stops when a node has given half of what it is over', () => {
    // mean 60, node 0 is 90 over, half is 45; the others are 30 under, half is 15. 30 leaves 60 + 0 and is the lightest; then node 0 is
    // 60 over and 40 leaves 20 + 10; 70 is enough
    expect(moves([[40, 40, 40, 30], [30], [30], [30]])).toEqual(['30 > 1', '40 > 2']);
  });

  test('moves nothing that would leave the two less even, or may not go there', () => {
    expect(moves([[130], [70]])).toEqual([]); // 130 over to node 1 leaves 100 + 100
    expect(moves([[100, 18], [82]], (load) => load !== 18)).toEqual([]);
  });
});

test('a duty cycle forgets half in a half-life', () => {
  const duty = dutyCycles(2, seconds(1));
  duty.set(1 as VcpuId, 0, true);
  expect([duty.get(1 as VcpuId, seconds(1)), duty.get(1 as VcpuId, seconds(2))]).toEqual([0.5, 0.75]);
  duty.set(1 as VcpuId, seconds(2), false);
  expect([duty.get(1 as VcpuId, seconds(3)), duty.get(0 as VcpuId, seconds(3))]).toEqual([0.375, 0]);
});

function started(guests: FakeSpec['guests'], set: OptionValues = {}): Fake {
  const k = fakeKernel({ nodeCpus: [2, 1], guests });
  const entry = policyNamed('scx-rusty')!;
  k.start(entry.make({ ...defaultOptions(entry.options), ...set }).cpu);
  return k;
}

describe('a domain', () => {
  test('is given in turn, and keeps its vCPUs though another has an idle CPU', () => {
    const k = started([{ vcpus: 5 }]);
    k.wake(0, 1, 2, 3, 4); // domains 0 1 0 1 0: CPUs 0, 2, 1; then 3 waits in domain 1 and 4 in domain 0
    expect([k.onCpus(), k.waitingOn(0), k.waitingOn(1)]).toEqual([[0, 2, 1], [4], [3]]);
    k.block(1);
    k.block(3);
    expect([k.onCpus(), k.waitingOn(0)]).toEqual([[0, 2, NONE], [4]]);
  });

  test('is stolen from across nodes if told to, by a CPU without work', () => {
    const k = started([{ vcpus: 5 }], { 'greedy-threshold-x-numa': 1 });
    k.wake(0, 1, 2, 4, 3); // domains 0 1 0, then 4 in domain 1 and 3 in domain 0
    k.block(1); // its own first
    expect(k.onCpus()).toEqual([0, 2, 4]);
    k.block(4);
    expect(k.onCpus()).toEqual([0, 2, 3]);
  });

  test('is one that the vCPU may use', () => {
    const k = started([{ vcpus: 3 }]);
    k.hold(0, [0]);
    k.wake(0, 1, 2);
    expect([k.onCpus(), k.waitingOn(0)]).toEqual([[0, 1, NONE], [2]]);
  });

  test('has vCPUs held to one CPU wait in its queue too when their slice ends, so that they starve nobody', () => {
    const k = started([{ vcpus: 2 }, { vcpus: 2 }, { vcpus: 1 }]);
    k.holdOn(0, [0]);
    k.holdOn(1, [1]);
    k.hold(2, [0]);
    k.wake(0, 1, 2, 3, 4);
    expect([k.onCpus(), k.waitingOn(0)]).toEqual([
      [0, 2, NONE],
      [1, 3, 4],
    ]);
    k.pass(ms(21)); // a slice of 20 ms: whoever ran has the later deadline
    expect([k.onCpus(), k.waitingOn(0)]).toEqual([
      [1, 3, NONE],
      [4, 0, 2],
    ]);
    k.pass(ms(20));
    expect([k.onCpus(), k.waitingOn(0)]).toEqual([
      [4, 2, NONE],
      [0, 1, 3],
    ]);
  });

  test('has idle CPUs of others woken when one must wait, which steal if they may', () => {
    const k = started([{ vcpus: 4 }], { 'greedy-threshold-x-numa': 1 });
    k.wake(0, 1, 2); // domains 0 1 0
    k.wake(3); // domain 1: waits
    k.block(1);
    expect([k.onCpus(), k.waitingOn(1)]).toEqual([[0, 2, 3], []]);
    k.block(0); // CPU 0 has no work, nobody waits
    k.wake(1); // its domain's only CPU is busy
    expect([k.onCpus(), k.waitingOn(1)]).toEqual([[1, 2, 3], []]); // woken to steal
  });
});
