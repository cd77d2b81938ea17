import { DispatchQueues } from './dsq.ts';
import { PolicyError } from './assert.ts';
import { KernelMemory } from './kernel-memory.ts';
import { DSQ_GLOBAL, DSQ_LOCAL, DSQ_LOCAL_ON, ENQ_HEAD, ENQ_PREEMPT, type Kernel, KICK_PREEMPT } from './policy-api.ts';
import type { Random } from './random.ts';
import { TIMER_POLICY } from './timers.ts';
import { type CpuId, type DsqId, type NodeId, NONE, type VcpuId } from './units.ts';
import { VCPU_RUNNABLE, VCPU_RUNNING } from './states.ts';
import { setDue, type World } from './world.ts';

/** The helpers a policy is given. Every call is checked: what a kernel would refuse ends the run with a PolicyError. */
export class HostKernel extends KernelMemory implements Kernel {
  /** Hook context, set by host.ts: which vCPU may be inserted, and which CPU DSQ_LOCAL means. */
  enqueueing = -1;
  enqueueCpu = -1;
  dispatching = -1;
  inTimer = false;
  readonly timerPeriodsNs: number[] = [];
  readonly timerFires: ((k: Kernel) => void)[] = [];
  private readonly queues: DispatchQueues;
  private readonly random01: Random;
  private readonly known: Set<number> = new Set();
  private readonly directSlice: Float64Array; // [vcpu] slice of an insert into DSQ_LOCAL made in selectCpu; -1 for none
  private readonly flags: Uint8Array; //         [vcpu] HAS_RUN, WOKEN

  constructor(w: World, random01: Random) {
    super(w);
    this.random01 = random01;
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

  /** Takes a vCPU out of whatever queue it is in. */
  unqueue(vcpu: number): void {
    this.queues.remove(vcpu);
  }

  isInLocal(vcpu: number, cpu: number): boolean {
    return this.queues.queueOf[vcpu] === cpu;
  }

  hasRun(vcpu: number): boolean {
    const had = (this.flags[vcpu]! & HAS_RUN) !== 0;
    this.flags[vcpu]! |= HAS_RUN;
    return had;
  }

  setWoken(vcpu: number): void {
    this.flags[vcpu]! |= WOKEN;
  }

  wokenAt(vcpu: number): boolean {
    return (this.flags[vcpu]! & WOKEN) !== 0;
  }

  clearWoken(vcpu: number): void {
    this.flags[vcpu]! &= ~WOKEN;
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
    this.count();
    this.checkInsert(vcpu, sliceNs);
    if (this.selecting === vcpu && dsq === DSQ_LOCAL) {
      this.directSlice[vcpu] = sliceNs;
      return;
    }
    this.put(vcpu, this.queueNumber(vcpu, dsq), sliceNs, flags);
  }

  dsqInsertVtime(vcpu: VcpuId, dsq: DsqId, sliceNs: number, vtime: number): void {
    this.count();
    this.checkInsert(vcpu, sliceNs);
    const queue = this.vtimeQueue(vcpu, dsq, vtime);
    this.giveSlice(vcpu, sliceNs);
    this.queues.insertByVtime(vcpu, queue, vtime);
  }

  dsqMoveToLocal(dsq: DsqId): boolean {
    this.count();
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
    this.count();
    const cpu = this.inDispatch('dsqMove');
    this.checkQueued(vcpu);
    if (!this.allows(vcpu, cpu as CpuId)) return false;
    this.moveTo(vcpu, cpu);
    return true;
  }

  dsqMoveTo(vcpu: VcpuId, dsq: DsqId): boolean {
    this.count();
    this.checkMove(vcpu);
    const queue = this.queueNumber(-1, dsq);
    if (queue < this.cpuCount && !this.allows(vcpu, queue as CpuId)) return false;
    this.moveTo(vcpu, queue);
    if (queue < this.cpuCount && this.w.cpuVcpu[queue] === -1) this.resched(queue);
    return true;
  }

  dsqMoveVtime(vcpu: VcpuId, dsq: DsqId, vtime: number): boolean {
    this.count();
    this.checkMove(vcpu);
    const queue = this.vtimeQueue(vcpu, dsq, vtime);
    this.queues.remove(vcpu);
    this.queues.insertByVtime(vcpu, queue, vtime);
    return true;
  }

  dsqOf(vcpu: VcpuId): DsqId {
    this.count();
    const queue = this.queues.queueOf[vcpu]!;
    if (queue < 0) return NONE;
    return (queue < this.cpuCount ? DSQ_LOCAL_ON + queue : queue === this.cpuCount ? DSQ_GLOBAL : queue - this.cpuCount - 1) as DsqId;
  }

  setSlice(vcpu: VcpuId, sliceNs: number): void {
    this.count();
    const { w } = this;
    if (!(sliceNs >= 0 && (Number.isSafeInteger(sliceNs) || sliceNs === Infinity)))
      throw new PolicyError(`setSlice: slice ${sliceNs} of vCPU ${vcpu}, want whole ns`);
    if (w.vcpuState[vcpu] !== VCPU_RUNNING) {
      w.vcpuSliceNs[vcpu] = sliceNs;
      return;
    }
    const cpu = w.vcpuCpu[vcpu]!;
    w.sliceEndNs[cpu] = w.nowNs + sliceNs;
    setDue(w, cpu);
    if (sliceNs === 0) this.resched(cpu);
  }

  dsqNrQueued(dsq: DsqId): number {
    this.count();
    return this.queues.count(this.queueNumber(-1, dsq));
  }

  dsqFirst(dsq: DsqId): VcpuId {
    this.count();
    return this.queues.first(this.queueNumber(-1, dsq)) as VcpuId;
  }

  dsqNext(vcpu: VcpuId): VcpuId {
    this.count();
    return this.queues.next[vcpu] as VcpuId;
  }

  // -- idle CPUs -------------------------------------------------------------------------------------------------------------

  isIdle(cpu: CpuId): boolean {
    this.count();
    return this.w.cpuIdle[cpu] === 1;
  }

  nrIdle(node: NodeId): number {
    this.count();
    const first = this.nodeFirstCpu(node);
    let count = 0;
    for (let cpu: number = first; cpu < first + this.nodeCpuCount(node); cpu++) count += this.w.cpuIdle[cpu]!;
    return count;
  }

  testAndClearIdle(cpu: CpuId): boolean {
    this.count();
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

  pickIdleCpu(vcpu: VcpuId): CpuId {
    for (let node = 0 as NodeId; node < this.nodeCount; node++) {
      const cpu = this.pickIdleCpuNode(vcpu, node, this.nodeFirstCpu(node));
      if (cpu !== NONE) return cpu;
    }
    return NONE;
  }

  selectCpuDfl(vcpu: VcpuId, prev: CpuId): CpuId {
    if (prev === NONE) return this.pickIdleCpu(vcpu);
    if (this.allows(vcpu, prev) && this.testAndClearIdle(prev)) return prev;
    const near = this.pickIdleCpuNode(vcpu, this.cpuNode(prev), prev);
    return near === NONE ? this.pickIdleCpu(vcpu) : near;
  }

  kick(cpu: CpuId, flags: number): void {
    this.count();
    if (!this.isCpu(cpu)) throw new PolicyError(`kick: CPU ${String(cpu)}, want 0 to ${this.cpuCount - 1}`);
    if (this.w.cpuVcpu[cpu] === -1) {
      if (this.isOnline(cpu)) this.resched(cpu);
    } else if ((flags & KICK_PREEMPT) !== 0) this.preempt(cpu);
  }

  timer(periodNs: number, fire: (k: Kernel) => void): void {
    if (!(Number.isSafeInteger(periodNs) && periodNs > 0)) throw new PolicyError(`timer: period ${periodNs}, want whole ns above 0`);
    if (this.timerFires.length === 32) throw new PolicyError('timer: at most 32 of them');
    this.w.timers.push(this.w.nowNs + periodNs, TIMER_POLICY, this.timerFires.length);
    this.timerPeriodsNs.push(periodNs);
    this.timerFires.push(fire);
  }

  random(): number {
    this.count();
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

  private checkQueued(vcpu: number): void {
    if (!this.isQueued(vcpu)) throw new PolicyError(`dsqMove: vCPU ${String(vcpu)} is in no queue`);
  }

  private checkMove(vcpu: number): void {
    if (this.dispatching < 0 && !this.inTimer) throw new PolicyError('dsqMoveTo outside dispatch and timers');
    this.checkQueued(vcpu);
  }

  private vtimeQueue(vcpu: number, dsq: number, vtime: number): number {
    if (!Number.isFinite(vtime)) throw new PolicyError(`vtime ${vtime} of vCPU ${vcpu}, want a finite number`);
    if (dsq < 0 || dsq >= DSQ_LOCAL_ON) throw new PolicyError('built-in queues are FIFO only');
    return this.queueNumber(vcpu, dsq);
  }

  private preempt(cpu: number): void {
    this.w.cpuPreempt[cpu] = 1;
    this.w.cpuChargeNs[cpu]! += this.w.scenario.costs.ipiNs;
    this.resched(cpu);
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
    this.giveSlice(vcpu, sliceNs);
    this.queues.insertFifo(vcpu, queue, (flags & ENQ_HEAD) !== 0);
    if (queue >= this.cpuCount) return;
    if (this.w.cpuVcpu[queue] === -1) this.resched(queue);
    else if ((flags & ENQ_PREEMPT) !== 0) this.preempt(queue);
  }

  private giveSlice(vcpu: number, sliceNs: number): void {
    this.w.vcpuSliceNs[vcpu] = sliceNs;
  }

  private moveTo(vcpu: number, queue: number): void {
    this.queues.remove(vcpu);
    this.queues.insertFifo(vcpu, queue, false);
  }

  private inDispatch(what: string): number {
    if (this.dispatching < 0) throw new PolicyError(`${what} outside dispatch`);
    return this.dispatching;
  }
}

const HAS_RUN = 1;
const WOKEN = 2;
