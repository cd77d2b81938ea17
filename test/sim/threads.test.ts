import { describe, expect, test } from 'vitest';
import { ENQ_RESTORE, type Kernel } from '../../sim/policy-api.ts';
import type { GuestSpec } from '../../sim/scenario.ts';
import { type CpuId, type GuestId, us, type VcpuId } from '../../sim/units.ts';
import { AFFINITY, DONE, type GuestProgram, type Phase, RENICE, type ThreadSpec } from '../../sim/workload-api.ts';
import { noted, played, runs, type Step } from './noted-policy-fixture.ts';
import { guest } from './scenario-fixture.ts';

const thread = (name: string, more: Partial<ThreadSpec> = {}): ThreadSpec => ({ name, weight: 100, cpus: null, sliceNs: 0, ...more });
const mayUse =
  (cpus: readonly number[] | null): Step =>
  (phase) =>
    void ((phase.kind = AFFINITY), (phase.cpus = cpus));
const asks = (weight: number, sliceNs: number): Step => (phase: Phase) => void ((phase.kind = RENICE), (phase.weight = weight), (phase.sliceNs = sliceNs)); // prettier-ignore

/** A process whose threads do these steps each. */
function process(threads: readonly ThreadSpec[], ...steps: Step[][]): GuestSpec {
  const build = (): GuestProgram => programOf(threads, steps);
  return guest({ name: 'p', summary: '', ends: 'by itself', options: [], build }, { name: 'p', kind: 'bare', vcpus: threads.length });
}

function programOf(threads: readonly ThreadSpec[], steps: readonly Step[][]): GuestProgram {
  const at = threads.map(() => 0);
  return {
    tasks: threads.length,
    threads,
    regions: 0,
    unit: 'steps/s',
    next(task, phase) {
      const step = steps[task]![at[task]!++];
      if (step) step(phase);
      else phase.kind = DONE;
    },
  };
}

describe('a thread that asks for', () => {
  test('other CPUs is taken off its CPU, moved and goes on there, in the order of the kernel', () => {
    const calls: string[] = [];
    const { guests } = played(calls, [process([thread('a')], [runs(50), mayUse([2]), runs(30), mayUse(null), runs(20)])], { cpu: noted(calls) }); // prettier-ignore
    expect(calls.filter((call) => call.startsWith('50 '))).toEqual([
      '50 stopping 0 on 0 blocked',
      '50 quiescent 0 flags 2',
      '50 setCpumask 0',
      `50 runnable 0 flags ${ENQ_RESTORE}`,
      `50 enqueue 0 flags ${ENQ_RESTORE}`,
      '50 dispatch 0 prev -1',
      '50 updateIdle 0 idle',
      '50 updateIdle 2 busy',
      '50 running 0 on 2',
    ]);
    // it may use all again and stays where it is
    expect(calls.filter((call) => call.startsWith('80 '))).toEqual(['80 stopping 0 on 2 blocked', '80 quiescent 0 flags 2', '80 setCpumask 0', '80 running 0 on 2']); // prettier-ignore
    expect(guests[0]!.threads![0]).toMatchObject({ name: 'a', runNs: us(100), migrations: 1, waitNs: 0 });
  });

  test('CPUs that the policy keeps from it gets what is in both, and the policy gives it others later', () => {
    const calls: string[] = [];
    const allowed: string[] = [];
    const cpu = noted(calls, {
      running: (k, v) => void (v === 0 && allowed.push([0, 1, 2, 3, 4, 5].filter((c) => k.allows(v, c as CpuId)).join())),
    });
    const daemon = {
      name: 'mover',
      periodNs: us(10),
      step: (k: Kernel, act: { setAffinity(v: VcpuId, cpus: readonly CpuId[] | null): void }): void => {
        if (k.nowNs === us(10)) act.setAffinity(0 as VcpuId, [0, 1, 2] as CpuId[]);
      },
    };
    played(calls, [process([thread('a', { cpus: [0, 1, 4] })], [runs(50), mayUse([1, 5]), runs(30), mayUse([4]), runs(10)])], { cpu, daemons: [daemon] }); // prettier-ignore
    // its own; those of the policy; both; nothing is in both, so that what it asks for holds
    expect(allowed).toEqual(['0,1,4', '0,1,2', '1', '4']);
  });

  test('another weight or slice has it at once; the weight of its guest multiplies it', () => {
    const calls: string[] = [];
    const told: [number, number][] = [];
    const cpu = noted(calls, {
      running: (k, v) => void (v === 0 && told.push([k.weight(v), k.sliceHint(v)])),
      setWeight: (k, v, weight) => void (v === 0 && told.push([weight, k.sliceHint(v)])),
    });
    const daemon = {
      name: 'renice',
      periodNs: us(20),
      step: (k: Kernel, act: { setWeight(guest: GuestId, weight: number): void }): void => {
        if (k.nowNs === us(20)) act.setWeight(0 as GuestId, 300);
      },
    };
    played(calls, [process([thread('a', { weight: 50, sliceNs: 7 })], [runs(50), asks(80, -1), runs(10), asks(-1, 9), runs(10)])], { cpu, daemons: [daemon] }); // prettier-ignore
    // half of the guest's 1024, then of 300, then four fifths
    expect(told).toEqual([[512, 7], [150, 7], [150, 7], [240, 7], [240, 7], [240, 9], [240, 9]]); // prettier-ignore
  });
});

test('threads are told one by one, and a program of threads wants a process with a vCPU for each', () => {
  const calls: string[] = [];
  const two = process([thread('a', { cpus: [0] }), thread('b', { cpus: [0] })], [runs(50)], [runs(30)]);
  const { guests } = played(calls, [two], { cpu: noted(calls) });
  expect(guests[0]!.threads!.map(({ name, lifetimeNs, runNs, waitNs, wakes, contextSwitches }) => [name, lifetimeNs, runNs, waitNs, wakes, contextSwitches])).toEqual([['a', us(50), us(50), 0, 1, 1], ['b', us(80), us(30), us(50), 1, 1]]); // prettier-ignore
  expect(() => played([], [{ ...two, vcpus: 1 }], { cpu: noted([]) })).toThrow(
    'guest p: a program of 2 threads, want a bare guest of as many vCPUs, without boot',
  );
});
