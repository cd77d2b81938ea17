import { machines } from '../machines/index.ts';
import { run } from '../sim/engine.ts';
import { buildMachine } from '../sim/machine.ts';
import { type CpuPolicy, DSQ_LOCAL, DSQ_LOCAL_ON, type MemoryPolicy, type PolicyEntry } from '../sim/policy-api.ts';
import type { Recording } from '../sim/recording.ts';
import { DEFAULT_COSTS, type Scenario } from '../sim/scenario.ts';
import { type CpuId, type DsqId, ms, type NodeId } from '../sim/units.ts';
import { DONE, type GuestProgram, SLEEP } from '../sim/workload-api.ts';

/**
 * Job D, dispatching alone: 300 processes that wake now and then for a little work and never touch memory, on 48 CPUs, each with a queue
 * served round robin at ticks of 1 ms. The draws are those of the program in C, so that both complete as many pieces of work.
 */
export const TASKS = 300;
const MEAN_GAP_NS = ms(20);

export interface Outcome {
  /** Pieces of work done; each CPU's ticks, arrivals and completions are the events. */
  readonly completions: number;
  readonly events: number;
  readonly recording: Recording;
}

export function jobD(durationNs: number): Outcome {
  const counts = { arrivals: 0, completions: 0 };
  const recording = run(scenarioOf(durationNs, counts));
  const ticks = 48 * Math.floor(durationNs / ms(1));
  return { completions: counts.completions, events: ticks + counts.arrivals + counts.completions, recording };
}

/** vCPU v is served by CPU v mod the number of CPUs, in turn with the others of that CPU. */
function roundRobin(): CpuPolicy {
  return {
    name: 'round-robin',
    hz: 1000,
    selectCpu: (k, vcpu) => (vcpu % k.cpuCount) as CpuId,
    enqueue: (k, vcpu) => k.dsqInsert(vcpu, DSQ_LOCAL, Infinity, 0),
    tick(k, vcpu, cpu) {
      if (k.dsqNrQueued((DSQ_LOCAL_ON + cpu) as DsqId) > 0) k.setSlice(vcpu, 0);
    },
  };
}

function scenarioOf(durationNs: number, counts: { arrivals: number; completions: number }): Scenario {
  const memory: MemoryPolicy = { name: 'none', backs: 'first-touch', fallback: 'distance', alloc: () => 0 as NodeId };
  const entry: PolicyEntry = {
    name: 'round-robin',
    summary: '',
    source: 'job D',
    oracle: false,
    options: [],
    make: () => ({ name: 'round-robin', cpu: roundRobin(), memory }),
  };
  const machine = buildMachine(machines.find(({ name }) => name === 'uniform')!);
  const workload = { name: 'sporadic', summary: '', ends: 'never' as const, options: [], build: () => sporadic(machine.clockGHz, counts) };
  return {
    machine,
    policy: entry,
    policyOptions: {},
    guests: [
      {
        name: 'sporadic',
        kind: 'bare',
        vcpus: TASKS,
        memoryBytes: 2 ** 27,
        vnodes: 1,
        weight: 100,
        capPercent: 0,
        arrivesNs: 0,
        departsNs: null,
        workload,
        options: {},
        bootShare: 0,
      },
    ],
    seed: '1',
    startGapNs: 0,
    durationNs,
    limitNs: Infinity,
    ties: 'id',
    contention: 'max-min',
    hostNoise: 0,
    dom0: 0,
    blockBytes: 2 ** 21,
    hostCacheBytes: 0,
    hotplug: [],
    costs: { ...DEFAULT_COSTS, contextSwitchNs: 0, exitNs: 0, ipiNs: 0, hookNs: 0, helperNs: 0, coldCache: false },
    watchdogNs: 30e9,
    checks: 'cheap',
  };
}

/** A task of a fixed size each; work that comes while it is busy waits its turn, as in an open queue. */
function sporadic(clockGHz: number, counts: { arrivals: number; completions: number }): GuestProgram {
  const states = new Uint32Array(TASKS);
  const workNs = new Float64Array(TASKS);
  const arrivesNs = new Float64Array(TASKS);
  const isWorking = new Uint8Array(TASKS);
  for (let task = 0; task < TASKS; task++) {
    states[task] = 987_654_321 + 7919 * (task + 1);
    for (let i = 0; i < 8; i++) uniform(states, task);
    workNs[task] = ms(1) * (1 + 4 * uniform(states, task));
    arrivesNs[task] = -Math.log(uniform(states, task)) * MEAN_GAP_NS;
  }
  return {
    tasks: TASKS,
    regions: 0,
    unit: 'pieces/s',
    next(task, phase, calls) {
      if (isWorking[task] === 1) counts.completions++;
      isWorking[task] = 0;
      if (arrivesNs[task]! > calls.nowNs) {
        phase.kind = SLEEP;
        phase.durationNs = arrivesNs[task]! - calls.nowNs;
        return;
      }
      counts.arrivals++;
      arrivesNs[task]! -= Math.log(uniform(states, task)) * MEAN_GAP_NS;
      isWorking[task] = 1;
      phase.cyclesPerInstruction = 1;
      phase.instructions = workNs[task]! * clockGHz;
      phase.work = 1;
      if (phase.instructions <= 0) phase.kind = DONE;
    },
  };
}

/** xorshift32 of task `at`, in (0, 1]. */
function uniform(states: Uint32Array, at: number): number {
  let x = states[at]!;
  x ^= x << 13;
  x ^= x >>> 17;
  x ^= x << 5;
  states[at] = x;
  return (states[at]! + 1) / 2 ** 32;
}
