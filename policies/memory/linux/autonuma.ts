import type { MemoryPolicy } from '../../../sim/policy-api.ts';
import { NONE, type NodeId } from '../../../sim/units.ts';
import { firstTouch } from '../first-touch.ts';
import type { NumaBalancing } from './numa-balancing.ts';

/**
 * First touch, and blocks follow the vCPUs that fault on them, who copy them themselves.
 * After: Linux 6.12 mm/memory.c, do_numa_page.
 * @param balancing what the cpu part has made when the host has started
 * @param home node where all memory lies; NONE for where it is touched
 */
export function autonuma(balancing: () => NumaBalancing, home: NodeId = NONE): MemoryPolicy {
  return {
    ...firstTouch(),
    name: 'autonuma',
    alloc: (_k, _guest, _block, node) => (home === NONE ? node : home),
    onHintFault: (k, fault) => balancing().fault(k, fault),
  };
}
