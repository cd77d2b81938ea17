import { describe, expect, test } from 'vitest';
import { brm, type BrmOptions, wanderersOf } from '../../../../policies/cpu/xen/brm.ts';
import { credit } from '../../../../policies/cpu/xen/credit.ts';
import { ms, NONE, type NodeId, type VcpuId } from '../../../../sim/units.ts';
import { type Fake, fakeKernel } from '../../fake-kernel.ts';

const OPTIONS: BrmOptions = {
  periodNs: ms(30),
  gain: 0.25,
  step: 0.125,
  margin: 0.1,
  temperature: 0.5,
  firstBias: 0.5,
  mostBias: 0.75,
};
const VCPU = 0 as VcpuId;

/** A vCPU on three nodes, whose counters say what the test wants. */
function wanderer(draws: readonly number[], options: Partial<BrmOptions> = {}) {
  const k = fakeKernel({ nodeCpus: [1, 2, 1], guests: [{ vcpus: 1 }], draws });
  const w = wanderersOf(k, { ...OPTIONS, ...options });
  let stalledNs = 0;
  k.pmuStallNs = () => stalledNs;
  return {
    k,
    w,
    /** It ran 1000 instructions on a node, each with so many ns of penalty. */
    ran(penaltyNs: number, node: number): boolean {
      k.memory.counters[0]!.instructions += 1000;
      stalledNs += 1000 * penaltyNs;
      return w.read(k, VCPU, node as NodeId);
    },
    choose: (here: number): number => w.choose(k, VCPU, here as NodeId),
  };
}

describe('the bias of brm to stay', () => {
  test('grows where the penalty is the least, up to the most, once all nodes are known', () => {
    const { w, ran } = wanderer([]);
    ran(2, 1);
    ran(2, 1);
    ran(9, 0);
    expect(w.bias[1]).toBe(0.5);
    ran(9, 2);
    ran(2, 1);
    expect(w.bias[1]).toBe(0.625);
    ran(2.1999, 1); // within the margin
    ran(2, 1);
    expect(w.bias[1]).toBe(0.75);
  });

  test('shrinks where it is more than the least, for the node it is on alone', () => {
    const { w, ran } = wanderer([]);
    ran(2, 1);
    ran(2.21, 0);
    expect([...w.bias]).toEqual([0.375, 0.5, 0.5]);
    ran(2.19, 0);
    expect([...w.bias]).toEqual([0.375, 0.5, 0.5]); // not more, but node 2 is not known
    for (let i = 0; i < 9; i++) ran(9, 0);
    expect(w.bias[0]).toBe(0);
  });

  test('goes by averages', () => {
    const { w, ran } = wanderer([]);
    ran(2, 1);
    ran(4, 1); // average 2 + (4 - 2) / 4 = 2.5
    expect(w.bias[1]).toBe(0.375);
    ran(2.76, 1); // average 2.565, and 10 % more is 2.82
    expect(w.bias[1]).toBe(0.375);
  });

  test('does not change while it sleeps', () => {
    const { k, w, ran } = wanderer([]);
    ran(2, 1);
    ran(4, 1);
    expect(w.read(k, VCPU, 1 as NodeId)).toBe(false);
    expect(w.bias[1]).toBe(0.375);
  });
});

describe('brm draws a node', () => {
  test('with the probability 1 - bias', () => {
    const { ran, choose } = wanderer([0.25, 0.2499, 0.9]);
    for (const node of [1, 0, 2, 1, 1]) ran(node === 1 ? 2 : 9, node); // the bias for 1 is 0.75 by now
    expect(choose(1)).toBe(NONE);
    expect(choose(1)).toBe(1); // 0.2499 lets it draw, and the others have a thousandth each
  });

  test('by softmax of minus the penalty, where it was never as the least', () => {
    // averages: node 1 has 1.5, node 0 the least with 1. At a temperature of 1/2 relative to that the shares are 1 for 0, e^-1 = 0.368 for
    // 1 and 1 for 2: 0.422, 0.155, 0.422 of all
    const drawn = (draw: number): number => {
      const { ran, choose } = wanderer([0, draw]);
      ran(1.5, 1);
      ran(1, 0);
      return choose(0);
    };
    expect([0, 0.42, 0.425, 0.575, 0.58, 0.999].map(drawn)).toEqual([0, 0, 1, 1, 2, 2]);
  });

  test('only of those it may use', () => {
    const { k, w, ran, choose } = wanderer([0, 0, 0, 0.999]);
    k.holdOn(0, [1, 2]);
    ran(2, 1);
    expect(w.bias[1]).toBe(0.625); // it knows all of these
    expect([choose(1), choose(1)]).toEqual([1, 1]);
  });

  test('not at all for one that never waits for memory', () => {
    const { ran, choose } = wanderer([0]);
    ran(0, 1);
    expect(choose(1)).toBe(NONE);
  });

  test('every 30 ms, and goes there', () => {
    const k: Fake = fakeKernel({ nodeCpus: [1, 1, 1], guests: [{ vcpus: 1, stallShare: 0.5 }], draws: [0.1, 0.5] });
    k.start(credit({ tsliceNs: ms(30), ratelimitNs: ms(1), migrationDelayNs: 0, stealGapNs: 0, isFaithful: true }, brm(OPTIONS)));
    k.wake(0);
    k.memory.counters[0]!.instructions = 1000;
    k.pass(ms(29));
    expect(k.onCpus()).toEqual([0, NONE, NONE]);
    k.pass(ms(1));
    expect(k.onCpus()).toEqual([NONE, 0, NONE]); // 0.1 < 1 - 0.5; 0.5 is the middle of three equal shares
  });
});
