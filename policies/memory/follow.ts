import type { MemoryPolicy } from '../../sim/policy-api.ts';
import { type GuestId, MiB, ms } from '../../sim/units.ts';

/** Every guest's next 256 MiB are marked every 250 ms: Linux's window at its pace for 1 GB. Assumed for any size. */
const SCAN_PERIOD_NS = ms(250);
const SCAN_BYTES = MiB(256);

/**
 * First touch, then memory follows the vCPUs: a block that a hint fault finds on another node moves to the vCPU's node, at no more than
 * `bytesPerSecond` over the host. Two-stage filter: a vCPU must find the memory of a node wrong twice from the same place, so that one
 * which only passes through drags nothing along. The count is kept by vCPU and node, not by block as Linux has it.
 * After: Linux kernel/sched/fair.c, should_numa_migrate_memory (numa_balancing), first cut. `autonuma` has all of it.
 */
export function follow(bytesPerSecond: number): MemoryPolicy {
  let wrongFrom = new Uint8Array(0); // [vcpu * nodeCount + node of the block] 1 + node from where it was last seen wrong, 0 for never
  let at = new Float64Array(0); //      [guest] block up to which it is scanned
  return {
    name: 'follow',
    backs: 'first-touch',
    fallback: 'distance',
    alloc: (_k, _guest, _block, node) => node,
    plan: {
      periodNs: SCAN_PERIOD_NS,
      step(k) {
        if (at.length === 0) at = new Float64Array(k.guestCount);
        const blocks = Math.ceil(SCAN_BYTES / k.blockBytes);
        for (let guest = 0 as GuestId; guest < k.guestCount; guest++) {
          const all = k.guestBlockCount(guest);
          if (all === 0 || !k.isHere(guest)) continue;
          k.markBlocks(guest, at[guest]!, Math.min(blocks, all - at[guest]!));
          at[guest] = at[guest]! + blocks < all ? at[guest]! + blocks : 0;
        }
      },
    },
    onHintFault(k, { vcpu, guest, block, node, cpuNode }) {
      if (wrongFrom.length === 0) wrongFrom = new Uint8Array(k.vcpuCount * k.nodeCount);
      if (node === cpuNode) return;
      const seen = vcpu * k.nodeCount + node;
      if (wrongFrom[seen] === cpuNode + 1) k.moveBlock(guest, block, cpuNode);
      wrongFrom[seen] = cpuNode + 1;
    },
    moveBytesPerSecond: bytesPerSecond,
  };
}
