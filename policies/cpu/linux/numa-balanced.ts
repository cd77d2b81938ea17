import type { CpuPolicy } from '../../../sim/policy-api.ts';
import { NONE, type NodeId } from '../../../sim/units.ts';
import { NumaBalancing } from '../../memory/linux/numa-balancing.ts';
import type { ScanOptions } from '../../memory/linux/scan.ts';
import type { Balance } from './balance.ts';
import { balanced } from './linux-balance.ts';
import { NumaLocality } from './numa-locality.ts';
import { NumaPlacement } from './numa-place.ts';

/**
 * `balanced` on a host with NUMA balancing on: at ticks memory is marked, and vCPUs go where their memory is.
 * After: Linux 6.12 kernel/sched/fair.c, CONFIG_NUMA_BALANCING.
 * @param started is told what both parts of the policy share, before anything runs
 * @param forced node that whoever uses memory prefers by order; NONE where faults tell
 */
export function numaBalanced(
  fair: (balance: Balance) => CpuPolicy,
  options: ScanOptions,
  started: (balancing: NumaBalancing) => void,
  forced: NodeId = NONE,
): CpuPolicy {
  let balancing: NumaBalancing;
  let locality: NumaLocality;

  const cpu = balanced(fair, options.hz, 'by idleness', {
    locality(k) {
      balancing = new NumaBalancing(k, options, forced);
      locality = new NumaLocality(k, balancing);
      started(balancing);
      return locality;
    },
    start(k, parts) {
      const placement = new NumaPlacement(k, balancing, parts);
      balancing.placer = {
        migrate: (kernel, task) => placement.migrate(kernel, task),
        prefers: (kernel, task, node) => locality.prefers(kernel, task, node),
      };
    },
  });
  return {
    ...cpu,
    guestInit(k, guest) {
      balancing.arrive(k, guest);
      cpu.guestInit?.(k, guest);
    },
    guestExit(k, guest) {
      cpu.guestExit?.(k, guest);
      balancing.depart(k, guest);
    },
    running(k, vcpu, on) {
      balancing.runs(k, vcpu, on);
      cpu.running?.(k, vcpu, on);
    },
    tick(k, vcpu, on) {
      cpu.tick?.(k, vcpu, on);
      balancing.scan.tick(k, vcpu);
    },
  };
}
