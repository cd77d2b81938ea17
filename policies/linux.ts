import { numberOption, type OptionSpec } from '../sim/options.ts';
import { compose, type PolicyEntry } from '../sim/policy-api.ts';
import { fair } from './cpu/fair.ts';
import { idleBalance } from './cpu/idle-balance.ts';
import { entry } from './entry.ts';
import { bind } from './memory/bind.ts';
import { firstTouch } from './memory/first-touch.ts';
import { follow } from './memory/follow.ts';
import { numactl } from './placement/numactl.ts';

const CFS = 'Linux 6.1 kernel/sched/fair.c (CFS)';

const rate: OptionSpec = {
  name: 'rate',
  summary: 'memory moved per second over the whole host, MB/s (assumed)',
  kind: 'rate',
  default: 256,
  min: 0,
};

/** Hosts that run Linux. */
export const linuxPolicies: readonly PolicyEntry[] = [
  entry(
    'kvm-unpinned',
    'vCPUs float over all CPUs as Linux balances them, memory lies where it was touched first.',
    `${CFS}; first touch`,
    [],
    (name) => compose(name, { cpu: fair(idleBalance()), memory: firstTouch() }),
  ),
  entry('kvm-numactl', 'Each guest is held on one node in turn, vCPUs and memory.', `numactl --cpunodebind --membind; ${CFS}`, [], (name) =>
    compose(name, { placement: numactl(), cpu: fair(idleBalance()), memory: bind() }),
  ),
  entry(
    'unpinned-migrating',
    'As kvm-unpinned, and memory follows the vCPUs at a limited rate.',
    `${CFS}, should_numa_migrate_memory`,
    [rate],
    (name, options) => compose(name, { cpu: fair(idleBalance()), memory: follow(numberOption(options, 'rate') * 1e6) }),
  ),
];
