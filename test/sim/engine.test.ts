import { describe, expect, test } from 'vitest';
import { lopsided } from '../../machines/lopsided.ts';
import { uniform } from '../../machines/uniform.ts';
import { run } from '../../sim/engine.ts';
import { buildMachine } from '../../sim/machine.ts';
import type { Recording } from '../../sim/recording.ts';
import { KiB, MiB, ms, seconds, us } from '../../sim/units.ts';
import { BLOCK, DONE, SLEEP, TOUCH, type WorkloadEntry } from '../../sim/workload-api.ts';
import { chases, readsOnce } from './reading-fixture.ts';
import { computes, FREE_COSTS, guest, pinned, policy, program, ran, scenario, workload } from './scenario-fixture.ts';

const MB = 1e6;

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
