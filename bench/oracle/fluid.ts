import { run } from '../../sim/engine.ts';
import { buildMachine, type Machine } from '../../sim/machine.ts';
import { type CpuPolicy, DSQ_LOCAL_ON, type MemoryPolicy, type PolicyEntry, SLICE_DEFAULT_NS } from '../../sim/policy-api.ts';
import type { GuestRecord } from '../../sim/recording.ts';
import { DEFAULT_COSTS, type GuestSpec, type Scenario } from '../../sim/scenario.ts';
import { type CpuId, type DsqId, LINE_BYTES, type NodeId } from '../../sim/units.ts';
import { RANDOM, SWEEP, type WorkloadEntry } from '../../sim/workload-api.ts';
import type { Flow, Network } from './network.ts';
import type { Speed } from './requests.ts';

/** So far beyond any cache that nothing is found there. */
const ENDLESS_BYTES = 1e15;

/**
 * The network in the simulator itself: each flow is a bare thread held on its CPU, its blocks lie where the network says before it
 * starts, and nothing but computing and memory takes time.
 * @param change what to do to the machine first: the rise below saturation, or a mistake that must be noticed
 */
export function simulateFluid(network: Network, change: (machine: Machine) => Machine = (machine) => machine): Speed[] {
  const machine = change(buildMachine(network.spec));
  const recording = run(scenarioOf(network, machine));
  if (recording.status !== 'ok') throw new Error(`${network.spec.name}: ${recording.status}, ${recording.message ?? ''}`);
  return recording.guests.map((guest, i) => speedOf(guest, network.flows[i]!));
}

function speedOf({ throughput, causes, elapsedNs }: GuestRecord, { inFlight }: Flow): Speed {
  const memoryNs = causes.memoryLocal + causes.distance + causes.queueController + causes.queueLink + causes.queuePair + causes.cacheShared;
  const linesPerNs = throughput.value / 1e9;
  return { linesPerNs, latencyNs: (inFlight * memoryNs) / (linesPerNs * elapsedNs) };
}

function scenarioOf({ seed, flows, blockBytes, durationNs }: Network, machine: Machine): Scenario {
  return {
    machine,
    policy: heldInPlace(flows),
    policyOptions: {},
    guests: flows.map((flow, i) => guestOf(flow, i, machine, blockBytes)),
    seed,
    startGapNs: 0,
    durationNs,
    limitNs: Infinity,
    ties: 'id',
    contention: 'fifo',
    hostNoise: 0,
    dom0: 0,
    blockBytes,
    hostCacheBytes: 0,
    hotplug: [],
    costs: {
      ...DEFAULT_COSTS,
      hookNs: 0,
      helperNs: 0,
      contextSwitchNs: 0,
      exitNs: 0,
      ipiNs: 0,
      guestFaultNs: 0,
      hostFaultNs: 0,
      coldCache: false,
    },
    watchdogNs: 30e9,
    checks: 'cheap',
  };
}

function heldInPlace(flows: readonly Flow[]): PolicyEntry {
  const cpu: CpuPolicy = {
    name: 'held',
    selectCpu: (_k, vcpu) => flows[vcpu]!.cpu as CpuId,
    enqueue: (k, vcpu) => k.dsqInsert(vcpu, (DSQ_LOCAL_ON + flows[vcpu]!.cpu) as DsqId, SLICE_DEFAULT_NS, 0),
  };
  const memory: MemoryPolicy = {
    name: 'laid',
    backs: 'at-build',
    fallback: 'none',
    alloc: (_k, guest, block) => flows[guest]!.blockNodes[block] as NodeId,
  };
  return { name: 'held', summary: '', source: 'none', oracle: false, options: [], make: () => ({ name: 'held', cpu, memory }) };
}

function guestOf(flow: Flow, i: number, machine: Machine, blockBytes: number): GuestSpec {
  const memoryBytes = flow.blockNodes.length * blockBytes;
  let hasMemory = false;
  const workload: WorkloadEntry = {
    name: 'lines',
    summary: '',
    ends: 'never',
    options: [],
    build: () => ({
      tasks: 1,
      regions: 1,
      unit: 'lines/s',
      next: (_task, phase, calls) => {
        hasMemory ||= calls.allocate(0, memoryBytes);
        phase.region = 0;
        phase.instructions = phase.work = memoryBytes / LINE_BYTES;
        phase.cyclesPerInstruction = flow.computeNs * machine.clockGHz;
        phase.accessesPerInstruction = 1;
        phase.linesInFlight = flow.inFlight;
        phase.writeShare = flow.writeShare;
        phase.pattern = flow.pattern === 'sweep' ? SWEEP : RANDOM;
        phase.workingSetBytes = ENDLESS_BYTES;
      },
    }),
  };
  return {
    name: `flow ${i}`,
    kind: 'bare',
    vcpus: 1,
    memoryBytes,
    vnodes: 1,
    weight: 100,
    capPercent: 0,
    arrivesNs: 0,
    departsNs: null,
    workload,
    options: {},
    bootShare: 0,
  };
}
