import { boot, KEPT_SHARE } from './boot.ts';
import { KernelCalls } from './guest-calls.ts';
import type { BlackBox } from './black-box.ts';
import type { GuestState } from './guest-state.ts';
import { HostKernel } from './host-kernel.ts';
import { type Burst, bursts } from './bursts.ts';
import { dom0 } from './dom0.ts';
import { beliefOf } from './guest-belief.ts';
import { evenVnodes } from './guest-blocks.ts';
import { topologyOf } from './guest-topology.ts';
import { hostNoise } from './host-noise.ts';
import type { MachineSpec } from './machine-spec.ts';
import { defaultOptions } from './options.ts';
import { nodesByDistance } from './memory.ts';
import { pageMover } from './page-mover.ts';
import { DEFAULT_WEIGHT, type GuestKind, type Policy } from './policy-api.ts';
import { namedStream } from './random.ts';
import type { GuestSpec, Scenario } from './scenario.ts';
import type { GuestProgram, WorkloadEntry, WorkloadSetup } from './workload-api.ts';
import { layoutOf } from './vnuma.ts';
import { World } from './world.ts';

/** Lays out the world of a scenario: guests, their programs, the policy; nothing has run yet. */
export function buildWorld(scenario: Scenario, box?: BlackBox): { w: World; k: HostKernel } {
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
  const policy = scenario.policy.make(scenario.policyOptions);
  const firstMover = guests.length;
  if (hasMovers(policy)) addMovers(guests, scenario);
  const w = new World(scenario, guests, policy, box);
  setMovers(w, firstMover);
  const k = new HostKernel(w, namedStream(scenario.seed, 'policy', 0, 'random'));
  w.kernel = k;
  w.calls = new KernelCalls(w);
  w.memory.fillHostCache(scenario.hostCacheBytes);
  return { w, k };
}

/** Whether it may ask for moves outside hint faults, so that somebody must be there to do them. */
function hasMovers({ memory, daemons }: Policy): boolean {
  return memory.plan !== undefined || memory.samples !== undefined || memory.revertAfterNs !== undefined || daemons !== undefined;
}

/** A kernel thread for each node with CPUs. */
function addMovers(guests: GuestState[], scenario: Scenario): void {
  const { nodeCount, nodeFirstCpu, nodeCpuCount } = scenario.machine;
  const workload: WorkloadEntry = { name: 'page-mover', summary: '', ends: 'never', options: [], build: pageMover };
  for (let node = 0; node < nodeCount; node++) {
    const cpus = Array.from({ length: nodeCpuCount[node]! }, (_, i) => nodeFirstCpu[node]! + i);
    if (cpus.length > 0) addGuest(guests, scenario, { ...threadSpec(`page-mover-${node}`, 'bare', 1, workload), cpus }, true);
  }
}

/** A node without CPUs is served from the nearest that has some. */
function setMovers(w: World, firstMover: number): void {
  const { machine } = w.scenario;
  const { nodeCount, nodeCpuCount } = machine;
  if (w.guests.length === firstMover) return;
  let next = w.guests[firstMover]!.firstVcpu;
  for (let node = 0; node < nodeCount; node++) {
    if (nodeCpuCount[node] === 0) continue;
    w.copies.isMover[next] = 1;
    w.copies.mover[node] = next++;
  }
  const nearest = nodesByDistance(machine);
  for (let node = 0; node < nodeCount; node++) {
    for (let i = 0; w.copies.mover[node]! < 0; i++) w.copies.mover[node] = w.copies.mover[nearest[node * nodeCount + i]!]!;
  }
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
  const blocks = Math.ceil(spec.memoryBytes / scenario.blockBytes);
  const layout = layoutOf(spec, blocks);
  const topology = topologyOf(beliefOf(spec));
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
    isThreaded: isThreaded(spec, program, hasBoot),
    layout,
    topology,
    division: topology.vnodes === 1 ? evenVnodes(blocks, 1) : { firstBlock: layout.firstBlock, nearest: topology.nearest },
    firstQueue: last ? last.firstQueue + last.topology.vnodes : 0,
    leastVirtualNs: 0,
    waitingTasks: 0,
    isDeadlocked: false,
    bootedNs: -1,
    startedNs: -1,
    measureNs: -1,
    restartsBooks: false,
    endedNs: -1,
    liveTasks: 0,
    isHere: isHostNoise,
    hasDeparted: false,
    leftUndone: false,
    outOfMemory: false,
    freeSlots: slots ? slots.map((slot) => slot + firstTask) : null,
    freeSlotCount: slots ? slots.length - (program.starting ?? 0) : 0, // those that start are on top
    interrupts: namedStream(scenario.seed, spec.name, 0, 'interrupts'),
  });
}

/** @throws RangeError for a program of threads that its guest cannot run as such */
function isThreaded({ name, kind, vcpus }: GuestSpec, { tasks, threads }: GuestProgram, hasBoot: boolean): boolean {
  const isOne = kind === 'bare' && vcpus === tasks && !hasBoot;
  if (threads && !isOne)
    throw new RangeError(`guest ${name}: a program of ${tasks} threads, want a bare guest of as many vCPUs, without boot`);
  return isOne;
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
    hostCpus: machine.nodeCpus.reduce((sum, cpus) => sum + cpus, 0),
    hostNodes: machine.nodeCpus.length,
    freeBytes: spec.bootShare > 0 ? spec.memoryBytes - kept : spec.memoryBytes,
    stream: (vcpu, purpose) => namedStream(seed, spec.name, vcpu, purpose),
  };
}

/** A part of the background load as a guest like any other, without memory of its own. */
function backgroundSpec(scenario: Scenario, name: string, kind: GuestKind, threads: readonly Burst[]): GuestSpec {
  const program = bursts(threads, scenario.machine.clockGHz, (thread) => namedStream(scenario.seed, name, thread, 'burst'));
  return threadSpec(name, kind, threads.length, { name, summary: '', ends: 'never', options: [], build: () => program });
}

function threadSpec(name: string, kind: GuestKind, vcpus: number, workload: WorkloadEntry): GuestSpec {
  return {
    name,
    kind,
    vcpus,
    memoryBytes: 0,
    vnodes: 1,
    weight: DEFAULT_WEIGHT,
    capPercent: 0,
    arrivesNs: 0,
    departsNs: null,
    workload,
    options: defaultOptions([]),
    bootShare: 0,
  };
}
