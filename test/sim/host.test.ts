import { describe, expect, test } from 'vitest';
import {
  type CpuPolicy,
  DSQ_GLOBAL,
  DSQ_LOCAL,
  DSQ_LOCAL_ON,
  ENQ_PREEMPTED,
  ENQ_SLICE_END,
  ENQ_WAKEUP,
  KICK_IDLE,
  KICK_PREEMPT,
  WAKE_FORK,
  WAKE_TTWU,
} from '../../sim/policy-api.ts';
import { type CpuId, type DsqId, KiB, MiB, ms, NONE, type NodeId, us, type VcpuId } from '../../sim/units.ts';
import { DONE, RANDOM, SLEEP, type WorkloadEntry } from '../../sim/workload-api.ts';
import { asEntry, computes, FREE_COSTS, guest, onNodes, program, ran } from './scenario-fixture.ts';

/** Computes (above 0) and sleeps (below 0) for these times, then ends. One task. */
function script(...timesNs: number[]): WorkloadEntry {
  let step = 0;
  return program((_task, phase) => {
    const timeNs = timesNs[step++];
    if (timeNs === undefined) phase.kind = DONE;
    else if (timeNs > 0) computes(phase, timeNs * 1.6);
    else {
      phase.kind = SLEEP;
      phase.durationNs = -timeNs;
    }
  });
}

/** Runs one-vCPU guests under a policy that writes down which of its hooks is called when, in us. */
function hooksOf(works: WorkloadEntry[], cpu: Pick<CpuPolicy, 'enqueue'> & Partial<CpuPolicy>, sliceFrom = 0): string[] {
  const log: string[] = [];
  const at = (nowNs: number, text: string): void => void (nowNs >= sliceFrom && log.push(`${nowNs / 1000} ${text}`));
  const entry = asEntry(() => ({
    name: 'logs',
    memory: onNodes(() => 0),
    cpu: {
      name: 'logs',
      ...(cpu.init ? { init: cpu.init } : {}),
      selectCpu(k, vcpu, prev, flags) {
        at(k.nowNs, `selectCpu v${vcpu} prev ${prev} ${flags === WAKE_FORK ? 'fork' : flags === WAKE_TTWU ? 'wakeup' : flags}`);
        return cpu.selectCpu ? cpu.selectCpu(k, vcpu, prev, flags) : prev;
      },
      runnable: (k, vcpu, flags) => at(k.nowNs, `runnable v${vcpu} ${flags === ENQ_WAKEUP ? 'wakeup' : flags}`),
      enqueue(k, vcpu, flags) {
        const why = { [ENQ_WAKEUP]: 'wakeup', [ENQ_SLICE_END]: 'slice end', [ENQ_PREEMPTED]: 'preempted' }[flags];
        at(k.nowNs, `enqueue v${vcpu} ${why}`);
        cpu.enqueue(k, vcpu, flags);
      },
      dispatch(k, on, prev) {
        at(k.nowNs, `dispatch c${on} prev ${prev}`);
        cpu.dispatch?.(k, on, prev);
      },
      running: (k, vcpu, on) => at(k.nowNs, `running v${vcpu} c${on}`),
      stopping: (k, vcpu, on, runnable) => at(k.nowNs, `stopping v${vcpu} c${on} ${runnable ? 'runnable' : 'blocks'}`),
      quiescent: (k, vcpu) => at(k.nowNs, `quiescent v${vcpu}`),
      updateIdle: (k, on, idle) => at(k.nowNs, `updateIdle c${on} ${idle}`),
    },
  }));
  const guests = works.map((work, i) => guest(work, { name: `g${i}` }));
  const { status, message } = ran({ policy: entry, guests, costs: FREE_COSTS });
  expect(status, String(message)).toBe('ok');
  return log;
}

const onCpu = (cpu: number, sliceNs: number): Pick<CpuPolicy, 'enqueue'> => ({
  enqueue: (k, vcpu, flags) => k.dsqInsert(vcpu, (DSQ_LOCAL_ON + cpu) as DsqId, sliceNs, flags & 0),
});

/** The second vCPU falls asleep on CPU 1 and comes back to CPU 0, where the first one runs. */
const sleepsOnCpu1: Pick<CpuPolicy, 'selectCpu'> = {
  selectCpu: (_k, vcpu, _prev, flags) => (vcpu === 1 && flags === WAKE_FORK ? 1 : 0) as CpuId,
};

describe('hooks come in the order of kernel/sched/ext.c', () => {
  test('at a wake on an idle CPU, and when the vCPU blocks', () => {
    expect(hooksOf([script(us(10), -us(20), us(5))], { ...onCpu(2, ms(1)), selectCpu: () => 2 as CpuId }, 1)).toEqual([
      '10 stopping v0 c2 blocks',
      '10 quiescent v0',
      '10 dispatch c2 prev -1',
      '10 updateIdle c2 true',
      '30 selectCpu v0 prev 2 wakeup',
      '30 runnable v0 wakeup',
      '30 enqueue v0 wakeup',
      '30 updateIdle c2 false',
      '30 running v0 c2',
      // its end ends the run: nothing more is asked
      '35 stopping v0 c2 blocks',
      '35 quiescent v0',
      '35 dispatch c2 prev -1',
      '35 updateIdle c2 true',
    ]);
  });

  test('at the first wakes: the second waits where the first runs', () => {
    const log = hooksOf([script(us(10)), script(us(10))], { ...onCpu(4, ms(1)), selectCpu: () => 4 as CpuId });
    expect(log.filter((line) => line.startsWith('0 ') && !line.includes('c4'))).toEqual([
      '0 selectCpu v0 prev 0 fork',
      '0 runnable v0 wakeup',
      '0 enqueue v0 wakeup',
      '0 selectCpu v1 prev 0 fork',
      '0 runnable v1 wakeup',
      '0 enqueue v1 wakeup',
    ]);
    expect(log.filter((line) => line.includes('running'))).toEqual(['0 running v0 c4', '10 running v1 c4']);
  });

  test('at a wake on a busy CPU, and at the end of slices with and without a waiter', () => {
    const works = [script(us(100)), script(-us(15), us(30))];
    const log = hooksOf(works, { ...sleepsOnCpu1, enqueue: (k, vcpu) => k.dsqInsert(vcpu, DSQ_LOCAL, us(40), 0) }, 1);
    expect(log).toEqual([
      '15 selectCpu v1 prev 1 wakeup',
      '15 runnable v1 wakeup',
      '15 enqueue v1 wakeup',
      '40 stopping v0 c0 runnable', // the local queue has v1: dispatch is not asked
      '40 enqueue v0 slice end',
      '40 running v1 c0',
      '70 stopping v1 c0 blocks',
      '70 quiescent v1',
      '70 running v0 c0',
      '110 dispatch c0 prev 0', // nobody waits: v0 keeps its CPU, and is neither stopped nor queued
      '130 stopping v0 c0 blocks',
      '130 quiescent v0',
      '130 dispatch c0 prev -1',
      '130 updateIdle c0 true',
    ]);
  });

  test('at a kick that preempts', () => {
    const works = [script(us(100)), script(-us(15), us(30))];
    const log = hooksOf(
      works,
      {
        ...sleepsOnCpu1,
        enqueue: (k, vcpu, flags) => {
          k.dsqInsert(vcpu, DSQ_LOCAL, ms(1), 0);
          if (flags === ENQ_WAKEUP && k.cpuCurr(0 as CpuId) === 0) k.kick(0 as CpuId, KICK_PREEMPT);
        },
      },
      1,
    );
    expect(log.slice(3, 8)).toEqual([
      '15 stopping v0 c0 runnable',
      '15 enqueue v0 preempted',
      '15 running v1 c0',
      '45 stopping v1 c0 blocks',
      '45 quiescent v1',
    ]);
  });

  test('when a CPU takes a vCPU over from the queue of another', () => {
    const shared = 7 as DsqId;
    const works = [script(us(50)), script(us(50))];
    const log = hooksOf(
      works,
      {
        init: (k) => k.createDsq(shared),
        selectCpu: () => 0 as CpuId,
        enqueue: (k, vcpu) => {
          k.dsqInsert(vcpu, vcpu === 0 ? (DSQ_LOCAL_ON as DsqId) : shared, ms(1), 0);
          if (vcpu === 1) k.kick(5 as CpuId, KICK_IDLE);
        },
        dispatch: (k, cpu) => void (cpu === 5 && k.dsqFirst(shared) !== NONE && k.dsqMove(k.dsqFirst(shared))),
      },
      0,
    );
    expect(log.filter((line) => line.includes('c5'))).toEqual([
      '0 dispatch c5 prev -1',
      '0 updateIdle c5 false',
      '0 running v1 c5',
      '50 stopping v1 c5 blocks',
      '50 dispatch c5 prev -1',
      '50 updateIdle c5 true',
    ]);
  });

  test('what selectCpu inserts itself skips enqueue', () => {
    const log = hooksOf([script(us(10))], {
      selectCpu: (k, vcpu) => {
        k.dsqInsert(vcpu, DSQ_LOCAL, ms(1), 0);
        return 3 as CpuId;
      },
      enqueue: () => undefined,
    });
    expect(log).toEqual([
      '0 selectCpu v0 prev 0 fork',
      '0 runnable v0 wakeup',
      '0 updateIdle c3 false',
      '0 running v0 c3',
      '10 stopping v0 c3 blocks',
      '10 quiescent v0',
      '10 dispatch c3 prev -1',
      '10 updateIdle c3 true',
    ]);
  });
});

test('a vCPU that moves is counted by what its CPUs share', () => {
  // CPUs 0 to 2 are node 0 and 3 node 1 of socket 0; 4 and 5 are node 2 of socket 1
  let wakes = 0;
  const path = [0, 1, 3, 5, 4, 4];
  const entry = asEntry(() => ({
    name: 'walks',
    memory: onNodes(() => 0),
    cpu: {
      name: 'walks',
      selectCpu: () => path[wakes++] as CpuId,
      enqueue: (k, vcpu) => k.dsqInsert(vcpu, DSQ_LOCAL, ms(1), 0),
    },
  }));
  const works = script(us(10), -us(5), us(10), -us(5), us(10), -us(5), us(10), -us(5), us(10), -us(5), us(10));
  const { guests } = ran({ policy: entry, guests: [guest(works)], costs: FREE_COSTS });
  expect(guests[0]!.migrations).toEqual({ core: 0, cpu: 2, node: 1, socket: 1 });
  expect(guests[0]!.wakes).toBe(6);
  expect(guests[0]!.delayedWakes).toBe(0);
  expect(guests[0]!.elapsedNs).toBe(us(85));
});

test('a vCPU held on a node never runs elsewhere, and a wait is a delayed wake', () => {
  const entry = asEntry(() => ({
    name: 'held',
    memory: onNodes(() => 0),
    placement: { name: 'held', place: () => ({ hardNodes: [1 as NodeId], softNodes: null, memoryNodes: [] }) },
    cpu: { name: 'held', enqueue: (k, vcpu: VcpuId) => k.dsqInsert(vcpu, DSQ_GLOBAL, ms(1), 0) },
  }));
  const { guests } = ran({ policy: entry, guests: ['a', 'b'].map((name) => guest(script(us(10)), { name })), costs: FREE_COSTS });
  expect(guests.map((record) => record.elapsedNs)).toEqual([us(10), us(20)]); // node 1 has one CPU
  expect(guests.map((record) => [record.wakes, record.delayedWakes, record.waitNs])).toEqual([
    [1, 0, 0],
    [1, 1, us(10)],
  ]);
});

test('a vCPU that moves fetches anew what its phase uses of the caches it left', () => {
  // 1 MiB of node 0, used at random and all of it in the cache of 3 MiB; CPUs 0 and 1 are node 0, 4 is node 2
  let wakes = 0;
  const path = [0, 1, 4];
  const entry = asEntry(() => ({
    name: 'walks',
    memory: onNodes(() => 0),
    cpu: {
      name: 'walks',
      selectCpu: () => path[wakes++] as CpuId,
      enqueue: (k, vcpu) => k.dsqInsert(vcpu, DSQ_LOCAL, ms(1), 0),
    },
  }));
  let step = 0;
  const works = program(
    (_task, phase, calls) => {
      if (step === 0) calls.allocate(0, MiB(1));
      if (step === 5) phase.kind = DONE;
      else if (step % 2 === 1) {
        phase.kind = SLEEP;
        phase.durationNs = us(5);
      } else {
        computes(phase, 1000);
        phase.accessesPerInstruction = 1;
        phase.region = 0;
        phase.pattern = RANDOM;
        phase.workingSetBytes = MiB(1);
      }
      step++;
    },
    { regions: 1 },
  );
  const { guests } = ran({ policy: entry, guests: [guest(works)], costs: { ...FREE_COSTS, coldCache: true } });
  // to CPU 1 it loses the 384 KiB of its private cache, one thread's 3.6 GB/s away; to CPU 4 all, over 1.5 GB/s
  expect(guests[0]!.causes.cacheCold / (KiB(384) / 3.6 + MiB(1) / 1.5)).toBeCloseTo(1, 4);
  const { local, oneHop } = guests[0]!.accessesByHop;
  expect([local, oneHop]).toEqual([KiB(384) / 64, MiB(1) / 64]);
});
