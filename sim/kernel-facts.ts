import { PolicyError } from './assert.ts';
import { nodesByDistance } from './memory.ts';
import { NoisyCounter } from './noisy-counter.ts';
import { pairBandwidths } from './pair-bandwidth.ts';
import { DEFAULT_WEIGHT, type GuestKind } from './policy-api.ts';
import { namedStream } from './random.ts';
import { VCPU_RUNNABLE, VCPU_RUNNING } from './states.ts';
import { type CpuId, type GuestId, type NodeId, NONE, type VcpuId } from './units.ts';
import { vnodeOfBlock } from './vnuma.ts';
import type { World } from './world.ts';

/** More helpers than this called by one hook, plus some for each CPU, mean that it goes round in a circle. */
const MOST_CALLS = 1_000_000;
const MOST_CALLS_PER_CPU = 1_000;
/** A counter costs as much as so many other helpers to read. Assumed. */
const PMU_CALLS = 5;

/** What a policy may know: the machine, its guests, and who runs where. What changes while it runs costs a helper's time to ask for. */
export class KernelFacts {
  readonly cpuCount: number;
  readonly nodeCount: number;
  readonly guestCount: number;
  readonly vcpuCount: number;
  readonly blockBytes: number;
  readonly memoryHoleBytes: number;
  /** Helpers called since the present hook began. */
  calls = 0;
  /** Hook context, set by host.ts: the vCPU whose CPU is being selected. */
  selecting = -1;
  protected readonly w: World;
  private readonly mostCalls: number;
  private readonly nearest: Uint8Array;
  private readonly bandwidths: Float64Array;
  private readonly stallNs: NoisyCounter; //      [vcpu]
  private readonly instructions: NoisyCounter; // [vcpu]
  private readonly accesses: NoisyCounter; //     [vcpu]
  private readonly lines: NoisyCounter; //        [vcpu * nodeCount + node]

  constructor(w: World) {
    const { machine } = w.scenario;
    this.w = w;
    this.cpuCount = machine.cpuCount;
    this.nodeCount = machine.nodeCount;
    this.guestCount = w.guests.length;
    this.vcpuCount = w.vcpuGuest.length;
    this.blockBytes = w.scenario.blockBytes;
    this.memoryHoleBytes = machine.spec.memoryHoleGiB.value * 1024 ** 3;
    this.mostCalls = MOST_CALLS + MOST_CALLS_PER_CPU * this.cpuCount;
    this.nearest = nodesByDistance(machine);
    this.bandwidths = pairBandwidths(machine);
    const noise = namedStream(w.scenario.seed, 'policy', 0, 'pmu');
    this.stallNs = new NoisyCounter(w.pmu.stallNs, noise);
    this.instructions = new NoisyCounter(w.pmu.instructions, noise);
    this.accesses = new NoisyCounter(w.pmu.accesses, noise);
    this.lines = new NoisyCounter(w.pmu.lines, noise);
  }

  // -- the machine and the guests, which do not change -----------------------------------------------------------------------

  cpuNode(cpu: CpuId): NodeId {
    return this.w.scenario.machine.cpuNode[cpu] as NodeId;
  }
  cpuCore(cpu: CpuId): number {
    return this.w.scenario.machine.cpuCore[cpu]!;
  }
  nodeSocket(node: NodeId): number {
    return this.w.scenario.machine.nodeSocket[node]!;
  }
  nodeFirstCpu(node: NodeId): CpuId {
    return this.w.scenario.machine.nodeFirstCpu[node] as CpuId;
  }
  nodeCpuCount(node: NodeId): number {
    return this.w.scenario.machine.nodeCpuCount[node]!;
  }
  distance(from: NodeId, to: NodeId): number {
    return this.w.scenario.machine.slit[from * this.nodeCount + to]!;
  }
  nthNearest(node: NodeId, i: number): NodeId {
    return this.nearest[node * this.nodeCount + i] as NodeId;
  }
  pairGBps(cpuNode: NodeId, memoryNode: NodeId): number {
    return this.bandwidths[cpuNode * this.nodeCount + memoryNode]!;
  }
  nodeMemoryBytes(node: NodeId): number {
    return this.w.memory.nodeBlocks[node]! * this.blockBytes;
  }
  guestOf(vcpu: VcpuId): GuestId {
    return this.w.vcpuGuest[vcpu] as GuestId;
  }
  guestKind(guest: GuestId): GuestKind {
    return this.w.guests[guest]!.spec.kind;
  }
  guestMemoryBytes(guest: GuestId): number {
    return this.w.guests[guest]!.spec.memoryBytes;
  }
  guestFirstVcpu(guest: GuestId): VcpuId {
    return this.w.guests[guest]!.firstVcpu as VcpuId;
  }
  guestVcpuCount(guest: GuestId): number {
    return this.w.guests[guest]!.vcpuCount;
  }
  guestVnodeCount(guest: GuestId): number {
    return this.w.guests[guest]!.layout.count;
  }
  blockVnode(guest: GuestId, block: number): number {
    const { count } = this.w.memory.guestBlocks;
    if (!(Number.isInteger(block) && block >= 0 && block < count[guest]!))
      throw new PolicyError(`block ${String(block)} of guest ${guest}, want 0 to ${count[guest]! - 1}`);
    return vnodeOfBlock(this.w.guests[guest]!.layout.firstBlock, block);
  }
  vcpuVnode(vcpu: VcpuId): number {
    const guest = this.w.guests[this.w.vcpuGuest[vcpu]!]!;
    return guest.layout.vcpuVnode[vcpu - guest.firstVcpu]!;
  }
  isHostNoise(guest: GuestId): boolean {
    return this.w.guests[guest]!.isHostNoise;
  }
  cap(guest: GuestId): number {
    return this.w.guests[guest]!.spec.capPercent;
  }
  homeNode(guest: GuestId): NodeId {
    return this.w.placements[guest]?.softNodes?.[0] ?? NONE;
  }

  // -- what changes ----------------------------------------------------------------------------------------------------------

  get nowNs(): number {
    return this.w.nowNs;
  }
  nodeFreeBytes(node: NodeId): number {
    this.count();
    return this.w.memory.nodeFree[node]! * this.blockBytes;
  }
  weight(vcpu: VcpuId): number {
    const { w } = this;
    const weight = w.guestWeight[w.vcpuGuest[vcpu]!]!;
    return w.threads === null ? weight : (weight * w.threads.weight[vcpu]!) / DEFAULT_WEIGHT;
  }
  sliceHint(vcpu: VcpuId): number {
    return this.w.threads === null ? 0 : this.w.threads.sliceNs[vcpu]!;
  }
  isHere(guest: GuestId): boolean {
    return this.w.guests[guest]!.isHere;
  }
  taskCpu(vcpu: VcpuId): CpuId {
    const { w } = this;
    return (w.vcpuState[vcpu] === VCPU_RUNNABLE ? w.queuedCpu[vcpu] : w.vcpuCpu[vcpu]) as CpuId;
  }
  get wakerCpu(): CpuId {
    const own = this.w.vcpuCpu[this.selecting] as CpuId;
    const waker = this.selecting < 0 ? NONE : (this.w.wakerCpu[this.selecting] as CpuId);
    return waker === NONE ? own : waker;
  }
  cpuCurr(cpu: CpuId): VcpuId {
    this.count();
    return this.w.cpuVcpu[cpu] as VcpuId;
  }
  isRunning(vcpu: VcpuId): boolean {
    this.count();
    return this.w.vcpuState[vcpu] === VCPU_RUNNING;
  }
  isRunnable(vcpu: VcpuId): boolean {
    this.count();
    return this.w.vcpuState[vcpu] === VCPU_RUNNABLE;
  }
  allows(vcpu: VcpuId, cpu: CpuId): boolean {
    this.count();
    return this.w.masks.allowed[this.w.vcpuMask[vcpu]!]![cpu] === 1;
  }
  allowsNode(vcpu: VcpuId, node: NodeId): boolean {
    this.count();
    return this.w.masks.allowedNodes[this.w.vcpuMask[vcpu]!]![node] === 1;
  }
  nrAllowed(vcpu: VcpuId): number {
    return this.w.masks.counts[this.w.vcpuMask[vcpu]!]!;
  }
  prefers(vcpu: VcpuId, cpu: CpuId): boolean {
    this.count();
    return this.w.masks.allowed[this.w.vcpuSoftMask[vcpu]!]![cpu] === 1;
  }
  hasSoft(vcpu: VcpuId): boolean {
    return this.w.vcpuSoftMask[vcpu] !== 0;
  }
  isOnline(cpu: CpuId): boolean {
    return this.w.masks.isOnline[cpu] === 1;
  }
  runtimeNs(vcpu: VcpuId): number {
    const { w } = this;
    this.count();
    return w.runtimeNs[vcpu]! + (w.vcpuState[vcpu] === VCPU_RUNNING ? w.nowNs - w.runSinceNs[vcpu]! : 0);
  }
  pmuRunNs(vcpu: VcpuId): number {
    this.calls += PMU_CALLS;
    return this.w.pmu.runNs[vcpu]!;
  }
  pmuStallNs(vcpu: VcpuId): number {
    this.calls += PMU_CALLS;
    return this.stallNs.read(vcpu);
  }
  stoppedNs(vcpu: VcpuId): number {
    return this.w.stoppedNs[vcpu]!;
  }

  pmuInstructions(vcpu: VcpuId): number {
    this.calls += PMU_CALLS;
    return this.instructions.read(vcpu);
  }
  pmuAccesses(vcpu: VcpuId): number {
    this.calls += PMU_CALLS;
    return this.accesses.read(vcpu);
  }
  pmuLines(vcpu: VcpuId, node: NodeId): number {
    this.calls += PMU_CALLS;
    return this.lines.read(vcpu * this.nodeCount + node);
  }

  /** A helper is called: it costs time, and a hook may not call them for ever. */
  protected count(): void {
    if (++this.calls > this.mostCalls) throw new PolicyError(`more than ${this.mostCalls} helpers called by one hook`, 'loop');
  }
}
