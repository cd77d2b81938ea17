import { describe, expect, test } from 'vitest';
import { lopsided } from '../../machines/lopsided.ts';
import { buildMachine } from '../../sim/machine.ts';
import type { Recording } from '../../sim/recording.ts';
import { MiB, ms } from '../../sim/units.ts';
import { DONE, type GuestProgram, TOUCH, type WorkloadEntry } from '../../sim/workload-api.ts';
import { chases, readsOnce } from './reading-fixture.ts';
import { FREE_COSTS, guest, lopsidedMachine, pinned, policy, program, ran } from './scenario-fixture.ts';

const MB = 1e6;

describe('speeds by hand on the lopsided machine', () => {
  test.each([
    // latency of the row of the CPU's node, rise of the controller of the memory's node, GB/s of that controller
    ['node 0 from its own memory', 0, 0, 80, 80 * 0.3, 12, 80],
    ['node 0 from node 2', 0, 2, 215, 70 * 0.3, 10, 80],
    ['node 2 from node 0', 4, 0, 175, 80 * 0.3, 12, 70],
    ['node 1 from node 0', 3, 0, 135, 80 * 0.3, 12, 90],
  ])('a chase of %s takes its latency and what the controller adds', (_, cpu, node, latencyNs, riseNs, GBps, localNs) => {
    // with unit = latency + y, u = 64 / unit / GBps and y = rise * u / (1 - 0.45 u)
    let unitNs = latencyNs;
    for (let i = 0; i < 50; i++) {
      const u = 64 / unitNs / GBps;
      unitNs = latencyNs + (riseNs * u) / (1 - 0.45 * u);
    }
    const loads = 1_000_000;
    const { guests, simulatedNs } = ran({ policy: pinned([cpu], () => node), guests: [guest(chases(loads))], costs: FREE_COSTS });
    expect(simulatedNs / (loads * unitNs)).toBeCloseTo(1, 6);
    const { causes } = guests[0]!;
    expect(causes.memoryLocal).toBeCloseTo(loads * localNs, -2);
    expect(causes.distance).toBeCloseTo(loads * (latencyNs - localNs), -2);
    expect(causes.queueController).toBeCloseTo(loads * (unitNs - latencyNs), -2);
    expect(causes.queueLink + causes.queuePair + causes.compute).toBeLessThan(3);
    const hop = (['local', 'sameSocket', 'oneHop', 'twoHop'] as const)[
      lopsidedMachine.hopClass[lopsidedMachine.cpuNode[cpu]! * 3 + node]!
    ]!;
    expect(guests[0]!.accessesByHop[hop]).toBeCloseTo(loads, 3);
  });

  test('one stream gets the bandwidth that one thread was measured to get', () => {
    // two CPUs of node 2 reading node 0: 1.5 GB/s each when alone
    const { simulatedNs } = ran({ policy: pinned([4], () => 0), guests: [guest(readsOnce([15 * MB]))], costs: FREE_COSTS });
    expect(simulatedNs / ms(10)).toBeCloseTo(1, 4);
  });

  test('a stream is faster from the moment its neighbour ends', () => {
    // both at 1.25 GB/s of the pair's 2.5: 12.5 MB by 10 ms; then the other 15 MB at the 1.5 GB/s of one thread
    const work = guest(readsOnce([12.5 * MB, 27.5 * MB]), { vcpus: 2 });
    const { simulatedNs, guests } = ran({ policy: pinned([4, 5], () => 0), guests: [work], costs: FREE_COSTS });
    expect(simulatedNs / ms(20)).toBeCloseTo(1, 4);
    expect(guests[0]!.lifetimeNs / ms(30)).toBeCloseTo(1, 4);
  });

  test('a stream is slower from the moment a neighbour begins', () => {
    // 1.5 GB/s alone for 10 ms, then both at 1.25 until the first has its 27.5 MB at 20 ms
    const late = guest(readsOnce([12.5 * MB]), { name: 'late' });
    const first = guest(readsOnce([27.5 * MB]), { name: 'first' });
    const { guests, simulatedNs } = ran({ policy: pinned([4, 5], () => 0), guests: [first, late], costs: FREE_COSTS, startGapNs: ms(10) });
    expect(guests.map((record) => record.elapsedNs / MB)).toEqual([expect.closeTo(20, 3), expect.closeTo(10, 3)]);
    expect(simulatedNs / ms(20)).toBeCloseTo(1, 4);
  });

  test('a sweep takes its blocks one after the other, each at the speed of its node', () => {
    // blocks of 256 KiB on nodes 0 and 2 in turn, read from node 2: 1.5 and 3.9 GB/s one thread
    const { simulatedNs, guests } = ran({
      policy: pinned([4], (_g, block) => (block % 2) * 2),
      guests: [guest(readsOnce([30 * MB]))],
      costs: FREE_COSTS,
    });
    expect(simulatedNs / (15 * MB * (1 / 1.5 + 1 / 3.9))).toBeCloseTo(1, 4);
    expect(guests[0]!.remoteRatio).toBeCloseTo(0.5, 9);
  });

  test('a random walk draws on all its nodes at once', () => {
    // 3 MiB on nodes 0, 1, 2 in turn: mean idle latency from node 1 is (135 + 90 + 165) / 3
    const { guests } = ran({ policy: pinned([3], (_g, block) => block % 3), guests: [guest(chases(300_000))], costs: FREE_COSTS });
    const { causes, accessesByHop } = guests[0]!;
    expect(causes.memoryLocal + causes.distance).toBeCloseTo(300_000 * 130, -2);
    expect(accessesByHop.local).toBeCloseTo(100_000, 3);
    expect(accessesByHop.sameSocket).toBeCloseTo(100_000, 3);
    expect(accessesByHop.oneHop).toBeCloseTo(100_000, 3);
  });

  test('who shares a cache misses more, and that time has its own cause', () => {
    // 6 MiB through 3 MiB of cache: half hit when alone, a quarter when two share
    const alone = ran({ policy: pinned([0, 1], () => 0), guests: [guest(chases(10_000, true))], costs: FREE_COSTS });
    const both = ran({
      policy: pinned([0, 1], () => 0),
      guests: [guest(chases(10_000, true)), guest(chases(10_000, true), { name: 'b' })],
      costs: FREE_COSTS,
    });
    expect(alone.guests[0]!.accessesByHop.local).toBeCloseTo(5_000, 3);
    expect(both.guests[0]!.accessesByHop.local).toBeCloseTo(7_500, 3);
    expect(alone.guests[0]!.causes.cacheShared).toBe(0);
    // a quarter of the loads go to memory (80 ns) instead of the cache (40 cycles, 25 ns), and queue there
    expect(both.guests[0]!.causes.cacheShared).toBeGreaterThan(2_500 * (80 - 25));
    expect(both.guests[0]!.causes.compute).toBe(5_000 * 25);
  });
});

describe('bytes', () => {
  const bytesOf = ({ bytesByResource }: Recording): Record<string, number> =>
    Object.fromEntries(bytesByResource.flatMap((bytes, i) => (bytes > 0 ? [[lopsidedMachine.resourceNames[i]!, bytes]] : [])));

  test('read are counted at each resource on the way from memory to CPU', () => {
    const recording = ran({ policy: pinned([0], () => 2), guests: [guest(readsOnce([6.4 * MB]))] });
    expect(bytesOf(recording)).toEqual({
      'controller 2': 6.4 * MB,
      'link 2>1': 6.4 * MB,
      'link 1>0': 6.4 * MB,
      'pair 0<2': 6.4 * MB,
    });
  });

  test('written go both ways and weigh on controller and pair', () => {
    const recording = ran({ policy: pinned([0], () => 2), guests: [guest(readsOnce([6.4 * MB], 1, 1))] });
    expect(bytesOf(recording)).toEqual({
      'controller 2': 6.4 * MB * (10 / 6.25),
      'link 2>1': 6.4 * MB,
      'link 1>0': 6.4 * MB,
      'link 0>2': 6.4 * MB,
      'pair 0<2': 6.4 * MB * (4 / 3.2),
    });
  });

  test('of a run are those of its lines, whatever the policy does', () => {
    // like lmbench-rd, but its books are open from the start
    const fillAndRead = (): WorkloadEntry => {
      const isFilled = new Set<number>();
      const next: GuestProgram['next'] = (task, phase, calls) => {
        phase.region = task;
        if (!isFilled.has(task)) {
          isFilled.add(task);
          calls.allocate(task, MiB(4));
          phase.kind = TOUCH;
          phase.bytes = MiB(4);
          return;
        }
        phase.instructions = MiB(4) / 64;
        phase.accessesPerInstruction = 1;
        phase.linesInFlight = Infinity;
        phase.workingSetBytes = MiB(4);
        phase.work = 1;
      };
      return { ...program(next, { regions: 2 }), ends: 'never' };
    };
    for (const name of ['kvm-unpinned', 'xen-numa-off', 'random']) {
      const recording = ran({
        policy: policy(name),
        guests: [0, 1, 2, 3].map((i) => guest(fillAndRead(), { name: `g${i}`, vcpus: 2 })),
        durationNs: ms(300),
        hostNoise: 1,
        costs: FREE_COSTS,
      });
      for (const record of recording.guests) expect(record.throughput.value, 'all regions are filled').toBeGreaterThan(0);
      const written = (4 * 2 * MiB(4)) / 64; // filling the regions
      const { local, sameSocket, oneHop, twoHop } = recording.total.accessesByHop;
      const lines = local + sameSocket + oneHop + twoHop;
      const controllers = recording.bytesByResource.slice(0, 3).reduce((sum, bytes) => sum + bytes, 0) / 64;
      // a written line counts 12/7.5 = 10/6.25 = 1.6 at controllers 0 and 2, and 9/6 = 1.5 at controller 1; cleared ones are not fetched first
      expect(controllers).toBeGreaterThanOrEqual(lines - written * 0.5 - 3);
      expect(controllers).toBeLessThanOrEqual(lines - written * 0.4 + 3);
    }
  });

  test('of memory that is cleared only go there: node 1 to node 2 over their link, and no read of it back', () => {
    const clears: GuestProgram['next'] = (_task, phase, calls) => {
      if (!calls.allocate(0, MiB(2))) phase.kind = DONE;
      else Object.assign(phase, { kind: TOUCH, region: 0, bytes: MiB(2) });
    };
    const once = program((task, phase, calls) => (calls.nowNs === 0 ? clears(task, phase, calls) : void (phase.kind = DONE)), {
      regions: 1,
    });
    const { bytesByResource } = ran({ policy: pinned([3], () => 2), guests: [guest(once, { bootShare: 0 })], costs: FREE_COSTS });
    const names = buildMachine(lopsided).resourceNames;
    const carried = Object.fromEntries(
      names.flatMap((name, resource) => (bytesByResource[resource]! > 0 ? [[name, bytesByResource[resource]]] : [])),
    );
    // CPU 3 is that of node 1; a written line weighs 10/6.25 = 1.6 on controller 2, of which the read for ownership would be 1
    expect(carried['controller 2']).toBeCloseTo(0.6 * MiB(2), -1);
    expect(carried['link 1>2']).toBe(MiB(2));
    expect(carried['link 2>1']).toBeUndefined();
  });
});
