import { numberOption, type OptionSpec } from '../sim/options.ts';
import { compose, type PolicyEntry } from '../sim/policy-api.ts';
import { ms } from '../sim/units.ts';
import { apart } from './cpu/apart.ts';
import { cfs } from './cpu/linux/cfs.ts';
import { entry } from './entry.ts';
import { homeNode } from './memory/home-node.ts';
import { xend } from './placement/xend.ts';

const CFS = 'Linux 6.1 kernel/sched/fair.c (CFS)';

const stay: OptionSpec = {
  name: 'stay',
  summary: 'how long a vCPU is thought to stay on the CPU that takes it over (assumed)',
  kind: 'time',
  default: ms(20),
  min: 0,
};
const share: OptionSpec = {
  name: 'share',
  summary: 'share of its time a vCPU is thought to wait for memory (assumed)',
  kind: 'share',
  default: 0.3,
  min: 0,
  max: 1,
};

/** The deck's own ideas. */
export const deckPolicies: readonly PolicyEntry[] = [
  entry(
    'apart',
    'Guests get homes as in xen-numa-on but are not pinned: a vCPU runs elsewhere when home is busy and that pays, and comes home.',
    `A. Przywara, "Virtualizing NUMA", Linux Plumbers 2010; ${CFS}`,
    [stay, share],
    (name, options) => {
      const costs = { stayNs: numberOption(options, 'stay'), memoryShare: numberOption(options, 'share') };
      return compose(name, {
        placement: xend('soft'),
        cpu: cfs(apart(costs)),
        memory: homeNode('distance'),
      });
    },
  ),
];
