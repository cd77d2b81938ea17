import { describe, expect, test } from 'vitest';
import { findParting, type Parting, type Side } from '../../../experiments/explain/parting.ts';
import { PolicyError } from '../../../sim/assert.ts';
import { run } from '../../../sim/engine.ts';
import type { PolicyEntry } from '../../../sim/policy-api.ts';
import type { Scenario } from '../../../sim/scenario.ts';
import { type CpuId, MiB, ms, type NodeId, us } from '../../../sim/units.ts';
import { Witness, type WitnessOrder } from '../../../sim/witness.ts';
import { asEntry, FREE_COSTS, guest, onNodes, pinnedCpus, scenario, workload } from '../../sim/scenario-fixture.ts';

/** Two guests of one vCPU each; b shares CPU 0 with a until its vCPU goes to CPU 4 at the given wake. */
interface Deviation {
  /** The wake, counted from 1, at which vCPU 1 is sent to CPU 4; 0 for never. */
  readonly wake: number;
  /** How long turns are; a longer one shows in times only where nobody waits. */
  readonly sliceNs?: number;
  readonly nodeOf?: (guest: number, block: number) => number;
  readonly memoryNodes?: readonly number[];
  readonly throwsAtWake?: number;
}

function policyOf({ wake, sliceNs = ms(20), nodeOf = () => 0, memoryNodes = [], throwsAtWake = 0 }: Deviation): PolicyEntry {
  return asEntry(() => {
    let wakes = 0;
    const cpus = pinnedCpus([0, 0], sliceNs);
    return {
      name: 'deviating',
      placement: { name: 'meant', place: () => ({ hardNodes: null, softNodes: null, memoryNodes: memoryNodes as NodeId[] }) },
      cpu: {
        ...cpus,
        selectCpu(_k, vcpu) {
          if (vcpu !== 1) return 0 as CpuId;
          wakes++;
          if (wakes === throwsAtWake) throw new PolicyError('enough');
          return (wakes === wake ? 4 : 0) as CpuId;
        },
      },
      memory: onNodes(nodeOf),
    };
  });
}

const works = workload('think');
const scenarioOf = (policy: PolicyEntry, durationNs = ms(60)): Scenario =>
  scenario({
    policy,
    guests: ['a', 'b'].map((name) => guest(works, { name, memoryBytes: MiB(1), set: { think: us(90), service: us(130) } })),
    durationNs,
    costs: FREE_COSTS,
    checks: 'cheap',
  });

/** As `explain` makes it; with few decisions kept a second run is needed. */
async function sideOf(
  policy: string,
  entry: PolicyEntry,
  keep = 100_000,
  durationNs?: number,
): Promise<Side & { readonly orders: WitnessOrder[] }> {
  const orders: WitnessOrder[] = [];
  const observe: Side['observe'] = (order) => {
    orders.push(order);
    const witness = new Witness(order);
    return Promise.resolve({ recording: run(scenarioOf(entry, durationNs), undefined, witness), witnessed: witness.told() });
  };
  const { witnessed } = await observe({ keepFrom: 0, keep, lookAt: null });
  return { policy, observe, witnessed: witnessed!, orders };
}

async function partingOf(a: Deviation, b: Deviation, keep?: number): Promise<Parting | null> {
  return findParting(await sideOf('a', policyOf(a), keep), await sideOf('b', policyOf(b), keep));
}

describe('two policies that decide alike until one wake', () => {
  test.each([1, 2, 17, 100])('part at wake %i of vCPU 1', async (wake) => {
    const a = await sideOf('a', policyOf({ wake: 0 }));
    const parting = await findParting(a, await sideOf('b', policyOf({ wake })));
    // by hand: the place of the n-th wake (kind 1) of vCPU 1 among all that A decided
    const { kept, keptNs } = a.witnessed;
    const wakes = Array.from(keptNs.keys()).filter((i) => kept[i * 3] === 1 && kept[i * 3 + 1] === 1);
    expect(parting!.decision).toBe(wakes[wake - 1]);
    expect(parting).toMatchObject({
      isSameQuestion: true,
      drift: null,
      next: null,
      a: { decided: { event: 'wake', guest: 'b', vcpu: 0, cpu: 0 }, timeNs: keptNs[wakes[wake - 1]!] },
      b: { decided: { event: 'wake', guest: 'b', vcpu: 0, cpu: 4 }, timeNs: keptNs[wakes[wake - 1]!] },
    });
    expect(parting!.a!.cpus.map(({ cpu, node }) => [cpu, node])).toEqual([[0, 0], [4, 2]]); // prettier-ignore
    expect({ ...parting!.b, decided: null }, 'both saw the same host').toEqual({ ...parting!.a, decided: null });
    if (wake > 1) expect(parting!.a!.vcpu).toMatchObject({ lastCpu: 0, lastNode: 0 });
  });

  test.each([3, 170, 900])('and at the same one where it is found by a second run (wake %i)', async (wake) => {
    const long = ms(400);
    const a = await sideOf('a', policyOf({ wake: 0 }), 5, long);
    const b = await sideOf('b', policyOf({ wake }), 5, long);
    expect(a.witnessed.stride).toBeGreaterThan(1);
    const kept = await findParting(
      await sideOf('a', policyOf({ wake: 0 }), 100_000, long),
      await sideOf('b', policyOf({ wake }), 100_000, long),
    );
    expect(await findParting(a, b)).toEqual(kept);
    const again = a.orders.slice(1).filter(({ lookAt }) => lookAt === null);
    expect(
      again.every(({ keep }) => keep <= a.witnessed.stride + 1),
      'no more is kept than stands between two checkpoints',
    ).toBe(true);
    expect(again.length).toBeGreaterThan(0);
  });
});

test('equal policies under two names: no decision differs', async () => {
  expect(await partingOf({ wake: 0 }, { wake: 0 })).toBeNull();
  expect(await partingOf({ wake: 9 }, { wake: 9 }, 5)).toBeNull();
});

test('memory that comes from elsewhere is the first decision that differs, and what a vCPU then fares comes after it', async () => {
  // Blocks 0 and 1 of a are alike; the third is on node 2. Then b is sent elsewhere at its second wake.
  const parting = await partingOf({ wake: 0 }, { wake: 2, nodeOf: (id, block) => (id === 0 && block === 2 ? 2 : 0) });
  expect(parting).toMatchObject({
    decision: 3, // after the placement of a and two of its blocks
    isSameQuestion: true,
    a: { decided: { event: 'back', guest: 'a', block: 2, node: 0 } },
    b: { decided: { event: 'back', guest: 'a', block: 2, node: 2 } },
    next: {
      question: 'wake of the vCPU',
      nth: 2,
      a: { decided: { event: 'wake', guest: 'b', cpu: 0 } },
      b: { decided: { event: 'wake', guest: 'b', cpu: 4 } },
    },
  });
});

test('a placement that differs is told with what it says', async () => {
  const parting = await partingOf({ wake: 0 }, { wake: 0, memoryNodes: [1, 2] });
  expect(parting).toMatchObject({
    decision: 0,
    a: { decided: { event: 'place', guest: 'a', placement: { memoryNodes: [], hardCpus: [null] } } },
    b: { decided: { event: 'place', guest: 'a', placement: { memoryNodes: [1, 2], hardCpus: [null] } } },
    next: null,
  });
});

test('one that ends early decides nothing more, and the other is shown what comes next', async () => {
  const parting = await partingOf({ wake: 0 }, { wake: 0, throwsAtWake: 12 });
  expect(parting!.b).toBeNull();
  expect(parting!.a).toMatchObject({ decided: { event: 'wake', guest: 'b', cpu: 0 } });
  expect(parting!.isSameQuestion).toBe(false);
});

describe('two runs of which one loses a microsecond at each switch', () => {
  /** Each vCPU has a CPU of its own, so that nothing but times differs, until b is sent elsewhere. */
  const apart = async (name: string, contextSwitchNs: number, wake: number): Promise<Side> => {
    const entry = asEntry(() => {
      const { cpu, ...rest } = policyOf({ wake: 0 }).make({});
      let wakes = 0;
      const selectCpu = (_k: unknown, vcpu: number): CpuId => (vcpu === 0 ? 0 : ++wakes === wake ? 4 : 3) as CpuId;
      return { ...rest, cpu: { ...cpu, ...pinnedCpus([0, 3]), selectCpu } };
    });
    const of = { ...scenarioOf(entry), costs: { ...FREE_COSTS, contextSwitchNs } };
    const observe: Side['observe'] = (order) => {
      const witness = new Witness(order);
      return Promise.resolve({ recording: run(of, undefined, witness), witnessed: witness.told() });
    };
    return { policy: name, observe, witnessed: (await observe({ keepFrom: 0, keep: 100_000, lookAt: null })).witnessed! };
  };

  test('part by what comes next, and the first that was alike at another time is told', async () => {
    const { decision, isSameQuestion, drift, next } = (await findParting(await apart('quick', 0, 0), await apart('slow', 1000, 0)))!;
    expect(isSameQuestion).toBe(false);
    expect(drift!.bNs - drift!.aNs, 'the first stretch of the first vCPU ends a switch later').toBe(1000);
    expect(drift!.decision).toBeLessThan(decision);
    expect(next, 'everyone runs where it ran').toBeNull();
  });

  test('and the first wake that is answered otherwise is found, though it is another decision by number', async () => {
    const [a, b] = [await apart('quick', 0, 0), await apart('slow', 1000, 40)];
    for (const parting of [await findParting(a, b), await findParting(b, a)]) {
      const { isSameQuestion, next } = parting!;
      expect(isSameQuestion).toBe(false);
      expect(next).toMatchObject({ question: 'wake of the vCPU', nth: 40 });
      expect([next!.a, next!.b].map((seen) => seen!.decided.cpu).sort()).toEqual([3, 4]);
      expect(next!.a!.timeNs).not.toBe(next!.b!.timeNs);
    }
  });
});

test('a policy that does not decide alike when it is run again is refused', async () => {
  let made = 0;
  const moody = asEntry(() => policyOf({ wake: 20 + made++ }).make({}));
  const a = await sideOf('steady', policyOf({ wake: 0 }), 5);
  await expect(findParting(a, await sideOf('moody', moody, 5))).rejects.toThrow(
    'moody: decides otherwise when it is run again, so that no first decision can be told',
  );
});
