import { choiceOption, numberOption, type OptionSpec, type OptionValues } from '../sim/options.ts';
import { compose, type PolicyEntry } from '../sim/policy-api.ts';
import { cfs } from './cpu/linux/cfs.ts';
import { idleBalance } from './cpu/idle-balance.ts';
import { type Order, pinned } from './cpu/pinned.ts';
import { random } from './cpu/random.ts';
import { entry } from './entry.ts';
import { firstTouch } from './memory/first-touch.ts';
import { interleave } from './memory/interleave.ts';
import { preferred } from './memory/preferred.ts';
import { randomNode } from './memory/random-node.ts';
import { bindNodes } from './placement/bind-nodes.ts';

const CFS = 'Linux 6.1 kernel/sched/fair.c (CFS)';

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
const last: OptionSpec = {
  name: 'last',
  summary: "how many nodes on from a guest's first vCPU its last is held, round; 0: in turn like the others",
  kind: 'count',
  default: 0,
  min: 0,
  max: 1024,
};

/** What users set by hand, and what chance gives. */
export const staticPolicies: readonly PolicyEntry[] = [
  entry(
    'pin',
    'Every vCPU is held on one CPU for ever, packed on as few nodes as there are or spread over all.',
    `taskset; SEQUENTIAL and BW_ROUND_ROBIN_CORES of LPD-EPFL/mctop; ${CFS}; mm/mempolicy.c`,
    [order, step, memory, last],
    (name, options) =>
      compose(name, {
        cpu: cfs(pinned(choiceOption(options, 'order') as Order, numberOption(options, 'step'), numberOption(options, 'last'))),
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
          cpu: cfs(idleBalance()),
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
