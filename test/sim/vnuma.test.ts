import { describe, expect, test } from 'vitest';
import { opteron6164 } from '../../machines/opteron-6164-4s.ts';
import { buildMachine } from '../../sim/machine.ts';
import type { MemoryPolicy } from '../../sim/policy-api.ts';
import { namedStream } from '../../sim/random.ts';
import type { Recording } from '../../sim/recording.ts';
import type { GuestSpec, Scenario } from '../../sim/scenario.ts';
import { GiB, KiB, MiB, ms, type NodeId, type VcpuId } from '../../sim/units.ts';
import { evenParts, layoutOf, PLAIN_VNUMA, vnodeOfBlock, type VnumaSpec } from '../../sim/vnuma.ts';
import { RANDOM, RUN, SLEEP, TOUCH, type WorkloadEntry } from '../../sim/workload-api.ts';
import { asEntry, computes, FREE_COSTS, guest, pinned, pinnedCpus, policy, program, ran, workload } from './scenario-fixture.ts';

// The lopsided machine has CPUs 0-2 on node 0, 3 on node 1, 4-5 on node 2; 5, 3 and 7 GiB; SLIT rows 10 13 27 / 14 10 19 / 24 18 10.

const told = (vnuma: Partial<VnumaSpec>): { vnuma: VnumaSpec } => ({ vnuma: { ...PLAIN_VNUMA, ...vnuma } });

/** Three vCPUs and 5 of 16 blocks, two of them apart; two vCPUs and 9; 2 blocks that no node has. */
const LOPSIDED: Partial<VnumaSpec> = {
  nodes: [
    { vcpus: [0, 3, 4], memoryBytes: MiB(5) },
    { vcpus: [1, 2], memoryBytes: MiB(9) },
  ],
  uncoveredBytes: MiB(2),
};

describe('the layout of virtual nodes', () => {
  test('is that of its table, what no node has with the last', () => {
    const spec = guest(workload('compute'), { vcpus: 5, vnodes: 2, memoryBytes: MiB(16), ...told(LOPSIDED) });
    const { count, vcpuVnode, firstBlock } = layoutOf(spec, 64);
    expect([count, [...vcpuVnode], [...firstBlock]]).toEqual([2, [0, 1, 1, 0, 0], [0, 20, 64]]);
  });

  test('finds the node of each block as a look at all of them would', () => {
    for (const parts of [1, 2, 3, 7]) {
      const firstBlock = evenParts(23, parts);
      for (let block = 0; block < 23; block++) {
        const ends = Array.from({ length: parts }, (_, part) => Math.floor(((part + 1) * 23) / parts));
        expect(vnodeOfBlock(firstBlock, block)).toBe(ends.findIndex((end) => block < end));
      }
    }
  });

  test('is what a policy sees, though the guest drops its table', () => {
    const seen = { vcpus: [] as number[], blocks: [] as number[], count: 0 };
    const memory: MemoryPolicy = {
      name: 'sees',
      backs: 'at-build',
      fallback: 'none',
      alloc(k, id, block) {
        seen.count = k.guestVnodeCount(id);
        if (block === 0) seen.vcpus = [0, 1, 2, 3, 4].map((vcpu) => k.vcpuVnode(vcpu as VcpuId));
        seen.blocks.push(k.blockVnode(id, block));
        return 0 as NodeId;
      },
    };
    const entry = program((_task, phase) => computes(phase, 1e6));
    ran({
      policy: asEntry(() => ({ name: 'sees', cpu: pinnedCpus([0, 1, 2, 3, 4]), memory })),
      guests: [guest(entry, { vcpus: 5, vnodes: 2, memoryBytes: MiB(16), ...told(LOPSIDED) })],
      durationNs: ms(3),
      blockBytes: MiB(1),
    });
    expect(seen).toEqual({ count: 2, vcpus: [0, 1, 1, 0, 0], blocks: [...new Array<number>(5).fill(0), ...new Array<number>(11).fill(1)] });
  });
});

/** Milliseconds each task has had, in runs of 1 ms, after it has slept for so long; each has a little memory where it started. */
function shares(durationMs: number, spec: Partial<GuestSpec>, startsMs: readonly number[]): number[] {
  const had = startsMs.map(() => 0);
  const calls = startsMs.map(() => 0);
  const entry = program(
    (task, phase, kernel) => {
      const call = calls[task]!++;
      if (call === 0) {
        kernel.allocate(task, KiB(512));
        Object.assign(phase, { kind: TOUCH, region: task, offsetBytes: 0, bytes: KiB(512) });
      } else if (call === 1 && startsMs[task]! > 0) {
        phase.kind = SLEEP;
        phase.durationNs = ms(startsMs[task]!);
      } else {
        computes(phase, 1.6e6);
        had[task]!++;
      }
    },
    { tasks: startsMs.length, regions: startsMs.length },
  );
  ran({
    policy: pinned([0, 4, 5], () => 0),
    guests: [guest(entry, { memoryBytes: MiB(32), ...spec })],
    durationNs: ms(durationMs),
    costs: FREE_COSTS,
  });
  return had;
}

describe('tasks of a guest with virtual nodes', () => {
  test('share all its vCPUs in the long run, though two of three have their memory on one node', () => {
    // vnodes of a vCPU each; tasks 0 and 2 start on vnode 0, task 1 on vnode 1. Were they held there they would have 1000, 2000 and
    // 1000 ms of 2000. What counts against task 1 there is 8 slices of 4 ms before a task of vnode 0 takes its vCPU from it.
    const had = shares(2000, { vcpus: 2, vnodes: 2 }, [0, 0, 0]);
    expect(had.reduce((sum, each) => sum + each, 0)).toBeGreaterThanOrEqual(3990);
    for (const each of had) expect(Math.abs(each - 4000 / 3), String(had)).toBeLessThanOrEqual(32 + 2 * 4);
    expect(had[1]! - Math.min(had[0]!, had[2]!), String(had)).toBeGreaterThanOrEqual(32 - 2 * 4);
  });

  test('run on another node at once when theirs is busy and that is not', () => {
    // tasks 0 and 2 on vnode 0, 1 on vnode 1, which sleeps from 0 to 60 ms: 120 ms of two vCPUs for two tasks
    const had = shares(60, { vcpus: 2, vnodes: 2 }, [0, 60, 0]);
    expect(had[0]! + had[2]!).toBeGreaterThanOrEqual(118);
  });
});

/** Tasks that work at random on memory of their own, and sleep now and then. */
function wakers(tasks: number, sleepsMs: number): WorkloadEntry {
  const random = namedStream('1', 'wakers', 0, 'test');
  const calls = new Array<number>(tasks).fill(0);
  return program(
    (task, phase, kernel) => {
      const call = calls[task]!++;
      if (call === 0) {
        kernel.allocate(task, MiB(4));
        Object.assign(phase, { kind: TOUCH, region: task, offsetBytes: 0, bytes: MiB(4) });
      } else if (call % 2 === 1) {
        phase.kind = SLEEP;
        phase.durationNs = ms(sleepsMs * (0.5 + random()));
      } else {
        const accesses = Math.round(5_000 * (0.5 + random()));
        Object.assign(phase, { kind: RUN, region: task, pattern: RANDOM, workingSetBytes: GiB(64), instructions: accesses });
        phase.accessesPerInstruction = 1;
        phase.work = accesses;
      }
    },
    { tasks, regions: tasks },
  );
}

const deckMachine = buildMachine(opteron6164);

/** Twelve vCPUs, two nodes of the deck's machine. */
function onDeck(spec: Partial<GuestSpec>, change: Partial<Scenario> = {}, entry = wakers(20, 0.6)): Recording {
  return ran({
    machine: deckMachine,
    policy: policy('kvm-unpinned'),
    guests: [guest(entry, { vcpus: 12, memoryBytes: MiB(512), ...spec })],
    durationNs: ms(60),
    ...change,
  });
}

describe('a guest larger than a node of the deck’s machine', () => {
  const right = onDeck({ vnodes: 2, ...told({ hosting: 'keep' }) });
  const flat = onDeck({ vnodes: 2, ...told({ hosting: 'keep', isHeeded: false }) });
  const wrong = onDeck({ vnodes: 2, ...told({ hosting: 'moved' }) });

  test('that knows nodes the host keeps goes far less often than one that does not, and gets more done', () => {
    expect(right.total.remoteRatio).toBeLessThan(0.2);
    expect(flat.total.remoteRatio).toBeGreaterThan(right.total.remoteRatio + 0.2);
    expect(right.total.throughput.value).toBeGreaterThan(flat.total.throughput.value);
  });

  test('that believes in nodes the host has moved goes far nearly always', () => {
    expect(wrong.total.remoteRatio).toBeGreaterThan(0.8);
    expect(wrong.total.throughput.value).toBeLessThan(flat.total.throughput.value);
  });

  test('is moved when it is said, with its memory left behind', () => {
    const stale = onDeck({ vnodes: 2, ...told({ hosting: 'moved', movesNs: ms(30) }) });
    // half of the 60 ms as in one run, half as in the other, each with as much done in its half
    const [near, far] = [right.total.throughput.value, wrong.total.throughput.value];
    const expected = (near * right.total.remoteRatio + far * wrong.total.remoteRatio) / (near + far);
    expect(Math.abs(stale.total.remoteRatio - expected)).toBeLessThan(0.04);
    expect(stale.guests[0]!.blocksByNode).toEqual(right.guests[0]!.blocksByNode);
    expect(right.guests[0]!.migrations).toMatchObject({ node: 0, socket: 0 });
    expect(stale.guests[0]!.migrations.node + stale.guests[0]!.migrations.socket).toBeGreaterThan(0);
  });

  test('that comes after its nodes have been moved is placed so', () => {
    const late = onDeck(
      { vnodes: 2, arrivesNs: ms(5), ...told({ hosting: 'moved', movesNs: ms(5) }) },
      { durationNs: null, limitNs: ms(65) },
    );
    expect(late.total.remoteRatio).toBeGreaterThan(0.8);
  });

  test('is shown sockets: with those that match the host’s nodes it goes no farther than with others, or with none', () => {
    // pinned in order, six a node; memory lies where it was touched first, and nothing is told of nodes
    const far = (cores: number): number =>
      onDeck(told({ topology: { sockets: 12 / cores, cores, threads: 1 } }), { policy: policy('pin') }).total.remoteRatio;
    const none = onDeck({}, { policy: policy('pin') }).total.remoteRatio;
    expect(far(6)).toBeLessThan(far(4));
    expect(far(6)).toBeLessThan(none);
    expect(far(12)).toBe(none);
  });
});

describe('the host keeps virtual nodes', () => {
  test('each on the node with room that has fewest of them for its CPUs, the nearest of equals, whatever the policy would do', () => {
    // 6 GiB fit on node 2 alone; then 2.5 GiB on node 0 (SLIT 24) or 1 (18): both have none, so the nearer. A second guest finds 1
    // GiB on node 2, 5 on node 0 and 0.5 on node 1: 1.5 GiB go to node 0, and of the next 1 GiB node 2 has one vCPU on two CPUs.
    const entry = (): WorkloadEntry => program((_task, phase) => computes(phase, 1e6));
    const table = (...GiBs: number[]): { vnuma: VnumaSpec } =>
      told({ hosting: 'keep', nodes: GiBs.map((size, vnode) => ({ vcpus: [vnode], memoryBytes: GiB(size) })) });
    const under = (name: string, bootShare: number): number[][] =>
      ran({
        policy: policy(name),
        guests: [
          guest(entry(), { name: 'a', vcpus: 2, vnodes: 2, memoryBytes: GiB(8.5), bootShare, ...table(6, 2.5) }),
          guest(entry(), { name: 'b', vcpus: 2, vnodes: 2, memoryBytes: GiB(2.5), bootShare, ...table(1.5, 1) }),
        ],
        blockBytes: MiB(64),
        durationNs: ms(2),
      }).guests.map(({ blocksByNode }) => blocksByNode.map((blocks) => blocks / 16));
    const expected = [
      [0, 2.5, 6],
      [1.5, 0, 1],
    ];
    expect(under('xen-4.0-off', 0)).toEqual(expected);
    expect(under('kvm-unpinned', 1)).toEqual(expected); // when b comes a has touched nothing, but has been promised all
  });

  test('within the CPUs the guest may use', () => {
    const entry = program((_task, phase) => computes(phase, 1e6));
    const { guests } = ran({
      policy: policy('kvm-unpinned'),
      guests: [guest(entry, { vcpus: 4, vnodes: 2, cpus: [1, 4, 5], memoryBytes: GiB(1), ...told({ hosting: 'keep' }) })],
      durationNs: ms(90),
    });
    // vnode 0 on node 0, where it may use CPU 1 alone: its two vCPUs share that, the others have a CPU each
    expect(guests[0]!.waitNs / 1e6).toBeGreaterThan(80);
    expect(guests[0]!.migrations).toMatchObject({ node: 0, socket: 0 });
  });
});
