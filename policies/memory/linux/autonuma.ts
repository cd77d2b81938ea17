import type { MemoryPolicy } from '../../../sim/policy-api.ts';
import { firstTouch } from '../first-touch.ts';
import type { NumaBalancing } from './numa-balancing.ts';

/**
 * First touch, and blocks follow the vCPUs that fault on them, who copy them themselves.
 * After: Linux 6.12 mm/memory.c, do_numa_page.
 * @param balancing what the cpu part has made when the host has started
 */
export function autonuma(balancing: () => NumaBalancing): MemoryPolicy {
  return {
    ...firstTouch(),
    name: 'autonuma',
    onHintFault: (k, fault) => balancing().fault(k, fault),
  };
}
