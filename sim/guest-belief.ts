import type { GuestKind } from './policy-api.ts';
import type { GuestSpec } from './scenario.ts';
import { layoutOf, PLAIN_VNUMA, type VirtualTopology, type VnumaSpec } from './vnuma.ts';

const LOCAL_DISTANCE = 10;
const REMOTE_DISTANCE = 20;
const MIB = 1024 ** 2;

/** What a guest's kernel takes for true about its nodes and caches. */
export interface GuestBelief {
  /** 1 for a flat guest. */
  readonly vnodes: number;
  readonly vcpuVnode: Int32Array; // [vCPU of the guest]
  readonly distances: Int32Array; // [vnode * vnodes + vnode]
  readonly vcpuCache: Int32Array; // [vCPU] first vCPU of those it believes to share a last-level cache with, itself among them
  /** What it was told and does not use, and why. */
  readonly dropped: readonly string[];
}

/**
 * What Linux makes of what it is told. A table of nodes that leaves out 1 MiB of memory or more is dropped whole (arch/x86/mm/numa.c
 * numa_register_memblks: "nodes only cover"), and so are distances where a local one is not 10 or a remote one not more
 * (drivers/acpi/numa/srat.c slit_valid); the nodes stay, at 10 and 20. Neither is dropped for a topology that does not match the nodes:
 * CPUs of one socket on several nodes are only not taken for siblings (arch/x86/kernel/smpboot.c topology_sane, since 3.5; before it
 * the scheduling domains came out wrong). QEMU and hvmloader tell SRAT, SLIT and CPUID. To a kernel of kind xen-pv only the
 * hypercall XENMEM_get_vnumainfo speaks (mainline switches NUMA off there, arch/x86/xen/setup.c: isHeeded = false; the vNUMA patches of
 * 2014 ask), it takes each distance by itself (numa_set_distance), and no topology: each vCPU is a package (arch/x86/xen/smp_pv.c,
 * x86_max_cores = 1). Processes without a guest see the host, nothing virtual. A guest that is shown no topology has one socket: assumed.
 */
export function beliefOf(spec: GuestSpec): GuestBelief {
  const { kind, vcpus, vnuma = PLAIN_VNUMA } = spec;
  const dropped: string[] = [];
  const told = layoutOf(spec, 0);
  const isUsed = kind !== 'bare' && told.count > 1 && usesNodes(vnuma, dropped);
  const vnodes = isUsed ? told.count : 1;
  const vcpuVnode = isUsed ? told.vcpuVnode : new Int32Array(vcpus);
  const distances = believedDistances(isUsed ? vnuma.distances : null, vnodes, kind, dropped);
  const vcpuCache = cachesOf(vcpuVnode, vnodes, vcpusOfSocket(vnuma.topology, vcpus, kind));
  if (vnuma.topology && cacheCount(vcpuCache) > vnuma.topology.sockets) dropped.push('siblings: CPUs of one socket are on several nodes');
  return { vnodes, vcpuVnode, distances, vcpuCache, dropped };
}

function usesNodes({ isHeeded, uncoveredBytes }: VnumaSpec, dropped: string[]): boolean {
  if (!isHeeded) dropped.push('nodes: numa=off');
  else if (uncoveredBytes >= MIB) dropped.push(`nodes: they do not cover ${Math.floor(uncoveredBytes / MIB)} MiB of memory`);
  else return true;
  return false;
}

function believedDistances(told: VnumaSpec['distances'], vnodes: number, kind: GuestKind, dropped: string[]): Int32Array {
  const plain = (from: number, to: number): number => (from === to ? LOCAL_DISTANCE : REMOTE_DISTANCE);
  const isSane = (from: number, to: number, distance: number): boolean =>
    from === to ? distance === LOCAL_DISTANCE : kind === 'xen-pv' || distance > LOCAL_DISTANCE;
  const wrong = told?.flatMap((row, from) => row.filter((distance, to) => !isSane(from, to, distance))) ?? [];
  if (wrong.length > 0) dropped.push('distances: want 10 from a node to itself and more to others');
  const isKept = (from: number, to: number): boolean =>
    told !== null && (wrong.length === 0 || (kind === 'xen-pv' && isSane(from, to, told[from]![to]!)));
  return Int32Array.from({ length: vnodes * vnodes }, (_, at) => {
    const from = Math.floor(at / vnodes);
    const to = at % vnodes;
    return isKept(from, to) ? told![from]![to]! : plain(from, to);
  });
}

/** Threads and cores of a socket follow one another. */
function vcpusOfSocket(topology: VirtualTopology | null, vcpus: number, kind: GuestKind): number {
  if (kind === 'xen-pv') return 1;
  return topology ? topology.cores * topology.threads : vcpus;
}

/** [vCPU] the first vCPU of its socket that is on its node too. */
function cachesOf(vcpuVnode: Int32Array, vnodes: number, perSocket: number): Int32Array {
  const firsts = new Map<number, number>();
  return vcpuVnode.map((vnode, vcpu) => {
    const cache = Math.floor(vcpu / perSocket) * vnodes + vnode;
    if (!firsts.has(cache)) firsts.set(cache, vcpu);
    return firsts.get(cache)!;
  });
}

/** How many last-level caches a guest believes in. */
export function cacheCount(vcpuCache: Int32Array): number {
  return vcpuCache.reduce((count, cache, vcpu) => count + (cache === vcpu ? 1 : 0), 0);
}
