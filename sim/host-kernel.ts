import { DispatchQueues } from './dsq.ts';
import { PolicyError } from './assert.ts';
import { nodesByDistance } from './memory.ts';
import { partOf } from './parts.ts';
import { DSQ_GLOBAL, DSQ_LOCAL, DSQ_LOCAL_ON, ENQ_HEAD, type Kernel, KICK_PREEMPT, type GuestKind } from './policy-api.ts';
import type { Random } from './random.ts';

import { TIMER_POLICY } from './timers.ts';
import { type CpuId, type DsqId, type GuestId, type NodeId, NONE, type VcpuId } from './units.ts';
import { VCPU_RUNNABLE, VCPU_RUNNING } from './states.ts';
import type { World } from './world.ts';

/** The helpers a policy is given. Every call is checked: what a kernel would refuse ends the run with a PolicyError. */
export class HostKernel implements Kernel {
  readonly cpuCount: number;
  readonly nodeCount: number;
  readonly guestCount: number;
  readonly vcpuCount: number;
  readonly blockBytes: number;
  readonly memoryHoleBytes: number;
  /** Hook context, set by host.ts: which vCPU may be inserted, and which CPU DSQ_LOCAL means. */
  selecting = -1;
  enqueueing = -1;
  enqueueCpu = -1;
  dispatching = -1;
  readonly timerPeriodsNs: number[] = [];
  readonly timerFires: ((k: Kernel) => void)[] = [];
  private readonly w: World;
  private readonly queues: DispatchQueues;
  private readonly random01: Random;
  private readonly nearest: Uint8Array;
  private readonly known: Set<number> = new Set();
  private readonly directSlice: Float64Array; // [vcpu] slice of an insert into DSQ_LOCAL made in selectCpu; -1 for none
  private readonly flags: Uint8Array; //         [vcpu] HAS_RUN, WOKEN

  constructor(w: World, random01: Random) {
    const { machine } = w.scenario;
    this.w = w;
    this.random01 = random01;
    this.cpuCount = machine.cpuCount;
    this.nodeCount = machine.nodeCount;
    this.guestCount = w.guests.length;
    this.vcpuCount = w.vcpuGuest.length;
    this.blockBytes = w.scenario.blockBytes;
    this.memoryHoleBytes = machine.spec.memoryHoleGiB.value * 1024 ** 3;
    this.nearest = nodesByDistance(machine);
    this.queues = new DispatchQueues(this.vcpuCount, this.cpuCount + 1);
    this.directSlice = new Float64Array(this.vcpuCount).fill(-1);
    this.flags = new Uint8Array(this.vcpuCount);
  }

  // -- for host.ts -----------------------------------------------------------------------------------------------------------

  resched(cpu: number): void {
    this.w.resched.add(cpu);
  }

  isCpu(cpu: number): boolean {
    return Number.isInteger(cpu) && cpu >= 0 && cpu < this.cpuCount;
  }

  isQueued(vcpu: number): boolean {
    return this.queues.queueOf[vcpu] !== -1;
  }

  /** What selectCpu inserted directly goes to the CPU it returned. */
  finishSelect(vcpu: number, cpu: number): void {
    this.flags[vcpu]! |= WOKEN;
    const sliceNs = this.directSlice[vcpu]!;
    if (sliceNs < 0) return;
    this.directSlice[vcpu] = -1;
    this.put(vcpu, cpu, sliceNs, 0);
  }

  takeLocal(cpu: number): number {
    let vcpu = this.queues.first(cpu);
    if (vcpu === -1) {
      const global = this.cpuCount;
      vcpu = this.queues.first(global);
      while (vcpu !== -1 && !this.allows(vcpu as VcpuId, cpu as CpuId)) vcpu = this.queues.next[vcpu]!;
    }
    if (vcpu !== -1) this.queues.remove(vcpu);
    return vcpu;
  }

  hasRun(vcpu: number): boolean {
    const had = (this.flags[vcpu]! & HAS_RUN) !== 0;
    this.flags[vcpu]! |= HAS_RUN;
    return had;
  }

  wokenAt(vcpu: number): boolean {
    return (this.flags[vcpu]! & WOKEN) !== 0;
  }

  clearWoken(vcpu: number): void {
    this.flags[vcpu]! &= ~WOKEN;
  }

  // -- facts -----------------------------------------------------------------------------------------------------------------

  get nowNs(): number {
    return this.w.nowNs;
  }
  cpuNode(cpu: CpuId): NodeId {
    return this.w.scenario.machine.cpuNode[cpu] as NodeId;
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
  nodeMemoryBytes(node: NodeId): number {
    return this.w.memory.nodeBlocks[node]! * this.blockBytes;
  }
  nodeFreeBytes(node: NodeId): number {
    return this.w.memory.nodeFree[node]! * this.blockBytes;
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
    return this.w.guests[guest]!.spec.vnodes;
  }
  blockVnode(guest: GuestId, block: number): number {
    const { first, count } = this.w.memory.guestBlocks;
    if (!(Number.isInteger(block) && block >= 0 && block < count[guest]!))
      throw new PolicyError(`block ${String(block)} of guest ${guest}, want 0 to ${count[guest]! - 1}`);
    return this.w.memory.guestBlocks.vnodeOf(guest, first[guest]! + block);
  }
  vcpuVnode(vcpu: VcpuId): number {
    const guest = this.w.guests[this.w.vcpuGuest[vcpu]!]!;
    return partOf(vcpu - guest.firstVcpu, guest.vcpuCount, guest.spec.vnodes);
  }
  isHostNoise(guest: GuestId): boolean {
    return this.w.guests[guest]!.isHostNoise;
  }
  weight(vcpu: VcpuId): number {
    return this.w.guests[this.w.vcpuGuest[vcpu]!]!.spec.weight;
  }
  taskCpu(vcpu: VcpuId): CpuId {
    return this.w.vcpuCpu[vcpu] as CpuId;
  }
  get wakerCpu(): CpuId {
    const own = this.w.vcpuCpu[this.selecting] as CpuId;
    const waker = this.selecting < 0 ? NONE : (this.w.wakerCpu[this.selecting] as CpuId);
    return waker === NONE ? own : waker;
  }
  cpuCurr(cpu: CpuId): VcpuId {
    return this.w.cpuVcpu[cpu] as VcpuId;
  }
  isRunning(vcpu: VcpuId): boolean {
    return this.w.vcpuState[vcpu] === VCPU_RUNNING;
  }
  allows(vcpu: VcpuId, cpu: CpuId): boolean {
    return this.w.masks[this.w.vcpuMask[vcpu]!]![cpu] === 1;
  }
  runtimeNs(vcpu: VcpuId): number {
    const { w } = this;
    return w.runtimeNs[vcpu]! + (w.vcpuState[vcpu] === VCPU_RUNNING ? w.nowNs - w.runSinceNs[vcpu]! : 0);
  }
  stoppedNs(vcpu: VcpuId): number {
    return this.w.stoppedNs[vcpu]!;
  }

  // -- dispatch queues -------------------------------------------------------------------------------------------------------

  createDsq(dsq: DsqId): void {
    if (!Number.isInteger(dsq) || dsq < 0 || dsq >= 1 << 20)
      throw new PolicyError(`createDsq: queue ${String(dsq)}, want 0 to ${(1 << 20) - 1}`);
    this.known.add(dsq);
    const queue = this.cpuCount + 1 + dsq;
    if (queue >= this.queues.queueCount) this.queues.grow(queue + 1);
  }

  dsqInsert(vcpu: VcpuId, dsq: DsqId, sliceNs: number, flags: number): void {
    this.checkInsert(vcpu, sliceNs);
    if (this.selecting === vcpu && dsq === DSQ_LOCAL) {
      this.directSlice[vcpu] = sliceNs;
      return;
    }
    this.put(vcpu, this.queueNumber(vcpu, dsq), sliceNs, flags);
  }

  dsqInsertVtime(vcpu: VcpuId, dsq: DsqId, sliceNs: number, vtime: number): void {
    this.checkInsert(vcpu, sliceNs);
    if (!Number.isFinite(vtime)) throw new PolicyError(`dsqInsertVtime: vtime ${vtime} of vCPU ${vcpu}`);
    if (dsq < 0 || dsq >= DSQ_LOCAL_ON) throw new PolicyError('dsqInsertVtime: built-in queues are FIFO only');
    const queue = this.queueNumber(vcpu, dsq);
    this.setSlice(vcpu, sliceNs);
    this.queues.insertByVtime(vcpu, queue, vtime);
  }

  dsqMoveToLocal(dsq: DsqId): boolean {
    const cpu = this.inDispatch('dsqMoveToLocal');
    const queue = this.queueNumber(-1, dsq);
    for (let vcpu = this.queues.first(queue); vcpu !== -1; vcpu = this.queues.next[vcpu]!) {
      if (this.allows(vcpu as VcpuId, cpu as CpuId)) {
        this.moveTo(vcpu, cpu);
        return true;
      }
    }
    return false;
  }

  dsqMove(vcpu: VcpuId): boolean {
    const cpu = this.inDispatch('dsqMove');
    if (!this.isQueued(vcpu)) throw new PolicyError(`dsqMove: vCPU ${vcpu} is in no queue`);
    if (!this.allows(vcpu, cpu as CpuId)) return false;
    this.moveTo(vcpu, cpu);
    return true;
  }

  dsqNrQueued(dsq: DsqId): number {
    return this.queues.count(this.queueNumber(-1, dsq));
  }

  dsqFirst(dsq: DsqId): VcpuId {
    return this.queues.first(this.queueNumber(-1, dsq)) as VcpuId;
  }

  dsqNext(vcpu: VcpuId): VcpuId {
    return this.queues.next[vcpu] as VcpuId;
  }

  // -- idle CPUs -------------------------------------------------------------------------------------------------------------

  isIdle(cpu: CpuId): boolean {
    return this.w.cpuIdle[cpu] === 1;
  }

  nrIdle(node: NodeId): number {
    const first = this.nodeFirstCpu(node);
    let count = 0;
    for (let cpu: number = first; cpu < first + this.nodeCpuCount(node); cpu++) count += this.w.cpuIdle[cpu]!;
    return count;
  }

  testAndClearIdle(cpu: CpuId): boolean {
    if (!this.isCpu(cpu)) throw new PolicyError(`testAndClearIdle: CPU ${String(cpu)}, want 0 to ${this.cpuCount - 1}`);
    if (this.w.cpuIdle[cpu] === 0) return false;
    this.w.cpuIdle[cpu] = 0;
    this.resched(cpu); // if nothing comes of the claim, it turns idle again
    return true;
  }

  pickIdleCpuNode(vcpu: VcpuId, node: NodeId, start: CpuId): CpuId {
    const first = this.nodeFirstCpu(node);
    const count = this.nodeCpuCount(node);
    const offset = start >= first && start < first + count ? start - first : 0;
    for (let i = 0; i < count; i++) {
      const cpu = (first + ((offset + i) % count)) as CpuId;
      if (this.w.cpuIdle[cpu] === 1 && this.allows(vcpu, cpu)) {
        this.testAndClearIdle(cpu);
        return cpu;
      }
    }
    return NONE;
  }

  kick(cpu: CpuId, flags: number): void {
    if (!this.isCpu(cpu)) throw new PolicyError(`kick: CPU ${String(cpu)}, want 0 to ${this.cpuCount - 1}`);
    if (this.w.cpuVcpu[cpu] === -1) this.resched(cpu);
    else if ((flags & KICK_PREEMPT) !== 0) {
      this.w.cpuPreempt[cpu] = 1;
      this.resched(cpu);
    }
  }

  timer(periodNs: number, fire: (k: Kernel) => void): void {
    if (!(Number.isSafeInteger(periodNs) && periodNs > 0)) throw new PolicyError(`timer: period ${periodNs}, want whole ns above 0`);
    if (this.timerFires.length === 32) throw new PolicyError('timer: at most 32 of them');
    this.w.timers.push(this.w.nowNs + periodNs, TIMER_POLICY, this.timerFires.length);
    this.timerPeriodsNs.push(periodNs);
    this.timerFires.push(fire);
  }

  random(): number {
    return this.random01();
  }

  // -- inner -----------------------------------------------------------------------------------------------------------------

  private checkInsert(vcpu: number, sliceNs: number): void {
    if (vcpu !== this.enqueueing && vcpu !== this.selecting) {
      throw new PolicyError(`dsqInsert of vCPU ${String(vcpu)} outside its selectCpu or enqueue`);
    }
    if (this.w.vcpuState[vcpu] !== VCPU_RUNNABLE) throw new PolicyError(`dsqInsert of vCPU ${vcpu}, which is not runnable`);
    if (this.isQueued(vcpu)) throw new PolicyError(`dsqInsert of vCPU ${vcpu}, which is queued already`);
    if (!(sliceNs > 0 && (Number.isSafeInteger(sliceNs) || sliceNs === Infinity)))
      throw new PolicyError(`dsqInsert: slice ${sliceNs} of vCPU ${vcpu}, want whole ns above 0`);
  }

  private queueNumber(vcpu: number, dsq: number): number {
    if (dsq === DSQ_LOCAL) return this.dispatching >= 0 ? this.dispatching : this.enqueueCpu;
    if (dsq === DSQ_GLOBAL) return this.cpuCount;
    if (dsq >= DSQ_LOCAL_ON) {
      const cpu = dsq - DSQ_LOCAL_ON;
      if (!this.isCpu(cpu)) throw new PolicyError(`queue of CPU ${cpu}, want 0 to ${this.cpuCount - 1}`);
      if (vcpu >= 0 && !this.allows(vcpu as VcpuId, cpu as CpuId)) throw new PolicyError(`vCPU ${vcpu} may not run on CPU ${cpu}`);
      return cpu;
    }
    if (!this.known.has(dsq)) throw new PolicyError(`queue ${String(dsq)} was not created`);
    return this.cpuCount + 1 + dsq;
  }

  private put(vcpu: number, queue: number, sliceNs: number, flags: number): void {
    this.setSlice(vcpu, sliceNs);
    this.queues.insertFifo(vcpu, queue, (flags & ENQ_HEAD) !== 0);
    if (queue < this.cpuCount && this.w.cpuVcpu[queue] === -1) this.resched(queue);
  }

  private setSlice(vcpu: number, sliceNs: number): void {
    this.w.vcpuSliceNs[vcpu] = sliceNs;
    this.w.vcpuSliceLengthNs[vcpu] = sliceNs;
  }

  private moveTo(vcpu: number, cpu: number): void {
    this.queues.remove(vcpu);
    this.queues.insertFifo(vcpu, cpu, false);
  }

  private inDispatch(what: string): number {
    if (this.dispatching < 0) throw new PolicyError(`${what} outside dispatch`);
    return this.dispatching;
  }
}

const HAS_RUN = 1;
const WOKEN = 2;
