import { describe, expect, test } from 'vitest';
import { credit, type CreditOptions } from '../../../../policies/cpu/xen/credit.ts';
import type { NodeRule } from '../../../../policies/cpu/xen/held-nodes.ts';
import { ms, NONE, type NodeId, type VcpuId } from '../../../../sim/units.ts';
import { type Fake, type FakeSpec, fakeKernel } from '../../fake-kernel.ts';

const OPTIONS: CreditOptions = { tsliceNs: ms(30), ratelimitNs: ms(1), migrationDelayNs: 0, stealGapNs: 0, isFaithful: true };

/** Credit with a rule that sends vCPUs to nodes at 100 ms, and never again. */
function started(spec: FakeSpec, sent: readonly (readonly [vcpu: number, node: number])[]): Fake {
  let isSent = false;
  const rule: NodeRule = {
    periodNs: ms(100),
    step(k, held) {
      if (!isSent) for (const [vcpu, node] of sent) held.send(k, vcpu as VcpuId, node as NodeId);
      isSent = true;
    },
  };
  const k = fakeKernel(spec);
  k.start(credit(OPTIONS, rule));
  return k;
}

const one = { vcpus: 1 };

describe('a vCPU that is sent to a node', () => {
  test('leaves its CPU when it runs, for the first of the node with the fewest', () => {
    const after = (busy: number): number[] => {
      const k = started({ nodeCpus: [1, 3], guests: [one, one] }, [[0, 1]]); // prettier-ignore
      k.holdOn(0, [0]);
      k.wake(0);
      k.holdOn(1, [busy]);
      k.wake(1);
      k.pass(ms(99));
      k.holdOn(0, null);
      k.pass(ms(1));
      return k.onCpus();
    };
    expect(after(1)).toEqual([NONE, 1, 0, NONE]);
    expect(after(2)).toEqual([NONE, 0, 1, NONE]);
  });

  test('goes to another queue when it waits', () => {
    const k = started({ nodeCpus: [1, 1], guests: [one, one, one, one] }, [[2, 1], [3, 1], [0, 0], [1, 1]]); // prettier-ignore
    k.wake(0, 1, 2, 3);
    k.pass(ms(100));
    const onNode1 = [k.onCpus()[1]!, ...k.waitingOn(1)].sort();
    expect(onNode1).toEqual([1, 2, 3]);
    expect([k.onCpus()[0], k.waitingOn(0)]).toEqual([0, []]);
  });

  test('wakes there when it sleeps', () => {
    const k = started({ nodeCpus: [2, 1], guests: [one, one] }, [[0, 1]]); // prettier-ignore
    k.wake(0, 1);
    k.block(0);
    k.pass(ms(100));
    k.wake(0);
    expect(k.onCpus()[2]).toBe(0);
  });

  test('is stolen by an idle CPU of another node, and comes home when one is idle there', () => {
    const k = started({ nodeCpus: [1, 1], guests: [one, one] }, [[0, 0], [1, 0]]); // prettier-ignore
    k.wake(0, 1);
    k.pass(ms(150));
    const [home, away] = k.onCpus();
    expect([home, away].sort()).toEqual([0, 1]); // both are held on node 0
    k.block(home!);
    k.pass(ms(10)); // a tick
    expect(k.onCpus()).toEqual([away, NONE]);
  });

  test('stays on it though another socket is idler, where a free one leaves', () => {
    const where = (sent: readonly (readonly [number, number])[]): number => {
      const k = started({ nodeCpus: [2, 6], guests: [one, one] }, sent);
      k.holdOn(1, [1]);
      k.wake(1);
      k.holdOn(0, [0]);
      k.wake(0);
      k.pass(ms(95));
      k.holdOn(0, null);
      k.pass(ms(55));
      return k.onCpus().indexOf(0);
    };
    expect(where([[0, 0]])).toBe(0); // prettier-ignore
    expect(where([])).toBeGreaterThanOrEqual(2);
  });

  test('is free when its mask has lost the node', () => {
    const k = started({ nodeCpus: [1, 1], guests: [one, one] }, [[0, 1]]); // prettier-ignore
    k.wake(0);
    k.pass(ms(101));
    expect(k.onCpus()).toEqual([NONE, 0]);
    k.block(0);
    k.holdOn(1, [0]);
    k.holdOn(0, [0]);
    k.wake(1, 0);
    expect(k.waitingOn(0)).toEqual([0]); // where it may run, though that is busy
  });

  test('tells an idle CPU there that it waits, before one of another node that is next by number', () => {
    const k = started({ nodeCpus: [1, 1, 2], guests: [one, one] }, [[0, 2]]); // prettier-ignore
    k.holdOn(0, [2]);
    k.wake(0);
    k.pass(ms(101));
    k.block(0);
    k.holdOn(0, null);
    k.holdOn(1, [2]);
    k.wake(1, 0); // vCPU 0 belongs to CPU 2 as well; CPU 1 is the next after 0, which is told last at first
    expect(k.onCpus()).toEqual([NONE, NONE, 1, 0]);
  });
});
