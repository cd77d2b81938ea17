/** Of one file. */
export const MOST_GUESTS = 4096;

/** A guest as QEMU, libvirt, xl and vng describe one, before it is made into words of a scenario. What a format does not say is null. */
export interface GuestDescription {
  readonly name: string | null;
  readonly kind: 'kvm' | 'xen-hvm' | 'xen-pv';
  readonly vcpus: number;
  readonly memoryBytes: number;
  /** [vCPU] host CPUs it is held to; null for all. */
  readonly pins: readonly (CpuChoice | null)[];
  /** [vCPU] host CPUs it should rather use. */
  readonly softPins: readonly (CpuChoice | null)[];
  /** Virtual nodes by rising number; empty for a flat guest. A node may have no CPUs. */
  readonly cells: readonly GuestCell[];
  /** [cell][cell] what the guest is told; null for 10 and 20. */
  readonly distances: readonly (readonly number[])[] | null;
  readonly topology: { readonly sockets: number; readonly dies: number; readonly cores: number; readonly threads: number } | null;
  /** Of all memory that no cell says for itself. */
  readonly memory: MemoryBinding | null;
  /** Of a guest without cells: all of it is backed at the start. */
  readonly isPreallocated: boolean;
  /** As numalab's: 100 is usual. */
  readonly weight: number | null;
  /** CPU time of the whole guest in percent of one CPU. */
  readonly capPercent: number | null;
  /** What was read and has no place in the model: each with its place, one line. Refused unless the user is lenient. */
  readonly unsimulated: readonly string[];
  /** What was read, has no effect on who runs where or what memory costs, and is passed over. */
  readonly ignored: readonly string[];
}

/** Ids of the host's operating system: as xl and libvirt say them, by CPU or by node. */
export type CpuChoice =
  | { readonly cpus: readonly number[] }
  /** All CPUs of these nodes. */
  | { readonly nodes: readonly number[] }
  /** All CPUs of the machine but these. */
  | { readonly allBut: CpuChoice };

export interface GuestCell {
  readonly vcpus: readonly number[];
  readonly memoryBytes: number;
  /** Where the host keeps its memory. */
  readonly memory: MemoryBinding | null;
  /** All of it is backed at the start. */
  readonly isPreallocated: boolean;
}

/** strict: these nodes or none; preferred: the first, then others; interleave: round them; restrictive: the cpuset's. */
export interface MemoryBinding {
  readonly mode: 'strict' | 'preferred' | 'interleave' | 'restrictive' | 'default';
  /** Of the host. None with `default`; none with `interleave` stands for all that the host has. */
  readonly nodes: readonly number[];
}
