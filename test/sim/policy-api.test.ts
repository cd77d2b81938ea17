import { describe, expect, test } from 'vitest';
import { run } from '../../sim/engine.ts';
import { type CpuPolicy, DSQ_LOCAL, DSQ_LOCAL_ON, FLOATING, type Kernel } from '../../sim/policy-api.ts';
import { type CpuId, type DsqId, ms, us, type VcpuId } from '../../sim/units.ts';
import { does, noted, played, runs, type Step } from './noted-policy-fixture.ts';
import { asEntry, FREE_COSTS, onNodes, scenario } from './scenario-fixture.ts';

describe('masks', () => {
  test('a vCPU whose last CPU goes off line runs elsewhere, and goes back when that CPU returns', () => {
    const calls: string[] = [];
    const placement = {
      name: 'one',
      place: () => ({ ...FLOATING, hardCpus: [[0 as CpuId]] }),
    };
    const hotplug = [
      { atNs: us(20), cpu: 0, isOnline: false },
      { atNs: us(50), cpu: 0, isOnline: true },
    ];
    const cpu = noted(calls, { selectCpu: () => 3 as CpuId });
    const recording = played(calls, [does('a', runs(100))], { cpu, placement }, { hotplug });
    expect(calls.filter((call) => call.includes('running'))).toEqual(['0 running 0 on 0', '20 running 0 on 3', '50 running 0 on 0']);
    expect(recording.simulatedNs).toBe(us(100));
  });

  test('a daemon that names a CPU that is none, or no CPU, ends the run', () => {
    for (const [cpus, message] of [
      [[7], 'CPU 7, want 0 to 5'],
      [[], 'a mask without a CPU'],
    ] as const) {
      const daemon = {
        name: 'wrong',
        periodNs: us(10),
        step: (_k: Kernel, act: { setAffinity(v: VcpuId, cpus: readonly CpuId[] | null): void }): void =>
          act.setAffinity(0 as VcpuId, cpus as never),
      };
      const entry = asEntry(() => ({ name: 'p', memory: onNodes(() => 0), cpu: noted([]), daemons: [daemon] }));
      const recording = run(scenario({ policy: entry, guests: [does('a', runs(100))], costs: FREE_COSTS }));
      expect([recording.status, recording.message]).toEqual(['policy-error', expect.stringContaining(message)]);
    }
  });
});

describe('a call of the API is paid for:', () => {
  const costs = { ...FREE_COSTS, hookNs: 300, helperNs: 7 };
  const elapsed = (cpu: CpuPolicy, steps: Step[] = [runs(100)]): number => {
    const entry = asEntry(() => ({ name: 'p', memory: onNodes(() => 0), cpu }));
    return run(scenario({ policy: entry, guests: [does('a', ...steps)], costs })).simulatedNs;
  };
  const enqueue: CpuPolicy['enqueue'] = (k, v) => k.dsqInsert(v, DSQ_LOCAL, ms(1), 0);

  test('the hooks of a wake by the vCPU that wakes, with the helpers they call', () => {
    expect(elapsed({ name: 'p', enqueue })).toBe(us(100) + 300 + 7); // enqueue and dsqInsert
    expect(elapsed({ name: 'p', enqueue, selectCpu: () => 0 as CpuId, running: () => undefined })).toBe(us(100) + 3 * 300 + 7);
    expect(elapsed({ name: 'p', enqueue, runnable: (k) => void (k.isIdle(0 as CpuId) && k.isIdle(1 as CpuId)) })).toBe(
      us(100) + 2 * 300 + 3 * 7,
    );
  });

  test('what a CPU does when it has nothing left is paid by nobody', () => {
    expect(elapsed({ name: 'p', enqueue, dispatch: (k, cpu) => void k.isIdle(cpu) })).toBe(us(100) + 307);
  });

  test('a tick by the vCPU it finds, before it runs on', () => {
    // two ticks, at 40 and 80 us, of 300 each: paid when its next phase begins
    expect(elapsed({ name: 'p', enqueue, hz: 25_000, tick: () => undefined }, [runs(90), runs(10)])).toBe(us(100) + 307 + 600);
  });

  test('and a hook that calls for ever is stopped at the same call everywhere', () => {
    const entry = asEntry(() => ({
      name: 'p',
      memory: onNodes(() => 0),
      cpu: {
        name: 'p',
        enqueue(k) {
          while (!k.isIdle(5 as CpuId) || k.isIdle(5 as CpuId));
        },
      } satisfies CpuPolicy,
    }));
    const { status, message } = run(scenario({ policy: entry, guests: [does('a', runs(1))] }));
    expect([status, message]).toEqual(['policy-error', expect.stringContaining('more than 1006000 helpers called by one hook')]);
  });
});

describe('moving between queues', () => {
  test('a queue is FIFO or by vtime while something is in it, and either when it is empty', () => {
    const cpu = (second: 'fifo' | 'vtime'): CpuPolicy => ({
      name: 'p',
      init: (k) => k.createDsq(0 as DsqId),
      enqueue(k, v) {
        if (v === (0 as VcpuId) || second === 'fifo') k.dsqInsert(v, 0 as DsqId, ms(1), 0);
        else k.dsqInsertVtime(v, 0 as DsqId, ms(1), 5, 0);
      },
      dispatch: (k) => void k.dsqMoveToLocal(0 as DsqId),
    });
    const status = (second: 'fifo' | 'vtime'): string => {
      const entry = asEntry(() => ({ name: 'p', memory: onNodes(() => 0), cpu: cpu(second) }));
      return run(scenario({ policy: entry, guests: [does('a', runs(1)), does('b', runs(1))] })).status;
    };
    expect([status('fifo'), status('vtime')]).toEqual(['ok', 'policy-error']);
  });

  test('a timer moves what waits for one CPU to another, which takes it at once', () => {
    const calls: string[] = [];
    const cpu = noted(calls, {
      init: (k) =>
        k.timer(us(30), (kernel) => {
          if (kernel.dsqOf(1 as VcpuId) === DSQ_LOCAL_ON) kernel.dsqMoveTo(1 as VcpuId, (DSQ_LOCAL_ON + 4) as DsqId);
        }),
    });
    played(calls, [does('a', runs(100)), does('b', runs(50))], { cpu });
    expect(calls.filter((call) => call.includes('running'))).toEqual(['0 running 0 on 0', '30 running 1 on 4']);
  });
});
