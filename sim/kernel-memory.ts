import { PolicyError } from './assert.ts';
import { markBlocks } from './hint-faults.ts';
import { KernelFacts } from './kernel-facts.ts';
import { moveRoomBytes, requestMerge, requestMove, requestReplica } from './moving.ts';
import { COPY_MOVE } from './page-moves.ts';
import type { GuestId, NodeId } from './units.ts';
import { NONE } from './units.ts';

/** What a policy may know of guests' memory, and ask for: see Kernel in policy-api.ts. */
export class KernelMemory extends KernelFacts {
  guestBlockCount(guest: GuestId): number {
    return this.w.memory.guestBlocks.count[guest]!;
  }
  guestNodeBytes(guest: GuestId, node: NodeId): number {
    this.count();
    return this.w.memory.guestNodeBlocks[guest * this.nodeCount + node]! * this.blockBytes;
  }
  blockNode(guest: GuestId, block: number): NodeId {
    this.count();
    return this.w.memory.nodeOf(this.block(guest, block)) as NodeId;
  }
  failedMoves(guest: GuestId): number {
    this.count();
    return this.w.counts.failedMoves[guest]!;
  }
  get moveRoomBytes(): number {
    this.count();
    return moveRoomBytes(this.w);
  }
  nodeLines(cpuNode: NodeId, memoryNode: NodeId): number {
    this.calls += 5; // as a counter of a vCPU: see pmuRunNs
    return this.w.pairLines[this.node(cpuNode) * this.nodeCount + this.node(memoryNode)]!;
  }

  markBlocks(guest: GuestId, first: number, count: number): number {
    this.count();
    if (!(Number.isInteger(count) && count >= 0)) throw new PolicyError(`markBlocks: count ${String(count)}, want a whole number`);
    if (count === 0) return 0;
    const from = this.block(guest, first);
    const { first: firsts, count: counts } = this.w.memory.guestBlocks;
    return markBlocks(this.w, guest, from, Math.min(from + count, firsts[guest]! + counts[guest]!));
  }
  moveBlock(guest: GuestId, block: number, to: NodeId): boolean {
    this.count();
    const at = this.block(guest, block);
    return requestMove(this.w, this.copier('moveBlock', this.node(to)), guest, at, to, COPY_MOVE);
  }
  replicateBlock(guest: GuestId, block: number, node: NodeId): boolean {
    this.count();
    const at = this.block(guest, block);
    return requestReplica(this.w, this.copier('replicateBlock', this.node(node)), guest, at, node);
  }
  splitBlock(guest: GuestId, block: number): boolean {
    this.count();
    const { huge, moves } = this.w;
    const at = this.block(guest, block);
    if (!huge.isHuge(guest, at) || moves?.isWaiting[huge.first(guest, at)] === 1) return false;
    huge.split(guest, at);
    this.w.pageWorkNs += this.w.scenario.costs.splitNs;
    return true;
  }
  mergeBlock(guest: GuestId, block: number): boolean {
    this.count();
    const at = this.block(guest, block);
    const node = this.w.memory.nodeOf(at);
    return node >= 0 && requestMerge(this.w, this.copier('mergeBlock', node), guest, at);
  }

  /** Who copies: the vCPU that faulted, else the kernel thread of the node. */
  private copier(what: string, node: number): number {
    if (this.w.faultingVcpu >= 0) return this.w.faultingVcpu;
    const mover = this.w.copies.mover[node]!;
    if (mover === NONE)
      throw new PolicyError(`${what} outside onHintFault: want a policy with memory.plan, samples, revertAfterNs or daemons`);
    return mover;
  }

  private block(guest: GuestId, block: number): number {
    const { first, count } = this.w.memory.guestBlocks;
    if (!(Number.isInteger(guest) && guest >= 0 && guest < this.guestCount))
      throw new PolicyError(`guest ${String(guest)}, want 0 to ${this.guestCount - 1}`);
    if (!(Number.isInteger(block) && block >= 0 && block < count[guest]!))
      throw new PolicyError(`block ${String(block)} of guest ${guest}, want 0 to ${count[guest]! - 1}`);
    return first[guest]! + block;
  }

  private node(node: number): number {
    if (!(Number.isInteger(node) && node >= 0 && node < this.nodeCount))
      throw new PolicyError(`node ${String(node)}, want 0 to ${this.nodeCount - 1}`);
    return node;
  }
}
