import type { Kernel, Placement } from './policy-api.ts';
import type { CpuId, GuestId, NodeId, VcpuId } from './units.ts';

/**
 * How memory falls back when the wanted node is full: to the nearest by SLIT, to the next id (Xen 4.0), not at all, or to the nearest
 * of the placement's `memoryNodes` and nowhere else (`within`: membind, a cpuset's mems; where the wanted node is none of them, at once).
 */
export type Fallback = 'distance' | 'next-id' | 'none' | 'within';

/** An access to memory that the performance monitoring unit sampled (IBS, PEBS). One object for all, good during the hook. */
export interface PageSample {
  readonly guest: GuestId;
  readonly vcpu: VcpuId;
  readonly block: number;
  /** Node the block is on. */
  readonly node: NodeId;
  readonly cpu: CpuId;
  readonly cpuNode: NodeId;
  readonly isWrite: boolean;
}

/** A page fault that a mark caused. One object for all, good during the hook. */
export interface HintFault extends PageSample {
  /** When the block was marked. */
  readonly markedNs: number;
}

export interface MemoryPolicy {
  readonly name: string;
  /** Whether the host backs memory at its first touch ever (KVM) or all of it when the guest is built (Xen). */
  readonly backs: 'first-touch' | 'at-build';
  readonly fallback: Fallback;
  /** Node for a block of guest-physical memory; `node` is that of the touching CPU, or NONE before the guest runs. */
  alloc(k: Kernel, guest: GuestId, block: number, node: NodeId, placement: Placement): NodeId;
  /** With `first-touch`: whether a block is backed when the guest is started all the same (prealloc=on of QEMU); `node` is then NONE. */
  isPreallocated?(k: Kernel, guest: GuestId, block: number): boolean;
  /** Nodes that this block may lie on and no others, as if `within` had them (mbind); null where `fallback` holds. */
  heldTo?(k: Kernel, guest: GuestId, block: number): readonly NodeId[] | null;
  /** The first access to a block since it was marked. May ask for moves, which this vCPU then does itself, but not mark. */
  onHintFault?(k: Kernel, fault: HintFault): void;
  /** One line in so many that a vCPU fetches from memory is sampled. They are told in batches, every 10 ms. */
  readonly samples?: { readonly periodLines: number };
  onSample?(k: Kernel, sample: PageSample): void;
  /** A block has been moved, by whomever: after a hint fault, by a kernel thread, or back where it was. */
  onMoved?(k: Kernel, guest: GuestId, block: number, from: NodeId, to: NodeId): void;
  /** Called every periodNs, as by a kernel thread. */
  readonly plan?: { readonly periodNs: number; step(k: Kernel): void };
  /** Bytes that may be moved per second over the whole host; without it, no limit. */
  readonly moveBytesPerSecond?: number;
  /** A block that was moved less than so long ago is not moved again. */
  readonly cooldownNs?: number;
  /**
   * A block that was moved goes back to where it was first, so long after its last move, if there is room: temporary migration. Must not be
   * less than cooldownNs.
   */
  readonly revertAfterNs?: number;
}
