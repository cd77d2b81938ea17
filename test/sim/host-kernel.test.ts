import { describe, expect, test } from 'vitest';
import {
  type CpuPolicy,
  type HintFault,
  DSQ_GLOBAL,
  DSQ_LOCAL,
  DSQ_LOCAL_ON,
  KICK_PREEMPT,
  type Kernel,
  type MemoryPolicy,
  type PlacementPolicy,
  type PolicyEntry,
} from '../../sim/policy-api.ts';
import type { Recording } from '../../sim/recording.ts';
import type { Scenario } from '../../sim/scenario.ts';
import { type CpuId, type DsqId, type GuestId, MiB, ms, NONE, type NodeId, seconds, us, type VcpuId } from '../../sim/units.ts';
import { asEntry, guest, onNodes, policy, ran, workload } from './scenario-fixture.ts';

/** First come first served over the whole machine, with every hook there is. */
const fifo: CpuPolicy = {
  name: 'fifo',
  hz: 1000,
  init: (k) => k.createDsq(3 as DsqId),
  selectCpu: (_k, _vcpu, prev) => prev,
  enqueue: (k, vcpu) => {
    k.dsqInsert(vcpu, 3 as DsqId, us(300), 0);
    for (let cpu = 0; cpu < k.cpuCount; cpu++) if (k.isIdle(cpu as CpuId)) k.kick(cpu as CpuId, 0);
  },
  dispatch: (k) => void k.dsqMoveToLocal(3 as DsqId),
  tick: () => undefined,
  runnable: () => undefined,
  running: () => undefined,
  stopping: () => undefined,
  quiescent: () => undefined,
  updateIdle: () => undefined,
};
const sampled: MemoryPolicy = {
  ...onNodes(() => 1),
  backs: 'first-touch',
  plan: { periodNs: us(500), step: (k) => void k.markBlocks(1 as GuestId, 0, k.guestBlockCount(1 as GuestId)) },
  onHintFault: () => undefined,
  samples: { periodLines: 10 },
  onSample: () => undefined,
};
const anywhere: PlacementPolicy = { name: 'anywhere', place: () => ({ hardNodes: null, softNodes: null, memoryNodes: [] }) };

interface Parts {
  cpu?: Partial<CpuPolicy>;
  memory?: Partial<MemoryPolicy>;
  placement?: Partial<PlacementPolicy>;
}

/** @param base its memory part; one that marks and samples has kernel threads beside the guests */
function faulty({ cpu = {}, memory = {}, placement = {} }: Parts, base: MemoryPolicy = sampled): PolicyEntry {
  return asEntry(() => ({
    name: 'faulty',
    cpu: { ...fifo, ...cpu },
    memory: { ...base, ...memory },
    placement: { ...anywhere, ...placement },
  }));
}

/** Eight vCPUs of two guests on the six CPUs: they wake, wait, sleep and touch memory. */
function trial(entry: PolicyEntry, change: Partial<Scenario> = {}): Recording {
  const guests = [
    guest(workload('think'), { name: 'thinks', vcpus: 5, set: { think: us(200), service: us(900) } }),
    guest(workload('lmbench-rd'), { name: 'reads', vcpus: 3, set: { size: MiB(4) } }),
  ];
  return ran({ policy: entry, guests, durationNs: ms(20), ...change });
}

const boom = (): never => {
  throw new Error('boom');
};

/** Calls it the first time it may. */
const once = (call: (k: Kernel, vcpu: VcpuId) => void): ((k: Kernel, vcpu: VcpuId) => void) => {
  let done = false;
  return (k, vcpu) => {
    if (done) return;
    done = true;
    call(k, vcpu);
  };
};

test('the policy of these tests does no wrong itself', () => {
  const { status, message } = trial(faulty({}));
  expect([status, message]).toEqual(['ok', null]);
});

describe('a policy that throws ends its own run, with its name, the hook and the time', () => {
  test.each([
    ['init', { cpu: { init: boom } }],
    ['selectCpu', { cpu: { selectCpu: boom } }],
    ['enqueue', { cpu: { enqueue: boom } }],
    ['dispatch', { cpu: { dispatch: boom } }],
    ['tick', { cpu: { tick: boom } }],
    ['runnable', { cpu: { runnable: boom } }],
    ['running', { cpu: { running: boom } }],
    ['stopping', { cpu: { stopping: boom } }],
    ['quiescent', { cpu: { quiescent: boom } }],
    ['updateIdle', { cpu: { updateIdle: boom } }],
    ['timer', { cpu: { init: (k: Kernel) => (fifo.init!(k), k.timer(us(700), boom)) } }],
    ['place', { placement: { place: boom } }],
    ['memory.alloc', { memory: { alloc: boom } }],
    ['memory.alloc', { memory: { backs: 'at-build' as const, alloc: boom } }],
    ['onHintFault', { memory: { onHintFault: boom } }],
    ['onSample', { memory: { onSample: boom } }],
    ['memory.plan', { memory: { plan: { periodNs: us(500), step: boom } } }],
    ['onMoved', { memory: { onHintFault: (k: Kernel, f: HintFault) => void k.moveBlock(f.guest, f.block, 0 as NodeId), onMoved: boom } }],
  ] as [string, Parts][])('in %s', (hook, parts) => {
    const { status, message, simulatedNs, busyNs, idleNs } = trial(faulty(parts));
    expect(status).toBe('policy-error');
    expect(message).toBe(`policy faulty, hook ${hook}, at ${simulatedNs} ns: Error: boom`);
    expect(busyNs + idleNs).toBe(6 * simulatedNs);
  });
});

describe('what a kernel would refuse ends the run', () => {
  const inEnqueue = (call: (k: Kernel, vcpu: VcpuId) => void): Parts => ({ cpu: { enqueue: call } });
  test.each([
    [
      'a vCPU queued twice',
      inEnqueue((k, vcpu) => [0, 1].forEach(() => k.dsqInsert(vcpu, DSQ_GLOBAL, ms(1), 0))),
      'enqueue',
      'queued already',
    ],
    ['a vCPU queued nowhere', inEnqueue(() => undefined), 'enqueue', 'into no queue'],
    ['a queue that was not created', inEnqueue((k, vcpu) => k.dsqInsert(vcpu, 8 as DsqId, ms(1), 0)), 'enqueue', 'queue 8 was not created'],
    [
      'a queue of a CPU there is not',
      inEnqueue((k, vcpu) => k.dsqInsert(vcpu, (DSQ_LOCAL_ON + 6) as DsqId, ms(1), 0)),
      'enqueue',
      'want 0 to 5',
    ],
    [
      'another vCPU than the one in question',
      inEnqueue((k, vcpu) => k.dsqInsert(((vcpu + 1) % 8) as VcpuId, DSQ_GLOBAL, ms(1), 0)),
      'enqueue',
      'outside its selectCpu or enqueue',
    ],
    ['a slice of no length', inEnqueue((k, vcpu) => k.dsqInsert(vcpu, DSQ_GLOBAL, 0, 0)), 'enqueue', 'slice 0'],
    ['a slice that is no number', inEnqueue((k, vcpu) => k.dsqInsert(vcpu, DSQ_GLOBAL, NaN, 0)), 'enqueue', 'slice NaN'],
    ['a slice of broken nanoseconds', inEnqueue((k, vcpu) => k.dsqInsert(vcpu, DSQ_GLOBAL, 1000.5, 0)), 'enqueue', 'slice 1000.5'],
    ['a virtual time that is no number', inEnqueue((k, vcpu) => k.dsqInsertVtime(vcpu, 3 as DsqId, ms(1), NaN, 0)), 'enqueue', 'vtime NaN'],
    ['virtual time in a built-in queue', inEnqueue((k, vcpu) => k.dsqInsertVtime(vcpu, DSQ_GLOBAL, ms(1), 1, 0)), 'enqueue', 'FIFO only'],
    ['dispatching outside dispatch', inEnqueue((k) => k.dsqMoveToLocal(3 as DsqId)), 'enqueue', 'outside dispatch'],
    [
      'inserting outside enqueue',
      { cpu: { running: once((k, vcpu) => k.dsqInsert(vcpu, DSQ_GLOBAL, ms(1), 0)) } },
      'running',
      'outside its selectCpu',
    ],
    [
      'moving a vCPU that waits nowhere',
      { cpu: { dispatch: (k, _cpu, prev) => void (prev === NONE ? k.dsqMoveToLocal(3 as DsqId) : k.dsqMove(prev)) } },
      'dispatch',
      'is in no queue',
    ],
    ['kicking a CPU there is not', { cpu: { running: (k) => k.kick(6 as CpuId, 0) } }, 'running', 'kick: CPU 6'],
    ['a queue with a broken number', { cpu: { init: (k) => k.createDsq(1.5 as DsqId) } }, 'init', 'createDsq: queue 1.5'],
    ['a timer without a period', { cpu: { init: (k) => k.timer(0, () => undefined) } }, 'init', 'period 0'],
    [
      'too many timers',
      { cpu: { init: (k) => void Array.from({ length: 33 }, () => k.timer(1000, () => undefined)) } },
      'init',
      'at most 32',
    ],
    ['memory on a node there is not', { memory: { alloc: () => 3 as NodeId } }, 'memory.alloc', 'node 3'],
    ['memory on a broken node', { memory: { alloc: () => 0.5 as NodeId } }, 'memory.alloc', 'node 0.5'],
    ['memory on a node there is not, at build', { memory: { backs: 'at-build', alloc: () => -1 as NodeId } }, 'memory.alloc', 'node -1'],
    [
      'a move to a node there is not',
      { memory: { onHintFault: (k, f) => void k.moveBlock(f.guest, f.block, 3 as NodeId) } },
      'onHintFault',
      'node 3',
    ],
    [
      'a move to a broken node',
      { memory: { onHintFault: (k, f) => void k.moveBlock(f.guest, f.block, 0.5 as NodeId) } },
      'onHintFault',
      'node 0.5',
    ],
    ['a mark in a fault', { memory: { onHintFault: (k, f) => void k.markBlocks(f.guest, 0, 1) } }, 'onHintFault', 'another hook'],
    [
      'a block there is not',
      { memory: { plan: { periodNs: us(5), step: (k) => void k.blockNode(0 as GuestId, 1e6) } } },
      'memory.plan',
      'block 1000000',
    ],
    [
      'a placement on nodes without a CPU',
      { placement: { place: () => ({ hardNodes: [7 as NodeId], softNodes: null, memoryNodes: [] }) } },
      'place',
      'nodes 7 have no CPU',
    ],
    ['no placement at all', { placement: { place: () => undefined as never } }, 'place', ''],
  ] as [string, Parts, string, string][])('%s', (_, parts, hook, text) => {
    const { status, message } = trial(faulty(parts));
    expect(status, String(message)).toBe('policy-error');
    expect(message).toMatch(new RegExp(`^policy faulty, hook ${hook}, at \\d+ ns: `));
    expect(message).toContain(text);
  });

  test('a vCPU in the queue of a CPU outside its mask', () => {
    const recording = trial(
      faulty(
        {
          cpu: { enqueue: (k, vcpu) => k.dsqInsert(vcpu, (DSQ_LOCAL_ON + 3) as DsqId, ms(1), 0) },
          placement: { place: () => ({ hardNodes: [2 as NodeId], softNodes: null, memoryNodes: [] }) },
        },
        onNodes(() => 1),
      ),
    );
    expect([recording.status, recording.message]).toEqual(['policy-error', expect.stringContaining('vCPU 0 may not run on CPU 3')]);
  });

  test('kicking in a circle at one instant', () => {
    let turns = 0;
    const recording = trial(
      faulty(
        {
          cpu: {
            running: (k, _vcpu, cpu) => {
              if (turns++ === 3_000_000) throw new Error('nobody stopped it'); // or a failure of this test would never end
              k.kick(cpu, KICK_PREEMPT);
            },
            enqueue: (k, vcpu) => k.dsqInsert(vcpu, DSQ_LOCAL_ON as DsqId, ms(1), 0),
            dispatch: () => undefined,
          },
        },
        onNodes(() => 1),
      ),
    );
    expect([recording.status, recording.message]).toEqual(['policy-error', expect.stringContaining('in a circle')]);
  });

  test('a vCPU that waits for more than 30 s', () => {
    const starving = faulty({
      cpu: {
        enqueue: (k, vcpu) => k.dsqInsert(vcpu, (vcpu === 6 ? 3 : DSQ_GLOBAL) as DsqId, ms(100), 0),
        dispatch: () => undefined,
        hz: 1,
      },
      memory: { ...onNodes(() => 1) },
    });
    const recording = trial(starving, {
      durationNs: seconds(60),
      checks: 'cheap',
      guests: [guest(workload('compute'), { vcpus: 7, set: { phase: ms(50) } })],
    });
    expect(recording.status).toBe('policy-error');
    expect(recording.message).toMatch(/^policy faulty, hook watchdog, at 30\d+ ns: .*vCPU 6 has waited for a CPU for 30 s$/);
  });
});

describe('what is only a hint', () => {
  test.each([NaN, 1.5, -7, 99, Infinity])('selectCpu returning %d changes nothing', (cpu) => {
    const { hash, status } = trial(faulty({ cpu: { selectCpu: () => cpu as CpuId } }));
    expect(status).toBe('ok');
    expect(hash).toBe(trial(faulty({})).hash);
  });

  test('a CPU outside the mask', () => {
    const placement = { place: () => ({ hardNodes: [2 as NodeId], softNodes: null, memoryNodes: [] }) };
    const cpu: Partial<CpuPolicy> = { selectCpu: () => 0 as CpuId, enqueue: (k, vcpu) => k.dsqInsert(vcpu, DSQ_LOCAL, us(300), 0) };
    expect(trial(faulty({ cpu, placement })).status).toBe('ok');
  });
});

describe('memory that is not there', () => {
  test('kills the guest that asked and names it', () => {
    const recording = ran({
      policy: policy('kvm-numactl'),
      // node 1, the second guest's, has 3 GiB
      guests: ['fits', 'bursts'].map((name) => guest(workload('lmbench-rd'), { name, memoryBytes: MiB(6144), set: { size: MiB(3500) } })),
      durationNs: seconds(3),
      blockBytes: MiB(2),
      checks: 'cheap',
    });
    expect(recording.status).toBe('out-of-memory');
    expect(recording.message).toContain('bursts');
    expect(recording.guests.map((record) => record.status)).toEqual(['ok', 'out-of-memory']);
    expect(recording.guests[0]!.throughput.value).toBeGreaterThan(0);
    expect(recording.guests[1]!.blocksByNode).toEqual([0, 1536, 0]);
  });
});
