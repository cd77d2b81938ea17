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
  test('grows while the penalty has not risen, up to the most, for the node it is on alone', () => {
    const { w, ran } = wanderer([]);
    ran(2, 1);
    expect(w.bias[1]).toBe(0.5); // the first reading tells nothing
    ran(2, 1);
    expect(w.bias[1]).toBe(0.625);
    ran(2.1999, 1); // within the margin
    expect(w.bias[1]).toBe(0.75);
    ran(1, 1);
    expect([...w.bias]).toEqual([0.5, 0.75, 0.5]);
  });

  test('shrinks when it has risen above what is usual, wherever that was', () => {
    const { w, ran } = wanderer([]);
    ran(2, 1);
    ran(2.3, 0);
    expect([...w.bias]).toEqual([0.375, 0.5, 0.5]);
    for (let i = 0; i < 9; i++) ran(1000 * 4 ** i, 0);
    expect(w.bias[0]).toBe(0);
  });

  test('does not change while it sleeps', () => {
    const { k, w, ran } = wanderer([]);
    ran(2, 1);
    expect(w.read(k, VCPU, 1 as NodeId)).toBe(false);
    expect(w.bias[1]).toBe(0.5);
  });

  test('starts anew for one that departs', () => {
    const { w, ran } = wanderer([]);
    ran(2, 1);
    ran(2, 1);
    w.forget(VCPU);
    expect([[...w.bias], [...w.penalty]]).toEqual([[0.5, 0.5, 0.5], [0, 0, 0]]); // prettier-ignore
  });
});

describe('brm draws a node', () => {
  test('with the probability 1 - bias', () => {
    const { ran, choose } = wanderer([0.25, 0.2499, 0.9]);
    for (let i = 0; i < 3; i++) ran(2, 1); // the bias is 0.75 by now
    expect(choose(1)).toBe(NONE);
    expect(choose(1)).toBe(2); // 0.2499 lets it draw, 0.9 is the last of three equal shares
  });

  test('by softmax of minus the penalty, where it was never as usual', () => {
    // averages: node 1 has 4, node 0 has 1; what is usual is 4 + (1 - 4) / 4 = 3.25. At a temperature of 1/2 relative to that the shares
    // are e^-(2 / 3.25) = 0.5404 for 0, e^-(8 / 3.25) = 0.0853 for 1, e^-2 = 0.1353 for 2: 0.710, 0.112, 0.178 of all
    const drawn = (draw: number): number => {
      const { ran, choose } = wanderer([0, draw]);
      ran(4, 1);
      ran(1, 0);
      return choose(0);
    };
    expect([0, 0.705, 0.715, 0.818, 0.826, 0.999].map(drawn)).toEqual([0, 0, 1, 1, 2, 2]);
  });

  test('only of those it may use', () => {
    const { k, ran, choose } = wanderer([0, 0, 0, 0.999]);
    k.holdOn(0, [1, 2]);
    ran(2, 1);
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
