import { describe, expect, test } from 'vitest';
import { run } from '../../sim/engine.ts';
import type { Seen } from '../../sim/look.ts';
import { FLOATING, type PolicyEntry } from '../../sim/policy-api.ts';
import type { Scenario } from '../../sim/scenario.ts';
import { type CpuId, MiB, ms, type NodeId, us, type VcpuId } from '../../sim/units.ts';
import { Witness, type Witnessed, type WitnessOrder } from '../../sim/witness.ts';
import { randomScenario } from './random-scenario-fixture.ts';
import { asEntry, FREE_COSTS, guest, onNodes, pinned, pinnedCpus, scenario, workload } from './scenario-fixture.ts';

const ALL: WitnessOrder = { keepFrom: 0, keep: 1000, lookAt: null };

function follow(of: Scenario, order: WitnessOrder = ALL): Witnessed & { simulatedNs: number } {
  const witness = new Witness(order);
  const { simulatedNs } = run(of, undefined, witness);
  return { ...witness.told(), simulatedNs };
}

test('a run is the same to the byte, whether it is followed or not (12 random scenarios)', () => {
  for (let seed = 0; seed < 12; seed++) {
    const drawn: Scenario = { ...randomScenario(7000 + seed), checks: 'cheap' };
    const witness = new Witness({ ...ALL, keepFrom: seed });
    expect(JSON.stringify(run(drawn, undefined, witness)), `seed ${seed}`).toBe(JSON.stringify(run(drawn)));
    expect(witness.told().count, `seed ${seed}`).toBeGreaterThan(5);
  }
});

describe('three guests on the lopsided machine, two of which share CPU 0', () => {
  // Four blocks each: of a on node 0, of b on nodes 1 and 2 in turn, of c on node 2.
  const nodeOf = (id: number, block: number): number => [0, 1 + (block % 2), 2][id]!;
  const guests = ['a', 'b', 'c'].map((name) => guest(workload('compute'), { name, memoryBytes: MiB(1) }));
  const setting = scenario({ policy: pinned([0, 0, 4], nodeOf), guests, durationNs: ms(90), costs: FREE_COSTS });
  const { kept, keptNs, count } = follow(setting);
  const decisions = Array.from(keptNs, (timeNs, i) => [...kept.subarray(i * 3, i * 3 + 3), timeNs / 1e6]);

  test('each is placed and gets its memory, all wake, and those that share a CPU take turns of 20 ms', () => {
    expect(decisions.map(([what]) => what)).toEqual([100, 101, 101, 101, 101, 100, 101, 101, 101, 101, 100, 101, 101, 101, 101, 1, 1, 1, 2, 2, 2, 2, 2, 2]); // prettier-ignore
    expect(decisions.slice(6, 10).map(([, block, node]) => [block, node])).toEqual([[4, 1], [5, 2], [6, 1], [7, 2]]); // prettier-ignore
    expect(decisions.slice(15)).toEqual([
      [1, 0, 0, 0],
      [1, 1, 0, 0],
      [1, 2, 4, 0],
      [2, 0, 0, 0],
      [2, 2, 4, 0],
      [2, 1, 0, 20],
      [2, 0, 0, 40],
      [2, 1, 0, 60],
      [2, 0, 0, 80],
    ]);
    expect(count).toBe(24);
  });

  const seenAt = (decision: number, cpus: readonly number[] = [], of = setting): Seen =>
    follow(of, { keepFrom: 0, keep: 0, lookAt: { decision, cpus } }).seen!;

  test('at the first turn of b it still waits, beside a, for a CPU that is idle', () => {
    const { timeNs, decided, vcpu, guest: owner, nodes, cpus } = seenAt(20, [3]);
    expect(timeNs).toBe(ms(20));
    expect(decided).toMatchObject({ event: 'run', guest: 'b', vcpu: 0, cpu: 0, node: null, block: null, placement: null });
    expect(vcpu).toEqual({ guest: 'b', vcpu: 0, lastCpu: null, lastNode: null, waitedNs: ms(20), sleptNs: 0, allowedCpus: 6 });
    expect(owner).toEqual({ name: 'b', nodeBytes: [0, MiB(0.5), MiB(0.5)], nodeRunning: [0, 0, 0] });
    // 5, 3 and 7 GiB, of which 1, 0.5 and 1.5 MiB are taken; c runs on one of the two CPUs of node 2
    expect(nodes).toEqual([
      { cpus: 3, idleCpus: 3, waiting: 2, freeBytes: 5 * 1024 ** 3 - MiB(1) },
      { cpus: 1, idleCpus: 1, waiting: 0, freeBytes: 3 * 1024 ** 3 - MiB(0.5) },
      { cpus: 2, idleCpus: 1, waiting: 0, freeBytes: 7 * 1024 ** 3 - MiB(1.5) },
    ]);
    expect(cpus).toEqual([
      { cpu: 0, node: 0, isIdle: true, running: null, waiting: 2 },
      { cpu: 3, node: 1, isIdle: true, running: null, waiting: 0 },
    ]);
  });

  test('at its second turn it has run on CPU 0 before, and what runs elsewhere is told', () => {
    const { vcpu, cpus } = seenAt(22, [4]);
    expect(vcpu).toMatchObject({ lastCpu: 0, lastNode: 0, waitedNs: ms(20) });
    expect(cpus[1]).toEqual({ cpu: 4, node: 2, isIdle: false, running: { guest: 'c', vcpu: 0 }, waiting: 0 });
  });

  test('one that wakes is in no queue yet', () => {
    const { decided, nodes, cpus } = seenAt(16);
    expect(decided).toMatchObject({ event: 'wake', guest: 'b', cpu: 0 });
    expect(nodes.map(({ waiting }) => waiting)).toEqual([1, 0, 0]); // a
    expect(cpus).toEqual([{ cpu: 0, node: 0, isIdle: true, running: null, waiting: 1 }]);
  });

  test('a block is not backed yet', () => {
    const { decided, guest: owner, nodes } = seenAt(7);
    expect(decided).toMatchObject({ event: 'back', guest: 'b', block: 1, node: 2, vcpu: null });
    expect(owner!.nodeBytes).toEqual([0, MiB(0.25), 0]);
    expect(nodes.map(({ freeBytes }) => freeBytes / MiB(1))).toEqual([5 * 1024 - 1, 3 * 1024 - 0.25, 7 * 1024]);
  });

  test('a placement tells where vCPUs are held, where they should rather run, and where memory is meant to be', () => {
    const placed: PolicyEntry = asEntry(() => ({
      name: 'placed',
      placement: {
        name: 'placed',
        place: (_k, id) => ({
          hardNodes: [[0, 2], null, null][id] as never,
          softNodes: [null, [1], null][id] as never,
          memoryNodes: [2] as never[],
        }),
      },
      cpu: pinnedCpus([0, 0, 4]),
      memory: onNodes(nodeOf),
    }));
    const of = { ...setting, policy: placed };
    expect(seenAt(0, [], of).decided).toMatchObject({
      event: 'place',
      guest: 'a',
      placement: { hardCpus: [[0, 1, 2, 4, 5]], softCpus: [null], memoryNodes: [2] },
    });
    expect(seenAt(5, [], of).decided.placement).toEqual({ hardCpus: [null], softCpus: [[3]], memoryNodes: [2] });
  });

  test('the run ends where it is looked at', () => {
    const { simulatedNs, count: seen } = follow(setting, { keepFrom: 20, keep: 1, lookAt: { decision: 20, cpus: [] } });
    expect([simulatedNs, seen]).toEqual([ms(20), 21]);
  });

  test('only what is asked for is kept', () => {
    const some = follow(setting, { keepFrom: 18, keep: 3, lookAt: null });
    expect([some.keptFrom, [...some.keptNs], [...some.kept]]).toEqual([18, [0, 0, ms(20)], [2, 0, 0, 2, 2, 4, 2, 1, 0]]);
  });

  test('a mask counts by its CPUs, not by the number that it happens to have in a run', () => {
    // a is held to CPUs 0 to 2 either way: as its user says, or as its user and the policy say, which makes one more mask before that of b.
    const held = (userCpus: readonly number[], hardNodes: readonly number[] | null, cpu: number): Witnessed & { hash: string } => {
      const policy = asEntry(() => ({
        name: 'held',
        placement: { name: 'held', place: (_k, id) => ({ ...FLOATING, hardNodes: (id === 0 ? hardNodes : null) as NodeId[] | null }) },
        cpu: { ...pinnedCpus([0, 0, 4]), selectCpu: (_k, vcpu, prev) => ([0, cpu, 4][vcpu] ?? prev) as CpuId },
        memory: onNodes(nodeOf),
        daemons: [{ name: 'holder', periodNs: ms(5), step: (_k, act) => act.setAffinity(1 as VcpuId, [cpu as CpuId]) }],
      }));
      const witness = new Witness(ALL);
      const of = { ...setting, policy, durationNs: ms(6), guests: guests.map((spec, i) => (i === 0 ? { ...spec, cpus: userCpus } : spec)) };
      const { hash } = run(of, undefined, witness);
      return { ...witness.told(), hash };
    };
    const plain = held([0, 1, 2], null, 3);
    const both = held([0, 1, 2, 3], [0], 3);
    const other = held([0, 1, 2], null, 2);
    expect(both.hash, 'the hash of the run has the numbers').not.toBe(plain.hash);
    expect(plain.count).toBeGreaterThan(18);
    expect(both.checkpoints).toEqual(plain.checkpoints);
    expect(other.checkpoints.at(-1)).not.toBe(plain.checkpoints.at(-1));
  });
});

describe('checkpoints', () => {
  const busy = (durationNs: number): Scenario =>
    scenario({
      policy: pinned([0, 0], () => 0, us(10)),
      guests: ['a', 'b'].map((name) => guest(workload('compute'), { name, memoryBytes: MiB(1) })),
      durationNs,
      costs: FREE_COSTS,
      checks: 'cheap',
    });

  test('stay bounded: twice as far apart whenever there are too many', () => {
    // a decision every 10 us, and 13 before the first turn
    const { count, stride, checkpoints } = follow(busy(ms(200)));
    expect(count).toBeGreaterThan(20_000);
    expect(stride).toBe(8); // 4096 at most: 20,000 / 4 would be more
    expect(checkpoints.length).toBe(Math.ceil(count / stride) + 1);
  });

  test('are the hashes of what came before, so that one run is told from another from where they part on', () => {
    // CPU 5, which nobody uses, goes off line at 120 ms: one decision more
    const long = follow(busy(ms(200)));
    const other = follow({
      ...busy(ms(200)),
      policy: pinned([0, 0], () => 0, us(10)),
      hotplug: [{ atNs: ms(120), cpu: 5, isOnline: false }],
    });
    expect(other.stride).toBe(long.stride);
    const parted = long.checkpoints.findIndex((hash, i) => hash !== other.checkpoints[i]);
    // 13 decisions, then one each 10 us: 12,013 before 120 ms
    expect(parted).toBe(Math.ceil(12_013 / 8));
    expect(long.checkpoints.slice(parted).some((hash, i) => hash === other.checkpoints[parted + i])).toBe(false);
  });
});
