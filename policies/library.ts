import { defaultOptions, type OptionValues } from '../sim/options.ts';
import type { Policy } from '../sim/policy-api.ts';
import { policies } from './index.ts';

/** What a policy of the user's own is written with: `import { ... } from 'numalab/policy'`. */
export * from '../sim/policy-api.ts';
export { choiceOption, numberOption, type OptionKind, type OptionSpec, type OptionValues } from '../sim/options.ts';
export * from '../sim/units.ts';

export { apart } from './cpu/apart.ts';
export { centralFifo } from './cpu/central-fifo.ts';
export { type Balance, type FairQueues } from './cpu/linux/balance.ts';
export { cfs } from './cpu/linux/cfs.ts';
export { eevdf } from './cpu/linux/eevdf.ts';
export { balanced } from './cpu/linux/linux-balance.ts';
export { numaBalanced } from './cpu/linux/numa-balanced.ts';
export { credit } from './cpu/xen/credit.ts';
export { credit40 } from './cpu/xen/credit-40.ts';
export { credit2 } from './cpu/xen/credit2.ts';
export { roundRobin } from './cpu/round-robin.ts';
export { random } from './cpu/random.ts';
export { bind } from './memory/bind.ts';
export { carrefour } from './memory/carrefour.ts';
export { firstTouch } from './memory/first-touch.ts';
export { follow } from './memory/follow.ts';
export { homeNode } from './memory/home-node.ts';
export { hotLists } from './memory/hot-lists.ts';
export { hotPages } from './memory/hot-pages.ts';
export { interleave } from './memory/interleave.ts';
export { autonuma } from './memory/linux/autonuma.ts';
export { tiering } from './memory/linux/tiering.ts';
export { preferred } from './memory/preferred.ts';
export { randomNode } from './memory/random-node.ts';
export { round } from './memory/round.ts';
export { zoneFill } from './memory/zone-fill.ts';
export { bindNodes } from './placement/bind-nodes.ts';
export { numactl } from './placement/numactl.ts';
export { libxl } from './placement/libxl.ts';
export { type Order, pinned } from './placement/pinned.ts';
export { xend } from './placement/xend.ts';

/**
 * A policy that numalab comes with, to take parts from: `compose('mine', builtIn('kvm-numactl'), { cpu: mine() })` is placed and has its
 * memory as kvm-numactl, and schedules by itself.
 * @throws RangeError for a name that is not in `policy list`
 */
export function builtIn(name: string, options: OptionValues = {}): Policy {
  const entry = policies.find((policy) => policy.name === name);
  if (!entry) throw new RangeError(`builtIn: ${name}, want one of ${policies.map((policy) => policy.name).join(', ')}`);
  return entry.make({ ...defaultOptions(entry.options), ...options });
}
