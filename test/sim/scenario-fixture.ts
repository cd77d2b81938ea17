import { lopsided } from '../../machines/lopsided.ts';
import { policyNamed } from '../../policies/index.ts';
import { run } from '../../sim/engine.ts';
import { buildMachine, type Machine } from '../../sim/machine.ts';
import { defaultOptions, type OptionValues } from '../../sim/options.ts';
import { type CpuPolicy, DSQ_LOCAL_ON, type MemoryPolicy, type Policy, type PolicyEntry, SLICE_DEFAULT_NS } from '../../sim/policy-api.ts';
import type { Recording } from '../../sim/recording.ts';
import { type Costs, DEFAULT_COSTS, type GuestSpec, type Scenario } from '../../sim/scenario.ts';
import { type CpuId, type DsqId, GiB, KiB, type NodeId, seconds } from '../../sim/units.ts';
import type { GuestProgram, Phase, WorkloadEntry } from '../../sim/workload-api.ts';
import { workloads } from '../../workloads/index.ts';

export const lopsidedMachine: Machine = buildMachine(lopsided);

/** Costs of handling switched off, so that only work takes time. */
export const FREE_COSTS: Costs = {
  ...DEFAULT_COSTS,
  hookNs: 0,
  helperNs: 0,
  contextSwitchNs: 0,
  exitNs: 0,
  ipiNs: 0,
  guestFaultNs: 0,
  hostFaultNs: 0,
  coldCache: false,
  hintFaultNs: 0,
  sampleNs: 0,
  markNs: 0,
  splitNs: 0,
  remapNs: 0,
  shootdownNs: 0,
};

export function workload(name: string): WorkloadEntry {
  const found = workloads.find((entry) => entry.name === name);
  if (!found) throw new RangeError(`no workload ${name}`);
  return found;
}

export function policy(name: string): PolicyEntry {
  const found = policyNamed(name);
  if (!found) throw new RangeError(`no policy ${name}`);
  return found;
}

export function asEntry(made: () => Policy): PolicyEntry {
  return { name: 'test', summary: 'for tests', source: 'none', oracle: false, options: [], make: made };
}

export function guest(entry: WorkloadEntry, change: Partial<GuestSpec> & { set?: OptionValues } = {}): GuestSpec {
  const { set, ...rest } = change;
  return {
    name: 'a',
    kind: 'kvm',
    vcpus: 1,
    memoryBytes: GiB(0.25),
    vnodes: 1,
    weight: 1024,
    capPercent: 0,
    arrivesNs: 0,
    departsNs: null,
    workload: entry,
    options: { ...defaultOptions(entry.options), ...set },
    bootShare: 0,
    ...rest,
  };
}

/** Costs of handling without those of the policy's hooks, which depend on how it is written. */
export const TEST_COSTS: Costs = { ...DEFAULT_COSTS, hookNs: 0, helperNs: 0 };

/** A scenario on the lopsided machine with everything that would blur a figure switched off, and every check on. */
export function scenario(change: Partial<Scenario> & Pick<Scenario, 'guests'>): Scenario {
  const chosen = change.policy ?? policy('kvm-numactl');
  return {
    machine: lopsidedMachine,
    policy: chosen,
    policyOptions: defaultOptions(chosen.options),
    seed: '1',
    startGapNs: 0,
    durationNs: null,
    limitNs: seconds(3600),
    ties: 'id',
    contention: 'fifo',
    hostNoise: 0,
    dom0: 0,
    blockBytes: KiB(256),
    hostCacheBytes: 0,
    hotplug: [],
    costs: TEST_COSTS,
    watchdogNs: seconds(30),
    checks: 'all',
    ...change,
  };
}

/** Holds vCPU i on cpus[i], first come first served there. */
export function pinnedCpus(cpus: readonly number[], sliceNs: number = SLICE_DEFAULT_NS): CpuPolicy {
  return {
    name: 'pinned',
    selectCpu: (_k, vcpu, prev) => (cpus[vcpu] ?? prev) as CpuId,
    enqueue: (k, vcpu) => k.dsqInsert(vcpu, (DSQ_LOCAL_ON + (cpus[vcpu] ?? k.taskCpu(vcpu))) as DsqId, sliceNs, 0), // kernel threads anywhere
  };
}

/** Gives each block the node this says, before the guest starts. */
export function onNodes(nodeOf: (guest: number, block: number) => number): MemoryPolicy {
  return { name: 'on-nodes', backs: 'at-build', fallback: 'none', alloc: (_k, guest, block) => nodeOf(guest, block) as NodeId };
}

export function pinned(cpus: readonly number[], nodeOf: (guest: number, block: number) => number, sliceNs?: number): PolicyEntry {
  return asEntry(() => ({ name: 'pinned', cpu: pinnedCpus(cpus, sliceNs), memory: onNodes(nodeOf) }));
}

/** A workload that asks `next` for every phase; a task without more to do ends. */
export function program(next: GuestProgram['next'], change: Partial<GuestProgram> = {}): WorkloadEntry {
  return {
    name: 'test',
    summary: 'for tests',
    ends: 'by itself',
    options: [],
    build: (_options, setup) => ({ tasks: setup.vcpus, regions: 0, unit: 'units/s', next, ...change }),
  };
}

export function computes(phase: Phase, instructions: number): void {
  phase.cyclesPerInstruction = 1;
  phase.instructions = instructions;
  phase.work = instructions;
}

export function ran(change: Partial<Scenario> & Pick<Scenario, 'guests'>): Recording {
  return run(scenario(change));
}
