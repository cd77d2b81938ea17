import { choiceOption, numberOption, type OptionSpec, type OptionValues } from '../sim/options.ts';
import { compose, type Policy, type PolicyEntry } from '../sim/policy-api.ts';
import { GiB, KiB, ms, type NodeId } from '../sim/units.ts';
import { apart } from './cpu/apart.ts';
import { credit } from './cpu/credit.ts';
import { fair } from './cpu/fair.ts';
import { idleBalance } from './cpu/idle-balance.ts';
import { type Order, pinned } from './cpu/pinned.ts';
import { random } from './cpu/random.ts';
import { bind } from './memory/bind.ts';
import { firstTouch } from './memory/first-touch.ts';
import { follow } from './memory/follow.ts';
import { homeNode } from './memory/home-node.ts';
import { interleave } from './memory/interleave.ts';
import { preferred } from './memory/preferred.ts';
import { randomNode } from './memory/random-node.ts';
import { round } from './memory/round.ts';
import { zoneFill } from './memory/zone-fill.ts';
import { bindNodes } from './placement/bind-nodes.ts';
import { numactl } from './placement/numactl.ts';
import { rememberHomes } from './placement/remember-homes.ts';
import { xend } from './placement/xend.ts';

const CFS = 'Linux 6.1 kernel/sched/fair.c (CFS)';
const CREDIT = 'Xen 4.0 common/sched_credit.c';

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
const rate: OptionSpec = {
  name: 'rate',
  summary: 'memory moved per second over the whole host, MB/s (assumed)',
  kind: 'rate',
  default: 256,
  min: 0,
};
const order: OptionSpec = {
  name: 'order',
  summary: 'pack fills node after node, spread goes round the nodes, scatter fills node after node in a drawn order of CPUs',
  kind: 'choice',
  default: 'pack',
  choices: ['pack', 'spread', 'scatter'],
};
const step: OptionSpec = {
  name: 'step',
  summary: 'in a node every so many-th CPU is taken at first',
  kind: 'count',
  default: 1,
  min: 1,
  max: 1024,
};
const memory: OptionSpec = {
  name: 'memory',
  summary: 'where memory lies: first-touch on the node that touches it, interleave over all nodes block by block',
  kind: 'choice',
  default: 'first-touch',
  choices: ['first-touch', 'interleave'],
};
const cpunodebind: OptionSpec = { name: 'cpunodebind', summary: 'node on whose CPUs all guests run', kind: 'count', default: 0, max: 254 };
const preferredNode: OptionSpec = {
  name: 'preferred',
  summary: 'node that their memory comes from while it has room, then the nearest to it',
  kind: 'count',
  default: 0,
  max: 254,
};
const boundMemory: OptionSpec = {
  name: 'memory',
  summary: 'preferred, from one node; interleave, block by block over all nodes',
  kind: 'choice',
  default: 'preferred',
  choices: ['preferred', 'interleave'],
};
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
const last: OptionSpec = {
  name: 'last',
  summary: "how many nodes on from a guest's first vCPU its last is held, round; 0: in turn like the others",
  kind: 'count',
  default: 0,
  min: 0,
  max: 1024,
};

/** The policies users can name, the plainest first. */
export const policies: readonly PolicyEntry[] = [
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
    'xen-numa-off',
    'vCPUs float as Xen 4.0 balances them, memory is filled from the highest addresses down, both blind to nodes.',
    `${CREDIT}, common/page_alloc.c with numa=off`,
    [migrationDelay],
    (name, options) => compose(name, { cpu: credit(numberOption(options, 'migration-delay')), memory: zoneFill() }),
  ),
  entry(
    'xen-numa-on',
    'Each guest is pinned to the least loaded node with room, its memory there.',
    `Xen 4.0 xend XendDomainInfo.py find_relaxed_node; ${CREDIT}`,
    [migrationDelay],
    (name, options) =>
      compose(name, {
        placement: xend('pinned'),
        cpu: credit(numberOption(options, 'migration-delay')),
        memory: homeNode('next-id'),
      }),
  ),
  entry(
    'xen-round',
    'vCPUs float as Xen balances them, memory lies in runs over all nodes in turn, of each guest from node 0 on.',
    `${CREDIT}; Xen, common/page_alloc.c get_free_buddy`,
    [grain],
    (name, options) => compose(name, { cpu: credit(), memory: round(numberOption(options, 'grain')) }),
  ),
  entry(
    'xen-first-touch',
    'vCPUs float as Xen balances them, memory lies where it was touched first.',
    `${CREDIT}; G. Voron et al., EuroSys 2017 (first-touch in the hypervisor)`,
    [],
    (name) => compose(name, { cpu: credit(), memory: firstTouch() }),
  ),
  entry(
    'apart',
    'Guests get homes as in xen-numa-on but are not pinned: a vCPU runs elsewhere when home is busy and that pays, and comes home.',
    `A. Przywara, "Virtualizing NUMA", Linux Plumbers 2010; ${CFS}`,
    [stay, share],
    (name, options) => {
      const homes: NodeId[] = [];
      const costs = { stayNs: numberOption(options, 'stay'), memoryShare: numberOption(options, 'share') };
      return compose(name, {
        placement: rememberHomes(xend('soft'), homes),
        cpu: fair(apart(homes, costs)),
        memory: homeNode('distance'),
      });
    },
  ),
  entry(
    'unpinned-migrating',
    'As kvm-unpinned, and memory follows the vCPUs at a limited rate.',
    `${CFS}, should_numa_migrate_memory`,
    [rate],
    (name, options) => compose(name, { cpu: fair(idleBalance()), memory: follow(numberOption(options, 'rate') * 1e6) }),
  ),
  entry(
    'pin',
    'Every vCPU is held on one CPU for ever, packed on as few nodes as there are or spread over all.',
    `taskset; SEQUENTIAL and BW_ROUND_ROBIN_CORES of LPD-EPFL/mctop; ${CFS}; mm/mempolicy.c`,
    [order, step, memory, last],
    (name, options) =>
      compose(name, {
        cpu: fair(pinned(choiceOption(options, 'order') as Order, numberOption(options, 'step'), numberOption(options, 'last'))),
        memory: choiceOption(options, 'memory') === 'interleave' ? interleave() : firstTouch(),
      }),
  ),
  {
    ...entry(
      'numactl',
      'All guests run on one node, their memory lies on another, or the same.',
      `numactl --cpunodebind --preferred or --interleave=all; ${CFS}; mm/mempolicy.c`,
      [cpunodebind, preferredNode, boundMemory],
      (name, options) =>
        compose(name, {
          placement: bindNodes(numberOption(options, 'cpunodebind'), numberOption(options, 'preferred')),
          cpu: fair(idleBalance()),
          memory: choiceOption(options, 'memory') === 'interleave' ? interleave() : preferred(),
        }),
    ),
    check: (options, nodeCount) => checkNodes(options, nodeCount),
  },
  entry('random', 'A random CPU at every wake, a random node for every block: what chance gives.', 'none, a baseline', [], (name) =>
    compose(name, { cpu: random(), memory: randomNode() }),
  ),
];

function checkNodes(options: OptionValues, nodeCount: number): void {
  for (const name of ['cpunodebind', 'preferred']) {
    const node = numberOption(options, name);
    if (node >= nodeCount) throw new RangeError(`${name} = ${node}, want 0 to ${nodeCount - 1}`);
  }
}

export function policyNamed(name: string): PolicyEntry | undefined {
  return policies.find((policy) => policy.name === name);
}

function entry(
  name: string,
  summary: string,
  source: string,
  options: readonly OptionSpec[],
  make: (name: string, values: Parameters<PolicyEntry['make']>[0]) => Policy,
): PolicyEntry {
  return { name, summary, source, oracle: false, options, make: (values) => make(name, values) };
}
