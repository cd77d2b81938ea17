import { describe, expect, test } from 'vitest';
import { opteron6172 } from '../../../../machines/opteron-6172-4s.ts';
import { uniform } from '../../../../machines/uniform.ts';
import { xeonE7 } from '../../../../machines/xeon-e7-4s.ts';
import { xeonSkx } from '../../../../machines/xeon-skx-2s.ts';
import { run } from '../../../../sim/engine.ts';
import { buildMachine, type Machine } from '../../../../sim/machine.ts';
import { defaultOptions } from '../../../../sim/options.ts';
import type { PolicyEntry } from '../../../../sim/policy-api.ts';
import type { Measures, Recording } from '../../../../sim/recording.ts';
import { MiB, type NodeId, seconds, ms } from '../../../../sim/units.ts';
import { asEntry, guest, policy, scenario, workload } from '../../../sim/scenario-fixture.ts';

/** A policy under which each guest's memory is given from one node, as if its firmware had cleared it there. */
const fromNode = (name: string, nodeOf: (guest: number) => number): PolicyEntry =>
  asEntry(() => {
    const made = policy(name).make(defaultOptions(policy(name).options));
    return { ...made, memory: { ...made.memory, backs: 'at-build', alloc: (_, of) => nodeOf(of) as NodeId } };
  });

/** Guests whose vCPUs load at random, each from a quarter of 512 MiB of its own, for some seconds. */
function ran(entry: PolicyEntry, machine: Machine, vcpus: readonly number[], durationS: number): Recording {
  const load = workload('hot-set');
  const set = { ...defaultOptions(load.options), heat: 'uniform' };
  const guests = vcpus.map((count, i) => guest(load, { name: `g${i}`, vcpus: count, memoryBytes: MiB(512), set }));
  const durationNs = seconds(durationS);
  const recording = run(scenario({ machine, policy: entry, guests, durationNs, blockBytes: MiB(2), contention: 'max-min' }));
  expect(recording.status).toBe('ok');
  return recording;
}

const remoteLines = ({ accessesByHop: { sameSocket, oneHop, twoHop } }: Measures): number => sameSocket + oneHop + twoHop;

/** Of what a run reads after where a shorter one ends, the share that is remote. */
function remoteAfter(before: Measures, after: Measures): number {
  const remote = remoteLines(after) - remoteLines(before);
  return remote / (remote + after.accessesByHop.local - before.accessesByHop.local);
}

describe.each([
  ['four nodes, all linked', xeonE7, 3],
  ['eight nodes', opteron6172, 7],
] as const)('a guest of four vCPUs that float, its memory on another node, on %s', (_, spec, node) => {
  const machine = buildMachine(spec);
  const measured = (name: string, durationS: number): Measures =>
    ran(
      fromNode(name, () => node),
      machine,
      [4],
      durationS,
    ).total;

  test('has it near within some seconds, and then all stay where they are', () => {
    // 512 MiB are two windows, marked one a second after the first second of run time: all in 3 s
    const [before, after] = [measured('autonuma', 4), measured('autonuma', 7)];
    expect(measured('kvm-eevdf', 4).remoteRatio).toBeGreaterThan(0.5);
    expect(remoteAfter(before, after)).toBeLessThan(0.01);
    expect(before.pageMoves).toBeGreaterThan(100);
    expect([after.pageMoves - before.pageMoves, after.failedMoves]).toEqual([0, 0]);
    expect(after.migrations).toEqual(before.migrations);
    expect(after.hintFaults).toBeGreaterThan(before.hintFaults); // it still looks
    expect(after.throughput.value).toBeGreaterThan(1.2 * measured('kvm-eevdf', 7).throughput.value);
  });
});

test('where there is no NUMA it does a little less work than without, for all its copying', () => {
  const machine = buildMachine(uniform);
  const of = (name: string): number =>
    ran(
      fromNode(name, () => 5),
      machine,
      [4],
      6,
    ).total.throughput.value;
  const gain = of('autonuma') / of('kvm-eevdf');
  expect([gain < 1, gain > 0.98]).toEqual([true, true]);
});

test('where memory cannot move, for want of room, vCPUs change places', () => {
  // The first starts on node 0, the third on node 1, as do the others by turns: each guest has one vCPU at home and one not
  const whole = { value: [0.5, 0.5], source: 'as much as the two guests have' };
  const machine = buildMachine({ ...xeonSkx, nodeCpus: [2, 2], memoryGiB: whole, memoryHoleGiB: { value: 0, source: 'none' } });
  const crossed = fromNode('autonuma', (of) => 1 - of);
  const [before, after] = [ran(crossed, machine, [2, 2], 4).total, ran(crossed, machine, [2, 2], 6).total];
  expect(
    ran(
      fromNode('kvm-eevdf', (of) => 1 - of),
      machine,
      [2, 2],
      4,
    ).total.remoteRatio,
  ).toBeGreaterThan(0.3);
  expect([before.pageMoves, before.failedMoves > 0]).toEqual([0, true]);
  // One swap is enough; but who asks first may take the place of one of whose faults nothing is known yet, which then asks as well
  expect([2, 4]).toContain(before.migrations.socket);
  expect([remoteAfter(before, after), after.migrations]).toEqual([0, before.migrations]);
});

test('two guests whose vCPUs share memory, each spread over both nodes, end on a node each', () => {
  const load = workload('metis-like');
  const set = { ...defaultOptions(load.options), pattern: 'random', size: MiB(400), passes: 10_000 };
  const guests = ['a', 'b'].map((name) => guest(load, { name, vcpus: 4, memoryBytes: MiB(1024), set }));
  const machine = buildMachine({ ...xeonSkx, nodeCpus: [4, 4] });
  const shares = (name: string, durationS: number): number[][] => {
    const made = { machine, policy: policy(name), guests, blockBytes: MiB(2), durationNs: seconds(durationS), checks: 'cheap' } as const;
    const recording = run(scenario({ ...made, contention: 'max-min' }));
    return recording.guests.map(({ blocksByNode }) => {
      const all = blocksByNode.reduce((sum, blocks) => sum + blocks, 0);
      return blocksByNode.map((blocks) => Math.round((10 * blocks) / all));
    });
  };
  // One thread has loaded the input, so without NUMA balancing it stays on its node, which for both guests is node 0
  expect(shares('kvm-eevdf', 3)).toEqual([
    [10, 0],
    [10, 0],
  ]);
  const ended = shares('autonuma', 25);
  expect(ended.toSorted((a, b) => a[0]! - b[0]!)).toEqual([
    [0, 10],
    [10, 0],
  ]);
});

describe('with a home by order', () => {
  const machine = buildMachine(xeonE7);
  const homed = (home: string, durationS: number): Recording => {
    const entry = asEntry(() => {
      const { options, make } = policy('autonuma');
      return make({ ...defaultOptions(options), home });
    });
    return ran(entry, machine, [1], durationS);
  };

  test('memory lies there, a vCPU that is elsewhere comes, and no memory follows them', () => {
    const [early, late] = [homed('2', 5), homed('2', 9)];
    const found = homed('none', 9); // by faults: memory lies where it began, and it does not move
    expect([late.total.pageMoves, found.total.migrations.socket]).toEqual([0, 0]);
    expect(early.total.migrations.socket).toBe(1);
    expect(homed('2', 2).total.migrations.socket).toBe(1); // at its first faults, where others would count a whole scan of two windows first
    expect(remoteAfter(early.total, late.total)).toBeLessThan(0.01);
    expect(early.total.remoteRatio).toBeGreaterThan(0.05); // faults begin after 1 s of run time
  });

  test.each([
    ['4', 'home = 4, want 0 to 3'],
    ['1+2', 'home = 1+2, want one node'],
  ])('refuses %s on four nodes', (home, message) => {
    const { options, check } = policy('autonuma');
    expect(() => check!({ ...defaultOptions(options), home }, 4, [12, 12, 12, 12])).toThrow(message);
  });

  test('refuses a longest scan that is shorter than the shortest', () => {
    const { options, check } = policy('autonuma');
    const scans = (least: number, most: number): void =>
      check!({ ...defaultOptions(options), 'scan-min': least, 'scan-max': most }, 1, [4]);
    expect(() => scans(ms(700), ms(600))).toThrow('scan-max = 600ms, want scan-min (700ms) or more');
    expect(() => scans(ms(600), ms(600))).not.toThrow();
  });
});
