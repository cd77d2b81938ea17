import { partOf, partStart } from './parts.ts';
import type { GuestSpec } from './scenario.ts';

/** A virtual node: which of the guest's vCPUs it has, counted from its first, and how much of its memory. */
export interface VirtualNode {
  readonly vcpus: readonly number[];
  readonly memoryBytes: number;
}

/** The SMP topology a guest is shown: sockets, cores of each, threads of each core. A last-level cache is a socket's. */
export interface VirtualTopology {
  readonly sockets: number;
  readonly cores: number;
  readonly threads: number;
}

/**
 * What host and guest make of the virtual nodes. break: the policy places the guest as if it had none. keep: each has a host node of
 * its own, for its vCPUs and its memory. moved: as keep, but from `movesNs` on the vCPUs of each are held on the node of the next one,
 * the last one's on that of the first, while the memory stays and the guest believes what it was told.
 */
export type VnodeHosting = 'break' | 'keep' | 'moved';

/** Virtual NUMA beyond `vnodes` equal parts. After: QEMU -numa node, -numa dist, -smp; xl.cfg vnuma. */
export interface VnumaSpec {
  /** [vnode], memory in this order; null for equal parts of vCPUs and memory, in order. */
  readonly nodes: readonly VirtualNode[] | null;
  /** Memory after that of all nodes that the table does not mention. */
  readonly uncoveredBytes: number;
  /** [vnode][vnode] distances, 10 for local; null for no such table. */
  readonly distances: readonly (readonly number[])[] | null;
  /** null: it is shown one socket of all its vCPUs. */
  readonly topology: VirtualTopology | null;
  /** Whether the guest's kernel looks at its tables; else it was started with numa=off. */
  readonly isHeeded: boolean;
  readonly hosting: VnodeHosting;
  readonly movesNs: number;
}

export const PLAIN_VNUMA: VnumaSpec = {
  nodes: null,
  uncoveredBytes: 0,
  distances: null,
  topology: null,
  isHeeded: true,
  hosting: 'break',
  movesNs: 0,
};

/** How the host has divided a guest, whatever the guest believes. */
export interface VnodeLayout {
  readonly count: number;
  readonly vcpuVnode: Int32Array; //  [vCPU of the guest]
  readonly firstBlock: Int32Array; // [vnode] its first block, counted from the guest's first; then the end
}

/** @param blocks of the guest's memory */
export function layoutOf({ vcpus, vnodes, memoryBytes, vnuma = PLAIN_VNUMA }: GuestSpec, blocks: number): VnodeLayout {
  const { nodes } = vnuma;
  if (!nodes) {
    return {
      count: vnodes,
      vcpuVnode: Int32Array.from({ length: vcpus }, (_, vcpu) => partOf(vcpu, vcpus, vnodes)),
      firstBlock: evenParts(blocks, vnodes),
    };
  }
  const vcpuVnode = new Int32Array(vcpus);
  const firstBlock = new Int32Array(nodes.length + 1);
  nodes.forEach((node, vnode) => {
    for (const vcpu of node.vcpus) vcpuVnode[vcpu] = vnode;
    firstBlock[vnode + 1] = firstBlock[vnode]! + Math.round((node.memoryBytes / memoryBytes) * blocks);
  });
  firstBlock[nodes.length] = blocks; // what no node mentions lies with the last
  return { count: nodes.length, vcpuVnode, firstBlock };
}

/** [part] its first item; then the end. */
export function evenParts(items: number, parts: number): Int32Array {
  return Int32Array.from({ length: parts + 1 }, (_, part) => partStart(part, items, parts));
}

/** The vnode of a block: the last whose first block is not beyond it. */
export function vnodeOfBlock(firstBlock: Int32Array, block: number): number {
  let low = 0;
  let high = firstBlock.length - 2;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (firstBlock[middle]! <= block) low = middle;
    else high = middle - 1;
  }
  return low;
}
