import { PolicyError } from '../../sim/assert.ts';
import type { GuestKind, Kernel } from '../../sim/policy-api.ts';
import type { CpuId, DsqId, GuestId, NodeId, VcpuId } from '../../sim/units.ts';

/**
 * The kernel as a guarded policy is given it: the helpers and nothing behind them. What stands behind is a private field, which no code of
 * the policy can reach, and every object is frozen, so that a write to it throws.
 */
export class PolicyKernel implements Kernel {
  readonly #k: Kernel;
  readonly #called: (fire: () => void) => void;
  readonly cpuCount: number;
  readonly nodeCount: number;
  readonly guestCount: number;
  readonly vcpuCount: number;
  readonly memoryHoleBytes: number;
  readonly blockBytes: number;

  /** @param called calls what a timer fires */
  constructor(k: Kernel, called: (fire: () => void) => void) {
    this.#k = k;
    this.#called = called;
    this.cpuCount = k.cpuCount;
    this.nodeCount = k.nodeCount;
    this.guestCount = k.guestCount;
    this.vcpuCount = k.vcpuCount;
    this.memoryHoleBytes = k.memoryHoleBytes;
    this.blockBytes = k.blockBytes;
    Object.freeze(this);
  }

  get nowNs(): number {
    return this.#k.nowNs;
  }
  cpuNode(cpu: CpuId): NodeId {
    return this.#k.cpuNode(cpu);
  }
  nodeSocket(node: NodeId): number {
    return this.#k.nodeSocket(node);
  }
  nodeFirstCpu(node: NodeId): CpuId {
    return this.#k.nodeFirstCpu(node);
  }
  nodeCpuCount(node: NodeId): number {
    return this.#k.nodeCpuCount(node);
  }
  distance(from: NodeId, to: NodeId): number {
    return this.#k.distance(from, to);
  }
  nthNearest(node: NodeId, i: number): NodeId {
    return this.#k.nthNearest(node, i);
  }
  pairGBps(cpuNode: NodeId, memoryNode: NodeId): number {
    return this.#k.pairGBps(cpuNode, memoryNode);
  }
  nodeMemoryBytes(node: NodeId): number {
    return this.#k.nodeMemoryBytes(node);
  }
  nodeFreeBytes(node: NodeId): number {
    return this.#k.nodeFreeBytes(node);
  }
  guestOf(vcpu: VcpuId): GuestId {
    return this.#k.guestOf(vcpu);
  }
  guestKind(guest: GuestId): GuestKind {
    return this.#k.guestKind(guest);
  }
  guestMemoryBytes(guest: GuestId): number {
    return this.#k.guestMemoryBytes(guest);
  }
  guestFirstVcpu(guest: GuestId): VcpuId {
    return this.#k.guestFirstVcpu(guest);
  }
  guestVcpuCount(guest: GuestId): number {
    return this.#k.guestVcpuCount(guest);
  }
  guestVnodeCount(guest: GuestId): number {
    return this.#k.guestVnodeCount(guest);
  }
  blockVnode(guest: GuestId, block: number): number {
    return this.#k.blockVnode(guest, block);
  }
  vcpuVnode(vcpu: VcpuId): number {
    return this.#k.vcpuVnode(vcpu);
  }
  isHostNoise(guest: GuestId): boolean {
    return this.#k.isHostNoise(guest);
  }
  weight(vcpu: VcpuId): number {
    return this.#k.weight(vcpu);
  }
  sliceHint(vcpu: VcpuId): number {
    return this.#k.sliceHint(vcpu);
  }
  taskCpu(vcpu: VcpuId): CpuId {
    return this.#k.taskCpu(vcpu);
  }
  get wakerCpu(): CpuId {
    return this.#k.wakerCpu;
  }
  cpuCurr(cpu: CpuId): VcpuId {
    return this.#k.cpuCurr(cpu);
  }
  isRunning(vcpu: VcpuId): boolean {
    return this.#k.isRunning(vcpu);
  }
  cpuCore(cpu: CpuId): number {
    return this.#k.cpuCore(cpu);
  }
  cap(guest: GuestId): number {
    return this.#k.cap(guest);
  }
  isHere(guest: GuestId): boolean {
    return this.#k.isHere(guest);
  }
  isRunnable(vcpu: VcpuId): boolean {
    return this.#k.isRunnable(vcpu);
  }
  allowsNode(vcpu: VcpuId, node: NodeId): boolean {
    return this.#k.allowsNode(vcpu, node);
  }
  nrAllowed(vcpu: VcpuId): number {
    return this.#k.nrAllowed(vcpu);
  }
  prefers(vcpu: VcpuId, cpu: CpuId): boolean {
    return this.#k.prefers(vcpu, cpu);
  }
  hasSoft(vcpu: VcpuId): boolean {
    return this.#k.hasSoft(vcpu);
  }
  homeNode(guest: GuestId): NodeId {
    return this.#k.homeNode(guest);
  }
  isOnline(cpu: CpuId): boolean {
    return this.#k.isOnline(cpu);
  }
  pmuRunNs(vcpu: VcpuId): number {
    return this.#k.pmuRunNs(vcpu);
  }
  pmuStallNs(vcpu: VcpuId): number {
    return this.#k.pmuStallNs(vcpu);
  }
  pmuInstructions(vcpu: VcpuId): number {
    return this.#k.pmuInstructions(vcpu);
  }
  pmuAccesses(vcpu: VcpuId): number {
    return this.#k.pmuAccesses(vcpu);
  }
  pmuLines(vcpu: VcpuId, node: NodeId): number {
    return this.#k.pmuLines(vcpu, node);
  }
  nodeLines(cpuNode: NodeId, memoryNode: NodeId): number {
    return this.#k.nodeLines(cpuNode, memoryNode);
  }
  guestBlockCount(guest: GuestId): number {
    return this.#k.guestBlockCount(guest);
  }
  guestNodeBytes(guest: GuestId, node: NodeId): number {
    return this.#k.guestNodeBytes(guest, node);
  }
  blockNode(guest: GuestId, block: number): NodeId {
    return this.#k.blockNode(guest, block);
  }
  markBlocks(guest: GuestId, first: number, count: number): number {
    return this.#k.markBlocks(guest, first, count);
  }
  moveBlock(guest: GuestId, block: number, to: NodeId): boolean {
    return this.#k.moveBlock(guest, block, to);
  }
  get moveRoomBytes(): number {
    return this.#k.moveRoomBytes;
  }
  failedMoves(guest: GuestId): number {
    return this.#k.failedMoves(guest);
  }
  replicateBlock(guest: GuestId, block: number, node: NodeId): boolean {
    return this.#k.replicateBlock(guest, block, node);
  }
  splitBlock(guest: GuestId, block: number): boolean {
    return this.#k.splitBlock(guest, block);
  }
  mergeBlock(guest: GuestId, block: number): boolean {
    return this.#k.mergeBlock(guest, block);
  }
  allows(vcpu: VcpuId, cpu: CpuId): boolean {
    return this.#k.allows(vcpu, cpu);
  }
  runtimeNs(vcpu: VcpuId): number {
    return this.#k.runtimeNs(vcpu);
  }
  stoppedNs(vcpu: VcpuId): number {
    return this.#k.stoppedNs(vcpu);
  }
  createDsq(dsq: DsqId): void {
    this.#k.createDsq(dsq);
  }
  dsqInsert(vcpu: VcpuId, dsq: DsqId, sliceNs: number, flags: number): void {
    this.#k.dsqInsert(vcpu, dsq, sliceNs, flags);
  }
  dsqInsertVtime(vcpu: VcpuId, dsq: DsqId, sliceNs: number, vtime: number, flags: number): void {
    this.#k.dsqInsertVtime(vcpu, dsq, sliceNs, vtime, flags);
  }
  dsqMoveToLocal(dsq: DsqId): boolean {
    return this.#k.dsqMoveToLocal(dsq);
  }
  dsqNrQueued(dsq: DsqId): number {
    return this.#k.dsqNrQueued(dsq);
  }
  dsqFirst(dsq: DsqId): VcpuId {
    return this.#k.dsqFirst(dsq);
  }
  dsqNext(vcpu: VcpuId): VcpuId {
    return this.#k.dsqNext(vcpu);
  }
  dsqMove(vcpu: VcpuId): boolean {
    return this.#k.dsqMove(vcpu);
  }
  dsqMoveTo(vcpu: VcpuId, dsq: DsqId): boolean {
    return this.#k.dsqMoveTo(vcpu, dsq);
  }
  dsqMoveVtime(vcpu: VcpuId, dsq: DsqId, vtime: number): boolean {
    return this.#k.dsqMoveVtime(vcpu, dsq, vtime);
  }
  dsqOf(vcpu: VcpuId): DsqId {
    return this.#k.dsqOf(vcpu);
  }
  setSlice(vcpu: VcpuId, sliceNs: number): void {
    this.#k.setSlice(vcpu, sliceNs);
  }
  isIdle(cpu: CpuId): boolean {
    return this.#k.isIdle(cpu);
  }
  nrIdle(node: NodeId): number {
    return this.#k.nrIdle(node);
  }
  testAndClearIdle(cpu: CpuId): boolean {
    return this.#k.testAndClearIdle(cpu);
  }
  pickIdleCpuNode(vcpu: VcpuId, node: NodeId, start: CpuId): CpuId {
    return this.#k.pickIdleCpuNode(vcpu, node, start);
  }
  pickIdleCpu(vcpu: VcpuId): CpuId {
    return this.#k.pickIdleCpu(vcpu);
  }
  selectCpuDfl(vcpu: VcpuId, prev: CpuId): CpuId {
    return this.#k.selectCpuDfl(vcpu, prev);
  }
  kick(cpu: CpuId, flags: number): void {
    this.#k.kick(cpu, flags);
  }
  timer(periodNs: number, fire: (k: Kernel) => void): void {
    if (typeof fire !== 'function') throw new PolicyError('timer: want a function to call');
    const called = this.#called;
    this.#k.timer(periodNs, () => called(() => fire(this)));
  }
  random(): number {
    return this.#k.random();
  }
}

Object.freeze(PolicyKernel.prototype);
