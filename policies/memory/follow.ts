import type { MemoryPolicy } from '../../sim/policy-api.ts';
import { ms, NONE } from '../../sim/units.ts';

const SAMPLE_PERIOD_NS = ms(10); // assumed
const SAMPLE_BLOCKS = 4; // assumed

/**
 * First touch, then memory follows the vCPUs: a block that a sampled access finds on another node moves to the vCPU's node, at no
 * more than `bytesPerSecond` over the host. Two-stage filter: a vCPU must find the memory of a node wrong twice from the same place,
 * so that one which only passes through drags nothing along. The count is kept by vCPU and node, not by block as Linux has it.
 * After: Linux kernel/sched/fair.c, should_numa_migrate_memory (numa_balancing), first cut.
 */
export function follow(bytesPerSecond: number): MemoryPolicy {
  let wrongFrom = new Uint8Array(0); // [vcpu * nodeCount + node of the block] 1 + node from where it was last seen wrong, 0 for never
  return {
    name: 'follow',
    backs: 'first-touch',
    fallback: 'distance',
    alloc: (_k, _guest, _block, node) => node,
    sampling: { periodNs: SAMPLE_PERIOD_NS, blocks: SAMPLE_BLOCKS },
    onHintFault(k, vcpu, blockNode, cpuNode) {
      if (wrongFrom.length === 0) wrongFrom = new Uint8Array(k.vcpuCount * k.nodeCount);
      if (blockNode === cpuNode) return NONE;
      const seen = vcpu * k.nodeCount + blockNode;
      if (wrongFrom[seen] === cpuNode + 1) return cpuNode;
      wrongFrom[seen] = cpuNode + 1;
      return NONE;
    },
    moveBytesPerSecond: bytesPerSecond,
  };
}
