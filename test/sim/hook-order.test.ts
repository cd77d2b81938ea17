import { describe, expect, test } from 'vitest';
import { run } from '../../sim/engine.ts';
import { type CpuPolicy, DSQ_LOCAL, ENQ_RESTORE, ENQ_WAKEUP, FLOATING, type Kernel, KICK_PREEMPT } from '../../sim/policy-api.ts';
import type { GuestSpec } from '../../sim/scenario.ts';
import { type CpuId, type GuestId, ms, us, type VcpuId } from '../../sim/units.ts';
import { BLOCK } from '../../sim/workload-api.ts';
import { does, noted, played, runs, sleeps, yields } from './noted-policy-fixture.ts';
import { asEntry, FREE_COSTS, guest, onNodes, program, scenario } from './scenario-fixture.ts';

describe('the hooks of a cpu part are called in the order of kernel/sched/ext.c:', () => {
  test('at first init, then each guest with its vCPUs', () => {
    const calls: string[] = [];
    const entry = asEntry(() => ({ name: 'noted', memory: onNodes(() => 0), cpu: noted(calls) }));
    run(scenario({ policy: entry, guests: [does('a', runs(1)), does('b', runs(1))], costs: FREE_COSTS }));
    expect(calls.slice(0, 7)).toEqual([
      '0 init',
      '0 guestInit 0',
      '0 initTask 0',
      '0 enable 0',
      '0 guestInit 1',
      '0 initTask 1',
      '0 enable 1',
    ]);
  });

  test('wake and block', () => {
    const calls: string[] = [];
    played(calls, [does('a', runs(100), sleeps(50), runs(20))], { cpu: noted(calls) });
    expect(calls).toEqual([
      '0 selectCpu 0 prev 0 flags 1',
      `0 runnable 0 flags ${ENQ_WAKEUP}`,
      `0 enqueue 0 flags ${ENQ_WAKEUP}`,
      '0 updateIdle 0 busy',
      '0 running 0 on 0',
      '100 stopping 0 on 0 blocked',
      '100 quiescent 0 flags 1',
      '100 dispatch 0 prev -1',
      '100 updateIdle 0 idle',
      '150 selectCpu 0 prev 0 flags 2',
      '150 runnable 0 flags 1',
      '150 enqueue 0 flags 1',
      '150 updateIdle 0 busy',
      '150 running 0 on 0',
      '170 stopping 0 on 0 blocked',
      '170 quiescent 0 flags 1',
      '170 dispatch 0 prev -1',
      '170 updateIdle 0 idle',
    ]);
  });

  test('a direct insert in selectCpu skips enqueue', () => {
    const calls: string[] = [];
    const cpu = noted(calls, {
      selectCpu(k, v) {
        k.dsqInsert(v, DSQ_LOCAL, ms(1), 0);
        return 1 as CpuId;
      },
    });
    played(calls, [does('a', runs(10))], { cpu });
    expect(calls.slice(0, 3)).toEqual(['0 runnable 0 flags 1', '0 updateIdle 1 busy', '0 running 0 on 1']);
  });

  test('a slice that runs out goes through enqueue if another waits, else it is renewed', () => {
    const calls: string[] = [];
    // a has 400 us while b waits; b ends at 500; a then runs its last 300 with nobody waiting and without a hook
    played(calls, [does('a', runs(700)), does('b', runs(100))], { cpu: noted(calls) });
    expect(calls.filter((call) => !call.startsWith('0 '))).toEqual([
      '400 stopping 0 on 0 runnable',
      '400 enqueue 0 flags 4',
      '400 running 1 on 0',
      '500 stopping 1 on 0 blocked',
      '500 quiescent 1 flags 1',
      '500 running 0 on 0',
      '800 stopping 0 on 0 blocked',
      '800 quiescent 0 flags 1',
      '800 dispatch 0 prev -1',
      '800 updateIdle 0 idle',
    ]);
  });

  test('a kick that preempts', () => {
    const calls: string[] = [];
    const enqueue: CpuPolicy['enqueue'] = (k, v, flags) => {
      calls.push(`${k.nowNs / 1000} enqueue ${v} flags ${flags}`);
      k.dsqInsert(v, DSQ_LOCAL, ms(3), 0);
      if (v === (1 as VcpuId) && flags === ENQ_WAKEUP) k.kick(0 as CpuId, KICK_PREEMPT);
    };
    const cpu = noted(calls, { enqueue }, [0, 1]);
    played(calls, [does('a', runs(200)), does('b', sleeps(50), runs(10))], { cpu });
    const from = calls.findIndex((call) => call.startsWith('50 '));
    expect(calls.slice(from, from + 6)).toEqual([
      '50 selectCpu 1 prev 1 flags 2',
      '50 runnable 1 flags 1',
      '50 enqueue 1 flags 1',
      '50 stopping 0 on 0 runnable',
      '50 enqueue 0 flags 2',
      '50 running 1 on 0',
    ]);
  });

  test('a yield without a hook for it ends the slice; with one the policy says what it means', () => {
    const guests = (): GuestSpec[] => [does('a', runs(100), yields, runs(30)), does('b', runs(40))];
    const plain: string[] = [];
    played(plain, guests(), { cpu: noted(plain) });
    expect(plain.filter((call) => call.startsWith('100 '))).toEqual([
      '100 stopping 0 on 0 runnable',
      '100 enqueue 0 flags 4',
      '100 running 1 on 0',
    ]);
    const refused: string[] = [];
    played(refused, guests(), { cpu: noted(refused, { yield: (k, v) => void refused.push(`${k.nowNs / 1000} yield ${v}`) }) });
    expect(refused.filter((call) => call.startsWith('100 '))).toEqual(['100 yield 0']);
    const granted: string[] = [];
    played(granted, guests(), { cpu: noted(granted, { yield: (k, v) => k.setSlice(v, 0) }) });
    expect(granted).toEqual(plain);
  });

  test('a vCPU that is moved off its CPU by a new mask: queued, running, and asleep', () => {
    const calls: string[] = [];
    const daemon = {
      name: 'mover',
      periodNs: us(50),
      step: (k: Kernel, act: { setAffinity(v: VcpuId, cpus: readonly CpuId[] | null): void }): void => {
        if (k.nowNs === us(50)) for (const v of [0, 1, 2]) act.setAffinity(v as VcpuId, [2 as CpuId]);
      },
    };
    const guests = [does('a', runs(90)), does('b', runs(90)), does('c', sleeps(95), runs(5))];
    played(calls, guests, { cpu: noted(calls, {}, [0, 0, 1]), daemons: [daemon] });
    expect(calls.filter((call) => call.startsWith('50 '))).toEqual([
      '50 stopping 0 on 0 blocked', // it runs: taken off and queued on CPU 2
      '50 quiescent 0 flags 2',
      '50 setCpumask 0',
      `50 runnable 0 flags ${ENQ_RESTORE}`,
      `50 enqueue 0 flags ${ENQ_RESTORE}`,
      '50 dequeue 1 flags 2', // it waits
      '50 quiescent 1 flags 2',
      '50 setCpumask 1',
      `50 runnable 1 flags ${ENQ_RESTORE}`,
      `50 enqueue 1 flags ${ENQ_RESTORE}`,
      '50 setCpumask 2', // it sleeps
      '50 dispatch 0 prev -1',
      '50 updateIdle 0 idle',
      '50 updateIdle 2 busy',
      '50 running 0 on 2',
    ]);
    // and from then on selectCpu is not asked: there is one CPU to choose from
    expect(calls.find((call) => call.startsWith('95 '))).toBe('95 runnable 2 flags 1');
  });

  test('a new weight takes a vCPU out and puts it back where it was', () => {
    const calls: string[] = [];
    const daemon = {
      name: 'renice',
      periodNs: us(50),
      step: (k: Kernel, act: { setWeight(guest: GuestId, weight: number): void }): void => {
        if (k.nowNs === us(50)) for (const g of [0, 1]) act.setWeight(g as GuestId, 300);
      },
    };
    played(calls, [does('a', runs(90)), does('b', runs(90))], { cpu: noted(calls), daemons: [daemon] });
    expect(calls.filter((call) => call.startsWith('50 '))).toEqual([
      '50 stopping 0 on 0 blocked',
      '50 quiescent 0 flags 2',
      '50 setWeight 0 300',
      '50 running 0 on 0',
      '50 dequeue 1 flags 2',
      '50 quiescent 1 flags 2',
      '50 setWeight 1 300',
      `50 runnable 1 flags ${ENQ_RESTORE}`,
      `50 enqueue 1 flags ${ENQ_RESTORE}`,
    ]);
  });

  test('a guest that departs: its vCPU that runs, the one that waits, the one that sleeps; then the guest', () => {
    const calls: string[] = [];
    let starts = 0;
    const three = program(
      (task, phase) => {
        starts++;
        if (starts > 3) phase.kind = BLOCK;
        else if (task < 2) runs(500)(phase);
        else sleeps(400)(phase);
      },
      { tasks: 3 },
    );
    const leaving = guest(three, { name: 'a', kind: 'bare', vcpus: 3, departsNs: us(120) });
    const { guests } = played(calls, [leaving, does('b', sleeps(300), runs(10))], { cpu: noted(calls, {}, [0, 0, 1, 1]) });
    expect(calls.filter((call) => call.startsWith('120 '))).toEqual([
      '120 stopping 0 on 0 blocked',
      '120 quiescent 0 flags 1',
      '120 dequeue 1 flags 2',
      '120 quiescent 1 flags 2',
      '120 disable 0',
      '120 exitTask 0',
      '120 disable 1',
      '120 exitTask 1',
      '120 disable 2',
      '120 exitTask 2',
      '120 guestExit 0',
      '120 dispatch 0 prev -1',
      '120 updateIdle 0 idle',
    ]);
    expect([guests[0]!.elapsedNs, guests[0]!.status, guests[0]!.waitNs]).toEqual([us(120), 'unfinished', us(120)]);
  });

  test('a guest that arrives late is placed, introduced and started then', () => {
    const calls: string[] = [];
    const placed: string[] = [];
    const placement = {
      name: 'noting',
      place: (k: Kernel, g: GuestId) => {
        placed.push(`${k.nowNs / 1000} place ${g} here ${[0, 1].map((other) => k.isHere(other as GuestId)).join()}`);
        return FLOATING;
      },
    };
    const late = { ...does('b', runs(10)), arrivesNs: us(70) };
    played(calls, [does('a', runs(100)), late], { cpu: noted(calls), placement });
    expect(placed).toEqual(['0 place 0 here false,false', '70 place 1 here true,false']);
    expect(calls.filter((call) => call.startsWith('70 '))).toEqual([
      '70 guestInit 1',
      '70 initTask 1',
      '70 enable 1',
      '70 selectCpu 1 prev 0 flags 1',
      '70 runnable 1 flags 1',
      '70 enqueue 1 flags 1',
    ]);
  });

  test('a CPU that goes off line is told, then what runs and waits there is queued anew; it comes back with a hook', () => {
    const calls: string[] = [];
    const cpu = noted(calls, {
      selectCpu: (k) => (k.isOnline(0 as CpuId) ? 0 : 1) as CpuId,
    });
    const hotplug = [
      { atNs: us(60), cpu: 0, isOnline: false },
      { atNs: us(130), cpu: 0, isOnline: true },
    ];
    played(calls, [does('a', runs(150)), does('b', runs(80))], { cpu }, { hotplug });
    const from = calls.findIndex((call) => call.startsWith('60 '));
    expect(calls.slice(from)).toEqual([
      '60 cpuOffline 0',
      '60 stopping 0 on 0 blocked',
      '60 quiescent 0 flags 2',
      `60 runnable 0 flags ${ENQ_RESTORE}`,
      `60 enqueue 0 flags ${ENQ_RESTORE}`,
      '60 dequeue 1 flags 2',
      '60 quiescent 1 flags 2',
      `60 runnable 1 flags ${ENQ_RESTORE}`,
      `60 enqueue 1 flags ${ENQ_RESTORE}`,
      '60 dispatch 0 prev -1',
      '60 updateIdle 0 idle',
      '60 updateIdle 1 busy',
      '60 running 0 on 1',
      '130 cpuOnline 0',
      '130 dequeue 1 flags 2', // what waits may be better off there: it is asked where
      '130 quiescent 1 flags 2',
      `130 runnable 1 flags ${ENQ_RESTORE}`,
      `130 enqueue 1 flags ${ENQ_RESTORE}`,
      '130 updateIdle 0 busy',
      '130 running 1 on 0',
      '150 stopping 0 on 1 blocked', // a has run 60 + 90
      '150 quiescent 0 flags 1',
      '150 dispatch 1 prev -1',
      '150 updateIdle 1 idle',
      '210 stopping 1 on 0 blocked',
      '210 quiescent 1 flags 1',
      '210 dispatch 0 prev -1',
      '210 updateIdle 0 idle',
    ]);
  });
});
