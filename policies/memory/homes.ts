import type { MemoryPolicy } from '../../sim/policy-api.ts';
import type { EsxHomes } from '../placement/esx-homes.ts';

/**
 * Memory from the home node, at its first touch, or the nearest to it with room; of a guest split into parts, block by block from the
 * homes of all, or with virtual nodes from the homes of the parts of the block's own. Guests without a home have it where they touch it,
 * which for those held on some CPUs by a user is there (AutoMemAffinity).
 * After: VMware vSphere Resource Management, "Using NUMA Systems with ESXi".
 * @param bytesPerSecond that may be moved after guests whose home has changed
 */
export function homesMemory(homes: EsxHomes, bytesPerSecond: number): MemoryPolicy {
  return {
    name: 'homes',
    backs: 'first-touch',
    fallback: 'distance',
    alloc(k, guest, block, node) {
      const nodes = homes.homesOf(guest, k.blockVnode(guest, block));
      return nodes === undefined || nodes.length === 0 ? node : nodes[block % nodes.length]!;
    },
    moveBytesPerSecond: bytesPerSecond,
  };
}
