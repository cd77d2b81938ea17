import type { CpuId, NodeId } from './units.ts';

/**
 * Where memory is to come from. strict: these nodes or none (mbind MPOL_BIND); preferred: the first of them while it has room, then the
 * nearest to it; interleave: these in turn; restrictive: where it is touched first, within these (a cpuset's mems); default: where it is
 * touched first.
 */
export interface MemoryRule {
  readonly mode: MemoryMode;
  /** None for `default`, else one or more. */
  readonly nodes: readonly NodeId[];
}

export const MEMORY_MODES = ['strict', 'preferred', 'interleave', 'restrictive', 'default'] as const;
export type MemoryMode = (typeof MEMORY_MODES)[number];

/**
 * What a guest's configuration asks of the host: the files of QEMU, libvirt and xl say it, and user space sets it (sched_setaffinity(2),
 * mbind(2), Xen's soft affinity). A policy may heed it (`as-configured`); all others place guests by rules of their own.
 */
export interface GuestConfiguration {
  /** [vCPU of the guest] CPUs it is held to; null for all. Empty where nothing is said of any. */
  readonly pins: readonly (readonly CpuId[] | null)[];
  /** [vCPU of the guest] CPUs it should rather use; null for no preference. */
  readonly softPins: readonly (readonly CpuId[] | null)[];
  /** Of the memory that no virtual node says for itself; null where nothing is said. */
  readonly memory: MemoryRule | null;
  /** [vnode]; empty where nothing is said of any. */
  readonly vnodeMemory: readonly (MemoryRule | null)[];
  /** [vnode] whose memory is all backed when the guest is started (prealloc=on); of a guest without, [0] stands for all of it. */
  readonly preallocated: readonly boolean[];
}

export const UNCONFIGURED: GuestConfiguration = Object.freeze({
  pins: Object.freeze([]),
  softPins: Object.freeze([]),
  memory: null,
  vnodeMemory: Object.freeze([]),
  preallocated: Object.freeze([]),
});
