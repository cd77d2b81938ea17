import type { HintFault, Kernel } from '../../../sim/policy-api.ts';

/**
 * The filter of the first kernels that promoted: a block that CPUs of two nodes take turns to touch stays. It remembers for each block
 * the node from which it was touched last.
 * After: Linux 5.18 kernel/sched/fair.c, should_numa_migrate_memory (last_cpupid). Simplified: there also young processes pass it.
 */
export class RecentUsers {
  private readonly lastNode: Uint8Array[] = []; // [guest][block] 1 + node, 0 for none

  /** Whether the block was touched from this node last, or never before. */
  allows(k: Kernel, fault: HintFault): boolean {
    const lastNode = (this.lastNode[fault.guest] ??= new Uint8Array(k.guestBlockCount(fault.guest)));
    const last = lastNode[fault.block]!;
    lastNode[fault.block] = 1 + fault.cpuNode;
    return last === 0 || last === 1 + fault.cpuNode;
  }
}
