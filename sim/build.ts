import { boot, KEPT_SHARE } from './boot.ts';
import { KernelCalls } from './guest-calls.ts';
import { killGuest, startGuest, startTask } from './guest-kernel.ts';
import { PolicyError } from './assert.ts';
import { backBlock } from './backing.ts';
import { HostKernel } from './host-kernel.ts';
import { type Burst, bursts } from './bursts.ts';
import { dom0 } from './dom0.ts';
import { hostNoise } from './host-noise.ts';
import type { MachineSpec } from './machine-spec.ts';
import { defaultOptions } from './options.ts';
import { DEFAULT_WEIGHT, FLOATING, type GuestKind } from './policy-api.ts';
import { namedStream } from './random.ts';
import type { GuestSpec, Scenario } from './scenario.ts';
import { TIMER_GUEST_START, TIMER_TICK, TIMER_WATCH } from './timers.ts';
import type { GuestId, NodeId } from './units.ts';
import type { WorkloadEntry, WorkloadSetup } from './workload-api.ts';
import { type GuestState, World } from './world.ts';

/** Lays out the world of a scenario: guests, their programs, the policy; nothing has run yet. */
export function buildWorld(scenario: Scenario): { w: World; k: HostKernel } {
  const guests: GuestState[] = [];
  for (const spec of scenario.guests) addGuest(guests, scenario, spec, false);
  const { cpuCount } = scenario.machine;
  if (scenario.hostNoise > 0) {
    addGuest(guests, scenario, backgroundSpec(scenario, 'host-noise', 'bare', hostNoise(cpuCount, scenario.hostNoise)), true);
  }
  if (scenario.dom0 > 0) {
    const guestVcpus = scenario.guests.reduce((sum, spec) => sum + spec.vcpus, 0);
    addGuest(guests, scenario, backgroundSpec(scenario, 'dom0', 'xen-pv', dom0(cpuCount, guestVcpus, scenario.dom0)), true);
  }
  const w = new World(scenario, guests, scenario.policy.make(scenario.policyOptions));
  const k = new HostKernel(w, namedStream(scenario.seed, 'policy', 0, 'random'));
  w.kernel = k;
  w.calls = new KernelCalls(w);
  w.memory.fillHostCache(scenario.hostCacheBytes);
  return { w, k };
}

/** The host starts, then the guests are built one after the other, each where the policy puts it, and boot. */
export function admitGuests(w: World, k: HostKernel): void {
  const { policy } = w;
  w.hook = 'init';
  policy.cpu.init?.(k);
  w.hook = '';
  if (policy.cpu.hz && policy.cpu.tick) {
    w.tickNs = Math.round(1e9 / policy.cpu.hz);
    w.timers.push(w.tickNs, TIMER_TICK, 0);
  }
  w.timers.push(0, TIMER_WATCH, 0); // and so the first instant is 0
  if (policy.memory.sampling) w.timers.push(policy.memory.sampling.periodNs, TIMER_WATCH, 1);
  w.placements.push(...w.guests.map(() => FLOATING));
  for (const guest of w.guests) {
    if (!guest.isHostNoise) place(w, k, guest);
  }
  for (const guest of w.guests) {
    if (guest.isHostNoise) startGuest(w, guest);
    else if (guest.boot) startTask(w, guest.firstTask + guest.program.tasks);
    else guest.bootedNs = 0;
  }
}

/** When every guest has booted, their instances start: together, or one after the other. */
export function openGate(w: World): void {
  for (const guest of w.guests) {
    if (!guest.isHostNoise && guest.bootedNs < 0 && !guest.outOfMemory) return;
  }
  w.gateClosed = false;
  const { startGapNs, durationNs } = w.scenario;
  let started = 0;
  for (const guest of w.guests) {
    if (guest.isHostNoise || guest.outOfMemory) continue;
    const gapNs = startGapNs * started++;
    if (gapNs === 0) startGuest(w, guest);
    else w.timers.push(w.nowNs + gapNs, TIMER_GUEST_START, guest.id);
  }
  if (durationNs !== null) w.endNs = Math.min(w.endNs, w.nowNs + durationNs);
}

function place(w: World, k: HostKernel, guest: GuestState): void {
  const { policy } = w;
  const id = guest.id as GuestId;
  w.hook = 'place';
  const placement = policy.placement ? policy.placement.place(k, id) : FLOATING;
  w.placements[guest.id] = placement;
  if (placement.hardNodes) {
    w.vcpuMask.fill(maskOf(w, placement.hardNodes), guest.firstVcpu, guest.firstVcpu + guest.vcpuCount);
  }
  w.hook = '';
  if (policy.memory.backs === 'at-build') backAll(w, guest);
}

/** Xen gives a guest all its memory when it is built. */
function backAll(w: World, guest: GuestState): void {
  const first = w.memory.guestBlocks.first[guest.id]!;
  for (let block = first; block < first + w.memory.guestBlocks.count[guest.id]!; block++) {
    if (backBlock(w, guest.id, -1, block, -1) >= 0) continue;
    killGuest(w, guest);
    return;
  }
}

function maskOf(w: World, nodes: readonly NodeId[]): number {
  const { machine } = w.scenario;
  const mask = new Uint8Array(machine.cpuCount);
  for (let cpu = 0; cpu < machine.cpuCount; cpu++) mask[cpu] = nodes.includes(machine.cpuNode[cpu] as NodeId) ? 1 : 0;
  if (!mask.includes(1)) throw new PolicyError(`nodes ${nodes.join(',')} have no CPU`);
  const known = w.masks.findIndex((other) => other.every((bit, cpu) => bit === mask[cpu]));
  return known >= 0 ? known : w.masks.push(mask) - 1;
}

function addGuest(guests: GuestState[], scenario: Scenario, spec: GuestSpec, isHostNoise: boolean): void {
  const last = guests.at(-1);
  const program = spec.workload.build(spec.options, setupOf(scenario.machine.spec, scenario.blockBytes, scenario.seed, spec));
  const hasBoot = spec.bootShare > 0 && !isHostNoise && spec.memoryBytes > 0;
  const bootProgram = hasBoot
    ? boot(spec.memoryBytes, spec.bootShare, scenario.blockBytes, namedStream(scenario.seed, spec.name, 0, 'boot'))
    : null;
  const slots = program.nextArrivalNs ? Int32Array.from({ length: program.tasks }, (_, i) => program.tasks - 1 - i) : null;
  const firstTask = last ? last.firstTask + last.taskCount : 0;
  guests.push({
    id: guests.length,
    spec,
    program,
    boot: bootProgram,
    isHostNoise,
    firstVcpu: last ? last.firstVcpu + last.vcpuCount : 0,
    vcpuCount: spec.vcpus,
    firstTask,
    taskCount: program.tasks + (hasBoot ? 1 : 0),
    regionCount: program.regions + (bootProgram ? bootProgram.regions : 0),
    firstCurve: last ? last.firstCurve + (last.program.missCurves?.length ?? 0) : 0,
    isThreaded: spec.kind === 'bare' && spec.vcpus === program.tasks && !hasBoot,
    leastVirtualNs: 0,
    waitingTasks: 0,
    isDeadlocked: false,
    bootedNs: -1,
    startedNs: -1,
    measureNs: -1,
    restartsBooks: false,
    endedNs: -1,
    liveTasks: 0,
    outOfMemory: false,
    freeSlots: slots ? slots.map((slot) => slot + firstTask) : null,
    freeSlotCount: slots ? slots.length - (program.starting ?? 0) : 0, // those that start are on top
    interrupts: namedStream(scenario.seed, spec.name, 0, 'interrupts'),
  });
}

/** What a guest's workload is told of the guest it is built for. */
export function setupOf(machine: MachineSpec, blockBytes: number, seed: string, spec: GuestSpec): WorkloadSetup {
  const kept = Math.max(blockBytes, spec.memoryBytes * KEPT_SHARE);
  return {
    clockGHz: machine.clockGHz.value,
    l1Bytes: machine.l1Bytes.value,
    l2Bytes: machine.l2Bytes.value,
    llcBytes: machine.llcBytes.value,
    hitCycles: machine.hitCycles.value,
    blockBytes,
    vcpus: spec.vcpus,
    memoryBytes: spec.memoryBytes,
    freeBytes: spec.bootShare > 0 ? spec.memoryBytes - kept : spec.memoryBytes,
    stream: (vcpu, purpose) => namedStream(seed, spec.name, vcpu, purpose),
  };
}

/** A part of the background load as a guest like any other, without memory of its own. */
function backgroundSpec(scenario: Scenario, name: string, kind: GuestKind, threads: readonly Burst[]): GuestSpec {
  const program = bursts(threads, scenario.machine.clockGHz, (thread) => namedStream(scenario.seed, name, thread, 'burst'));
  const workload: WorkloadEntry = { name, summary: '', ends: 'never', options: [], build: () => program };
  return {
    name,
    kind,
    vcpus: threads.length,
    memoryBytes: 0,
    vnodes: 1,
    weight: DEFAULT_WEIGHT,
    workload,
    options: defaultOptions([]),
    bootShare: 0,
  };
}
