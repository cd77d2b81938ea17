import { describe, expect, test } from 'vitest';
import { lopsided } from '../../machines/lopsided.ts';
import { uniform } from '../../machines/uniform.ts';
import { run } from '../../sim/engine.ts';
import { buildMachine } from '../../sim/machine.ts';
import type { Recording } from '../../sim/recording.ts';
import { KiB, MiB, ms, seconds, us } from '../../sim/units.ts';
import { BLOCK, DONE, type GuestProgram, RANDOM, SLEEP, SWEEP, TOUCH, type WorkloadEntry } from '../../sim/workload-api.ts';
import { computes, FREE_COSTS, guest, lopsidedMachine, pinned, policy, program, ran, scenario, workload } from './scenario-fixture.ts';

const MB = 1e6;

/** Each task sweeps a region of its own once, so many bytes for task i, and ends. */
function readsOnce(bytes: readonly number[], halves = 1, writeShare = 0): WorkloadEntry {
  const step = bytes.map(() => 0);
  return program(
    (task, phase, calls) => {
      if (step[task] === 0) calls.allocate(task, MiB(1));
      if (step[task]!++ === halves) {
        phase.kind = DONE;
        return;
      }
      phase.instructions = bytes[task]! / 64 / halves;
      phase.accessesPerInstruction = 1;
      phase.linesInFlight = Infinity;
      phase.writeShare = writeShare;
      phase.region = task;
      phase.pattern = SWEEP;
      phase.workingSetBytes = MiB(64);
      phase.passes = 4;
      phase.work = bytes[task]! / halves;
    },
    { tasks: bytes.length, regions: bytes.length },
  );
}

/** One chase of so many loads through memory that no cache holds. */
function chases(loads: number, shared = false): WorkloadEntry {
  let step = 0;
  return program(
    (_task, phase, calls) => {
      if (step === 0) calls.allocate(0, MiB(3));
      if (step++ === 1) {
        phase.kind = DONE;
        return;
      }
      phase.instructions = loads;
      phase.accessesPerInstruction = 1;
      phase.region = 0;
      phase.pattern = RANDOM;
      phase.workingSetBytes = shared ? MiB(6) : Infinity;
    },
    { regions: 1 },
  );
}

/** Each task computes once and ends. Built anew for each guest. */
function burnsOnce(instructions: number, tasks = 1): WorkloadEntry {
  const entry = program(() => undefined);
  return {
    ...entry,
    build: () => {
      const hasRun = new Set<number>();
      return {
        tasks,
        regions: 0,
        unit: 'instr/s',
        next(task, phase) {
          if (hasRun.has(task)) phase.kind = DONE;
          else computes(phase, instructions);
          hasRun.add(task);
        },
      };
    },
  };
}

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

describe('tasks and time', () => {
  test('computing takes cycles over clock, and two on one CPU take turns', () => {
    const burns = burnsOnce(1.6e6); // a millisecond at 1.6 GHz
    const one = ran({ policy: pinned([0], () => 0), guests: [guest(burns)], costs: FREE_COSTS });
    expect(one.simulatedNs).toBe(ms(1));
    const two = ran({
      policy: pinned([0, 0], () => 0, us(100)),
      guests: [guest(burns), guest(burns, { name: 'b' })],
      costs: FREE_COSTS,
    });
    // 100 us each in turn: the first has had its ten turns after 1.9 ms
    expect(two.guests.map((record) => record.elapsedNs)).toEqual([us(1900), ms(2)]);
    expect(two.guests.map((record) => record.causes.waitHost)).toEqual([us(900), ms(1)]);
    expect(two.guests.map((record) => record.causes.compute)).toEqual([ms(1), ms(1)]);
    expect(two.guests.map((record) => record.waitNs)).toEqual([us(900), ms(1)]);
  });

  test('two tasks on one vCPU take turns inside the guest', () => {
    const { guests } = ran({
      policy: pinned([0], () => 0),
      guests: [guest(burnsOnce(1.6e6, 2))],
      costs: { ...FREE_COSTS, guestSliceNs: us(250), contextSwitchNs: us(10) },
    });
    // turns of 250 us, each of which begins with a switch of 10: the first ends its 1 ms in its fifth turn
    const { causes, lifetimeNs } = guests[0]!;
    expect(causes.compute).toBe(ms(2));
    expect(causes.waitHost).toBe(0);
    expect(causes.waitGuest).toBeGreaterThan(0);
    expect(causes.contextSwitch + causes.compute + causes.waitGuest).toBe(lifetimeNs);
  });

  test('sleeping, waiting for another task, waking and touching cost what they say', () => {
    let step = 0;
    let other = 0;
    const entry = program(
      (task, phase, calls) => {
        if (task === 1) {
          phase.kind = other++ === 0 ? BLOCK : DONE;
          return;
        }
        switch (step++) {
          case 0:
            phase.kind = SLEEP;
            phase.durationNs = ms(3);
            return;
          case 1:
            calls.wake(1);
            calls.allocate(0, KiB(64));
            phase.kind = TOUCH;
            phase.region = 0;
            phase.bytes = KiB(64);
            return;
          default:
            phase.kind = DONE;
        }
      },
      { tasks: 2, regions: 1 },
    );
    const costs = { ...FREE_COSTS, exitNs: 700, ipiNs: 300, contextSwitchNs: 50, guestFaultNs: 500 };
    const { guests } = ran({ policy: pinned([0, 1], () => 0), guests: [guest(entry, { vcpus: 2 })], costs });
    const { causes, wakes, contextSwitches } = guests[0]!;
    expect(causes.sleep).toBe(ms(3));
    // task 0 is woken at 0 and after its sleep; each wake costs exit, interrupt and a switch before its program runs on
    expect(wakes).toBe(4);
    expect(contextSwitches).toBe(4);
    expect(causes.wake).toBe(4 * 1000);
    expect(causes.contextSwitch).toBe(4 * 50);
    expect(causes.blocked).toBe(ms(3) + 1050); // until the sleeper wakes it, itself awake after 1050 ns
    expect(causes.fault).toBe(16 * 500);
  });

  test('bare processes pay no exit', () => {
    const burns = burnsOnce(1.6e6);
    const wakes = (kind: 'bare' | 'kvm'): number =>
      ran({ policy: pinned([0], () => 0), guests: [guest(burns, { kind })], costs: { ...FREE_COSTS, exitNs: 700, ipiNs: 300 } }).guests[0]!
        .causes.wake;
    expect([wakes('bare'), wakes('kvm')]).toEqual([300, 1000]);
  });

  test('work is measured from where the program says', () => {
    let step = 0;
    const entry = program((_task, phase, calls) => {
      if (step === 1) calls.startMeasuring();
      if (step++ === 2) phase.kind = DONE;
      else computes(phase, step === 1 ? 16e6 : 1.6e6);
    });
    const { guests } = ran({ policy: pinned([0], () => 0), guests: [guest(entry)], costs: FREE_COSTS });
    expect(guests[0]!.throughput.value).toBeCloseTo(1.6e9, -3); // 1.6e6 in the last of 11 ms
    expect([guests[0]!.elapsedNs, guests[0]!.userNs, guests[0]!.lifetimeNs, guests[0]!.causes.compute]).toEqual([1e6, 1e6, 1e6, 1e6]);
  });

  test('a run that is not over at its limit says so', () => {
    const endless = program((_task, phase) => computes(phase, 1.6e6));
    const { status, message, simulatedNs, guests } = ran({ policy: pinned([0], () => 0), guests: [guest(endless)], limitNs: seconds(0.5) });
    expect([status, message, simulatedNs]).toEqual(['time-limit', 'not done after 0.5 s of simulated time', seconds(0.5)]);
    expect(guests[0]!.status).toBe('unfinished');
  });

  test('more arrivals than slots end an open guest in overflow', () => {
    const set = { rate: 10_000, service: us(150), slots: 8 }; // half as much again as one CPU can do
    const recording = ran({ policy: pinned([0], () => 0), guests: [guest(workload('queue'), { set })], durationNs: seconds(1) });
    expect(recording.status).toBe('overflow');
    expect(recording.droppedArrivals).toBe(1);
    expect(recording.guests[0]!.completions).toBeGreaterThan(0);
  });
});

describe('changes that must not matter', () => {
  const timeless = ({ instants: _instants, ...rest }: Recording): object => rest;

  test('cutting a phase in halves ends it at the same nanosecond, give or take one a phase', () => {
    const whole = ran({ policy: pinned([4, 5], () => 0), guests: [guest(readsOnce([12.5 * MB, 27.5 * MB]), { vcpus: 2 })] });
    const cut = ran({ policy: pinned([4, 5], () => 0), guests: [guest(readsOnce([12.5 * MB, 27.5 * MB], 2), { vcpus: 2 })] });
    expect(Math.abs(whole.simulatedNs - cut.simulatedNs)).toBeLessThanOrEqual(4);
  });

  test('a longer slice for vCPUs that are alone on their CPUs', () => {
    const at = (sliceNs: number): Recording =>
      ran({
        policy: pinned([0, 3, 4, 5], () => 0, sliceNs),
        guests: [guest(workload('stream'), { vcpus: 4, set: { size: MiB(4) } })],
        durationNs: ms(50),
      });
    expect(timeless(at(ms(1)))).toEqual(timeless(at(ms(60))));
  });

  test('a guest that ends at once, to the others', () => {
    const idle = guest(
      program((_task, phase) => void (phase.kind = DONE)),
      { name: 'idle' },
    );
    const busy = [0, 1].map((i) => guest(workload('stream'), { name: `g${i}`, set: { size: MiB(4) } }));
    for (const name of ['kvm-numactl', 'kvm-unpinned']) {
      const at = (guests: typeof busy): Recording => ran({ policy: policy(name), guests, durationNs: ms(50) });
      const without = at(busy);
      const beside = at([...busy, idle]);
      expect(beside.guests.slice(0, 2), name).toEqual(without.guests);
    }
  });

  test('where a guest runs, on a machine without distance and with free handling', () => {
    const machine = buildMachine(uniform);
    const work = guest(workload('stream'), { vcpus: 6, set: { size: MiB(16) } });
    const at = (cpus: number[], node: number): number =>
      ran({ machine, policy: pinned(cpus, () => node), guests: [work], costs: FREE_COSTS, durationNs: ms(30) }).total.throughput.value;
    const together = at([0, 1, 2, 3, 4, 5], 0);
    expect(at([0, 7, 14, 21, 30, 47], 5) / together).toBeCloseTo(1, 9);
    expect(at([42, 43, 44, 45, 46, 47], 0) / together).toBeCloseTo(1, 9);
  });

  test('the policy, to what a nanosecond of running yields on a machine without distance', () => {
    const machine = buildMachine(uniform);
    const yields = ['kvm-unpinned', 'kvm-numactl', 'xen-numa-off', 'xen-numa-on', 'apart', 'unpinned-migrating'].map((name) => {
      const guests = Array.from({ length: 12 }, (_, i) =>
        guest(workload('lmbench-rd'), { name: `g${i}`, bootShare: 0.25, set: { size: MiB(16) } }),
      );
      const { total, guests: records } = ran({
        machine,
        policy: policy(name),
        guests,
        durationNs: seconds(1),
        hostNoise: 1,
        blockBytes: MiB(2),
        checks: 'cheap',
      });
      const lines = Object.values(total.accessesByHop).reduce((sum, count) => sum + count, 0);
      const ran_ = records.reduce(
        (sum, { causes }) => sum + causes.compute + causes.memoryLocal + causes.distance + causes.queueController,
        0,
      );
      expect(total.causes.distance + total.causes.queueController + total.causes.queueLink + total.causes.queuePair, name).toBe(0);
      return { name, perNs: lines / ran_, throughput: total.throughput.value };
    });
    const best = Math.max(...yields.map((policy) => policy.throughput));
    for (const { name, perNs, throughput } of yields) {
      expect(perNs / yields[0]!.perNs, name).toBeGreaterThan(0.99); // refills of cold caches count as lines too
      expect(perNs / yields[0]!.perNs, name).toBeLessThan(1.01);
      expect(throughput / best, `${name}, within the cost of migrations and of waiting for the host's own load`).toBeGreaterThan(0.95);
    }
  });

  test('more distance never makes a fixed placement faster', () => {
    let before = 0;
    for (const factor of [1, 1.2, 2, 5]) {
      const latencyNs = {
        ...lopsided.latencyNs,
        value: lopsided.latencyNs.value.map((row, a) => row.map((ns, b) => (a === b ? ns : ns * factor))),
      };
      const machine = buildMachine({ ...lopsided, latencyNs });
      const { simulatedNs } = run(scenario({ machine, policy: pinned([4], () => 0), guests: [guest(chases(1000))], costs: FREE_COSTS }));
      expect(simulatedNs).toBeGreaterThan(before);
      before = simulatedNs;
    }
  });
});
