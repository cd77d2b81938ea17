import { numberOption, type OptionSpec } from '../sim/options.ts';
import { compose, type PolicyEntry } from '../sim/policy-api.ts';
import { GiB, KiB, ms } from '../sim/units.ts';
import { credit40 } from './cpu/xen/credit-40.ts';
import { entry } from './entry.ts';
import { firstTouch } from './memory/first-touch.ts';
import { homeNode } from './memory/home-node.ts';
import { round } from './memory/round.ts';
import { zoneFill } from './memory/zone-fill.ts';
import { xend } from './placement/xend.ts';

const CREDIT = 'Xen 4.0 common/sched_credit.c';

const migrationDelay: OptionSpec = {
  name: 'migration-delay',
  summary: 'how long after it last ran a vCPU is not stolen by another CPU (vcpu_migration_delay)',
  kind: 'time',
  default: 0,
  min: 0,
  max: ms(1000),
};
const grain: OptionSpec = {
  name: 'grain',
  summary: 'run of memory on one node; no finer than a block',
  kind: 'bytes',
  default: GiB(1),
  min: KiB(4),
};

/** Hosts that run Xen. */
export const xenPolicies: readonly PolicyEntry[] = [
  entry(
    'xen-numa-off',
    'vCPUs float as Xen 4.0 balances them, memory is filled from the highest addresses down, both blind to nodes.',
    `${CREDIT}, common/page_alloc.c with numa=off`,
    [migrationDelay],
    (name, options) => compose(name, { cpu: credit40(numberOption(options, 'migration-delay')), memory: zoneFill() }),
  ),
  entry(
    'xen-numa-on',
    'Each guest is pinned to the least loaded node with room, its memory there.',
    `Xen 4.0 xend XendDomainInfo.py find_relaxed_node; ${CREDIT}`,
    [migrationDelay],
    (name, options) =>
      compose(name, {
        placement: xend('pinned'),
        cpu: credit40(numberOption(options, 'migration-delay')),
        memory: homeNode('next-id'),
      }),
  ),
  entry(
    'xen-round',
    'vCPUs float as Xen balances them, memory lies in runs over all nodes in turn, of each guest from node 0 on.',
    `${CREDIT}; Xen, common/page_alloc.c get_free_buddy`,
    [grain],
    (name, options) => compose(name, { cpu: credit40(), memory: round(numberOption(options, 'grain')) }),
  ),
  entry(
    'xen-first-touch',
    'vCPUs float as Xen balances them, memory lies where it was touched first.',
    `${CREDIT}; G. Voron et al., EuroSys 2017 (first-touch in the hypervisor)`,
    [],
    (name) => compose(name, { cpu: credit40(), memory: firstTouch() }),
  ),
];
