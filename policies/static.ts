import { choiceOption, numberOption, type OptionSpec } from '../sim/options.ts';
import { compose, type PolicyEntry, SLICE_DEFAULT_NS } from '../sim/policy-api.ts';
import { us } from '../sim/units.ts';
import { centralFifo } from './cpu/central-fifo.ts';
import { fifoPools } from './cpu/fifo-pools.ts';
import { random } from './cpu/random.ts';
import { roundRobin } from './cpu/round-robin.ts';
import { entry } from './entry.ts';
import { libvirtPolicy } from './libvirt.ts';
import { FAIR, LINUX_CPU, linuxCpu } from './linux-cpu.ts';
import { firstTouch } from './memory/first-touch.ts';
import { interleave } from './memory/interleave.ts';
import { randomNode } from './memory/random-node.ts';
import { numactlPolicy } from './numactl.ts';
import { type Order, pinned } from './placement/pinned.ts';

const per: OptionSpec = { name: 'per', summary: 'what has a queue of its own', kind: 'choice', default: 'node', choices: ['node', 'cpu'] };
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
const last: OptionSpec = {
  name: 'last',
  summary: "how many nodes on from a guest's first vCPU its last is held, round; 0: in turn like the others",
  kind: 'count',
  default: 0,
  min: 0,
  max: 1024,
};

const slice: OptionSpec = {
  name: 'slice',
  summary: 'how long a vCPU runs while others wait (SCX_SLICE_DFL)',
  kind: 'time',
  default: SLICE_DEFAULT_NS,
  min: us(1),
};

/** What users set by hand, what chance gives, and two schedulers to learn from. */
export const staticPolicies: readonly PolicyEntry[] = [
  entry(
    'pin',
    'Every vCPU is held on one CPU for ever, packed on as few nodes as there are or spread over all.',
    `taskset; SEQUENTIAL and BW_ROUND_ROBIN_CORES of LPD-EPFL/mctop; ${LINUX_CPU}; mm/mempolicy.c`,
    [order, step, memory, last],
    (name, options) =>
      compose(name, {
        placement: pinned(choiceOption(options, 'order') as Order, numberOption(options, 'step'), numberOption(options, 'last')),
        cpu: linuxCpu(),
        memory: choiceOption(options, 'memory') === 'interleave' ? interleave() : firstTouch(),
      }),
    { ...FAIR, workConserving: true }, // no vCPU may run anywhere but on its one CPU
  ),
  numactlPolicy,
  libvirtPolicy,
  entry('random', 'A random CPU at every wake, a random node for every block: what chance gives.', 'none, a baseline', [], (name) =>
    compose(name, { cpu: random(), memory: randomNode() }),
  ),
  entry(
    'central-fifo',
    'One queue for all CPUs, first come first served: the shortest waits, and memory anywhere.',
    'tools/sched_ext/scx_simple.bpf.c of Linux, FIFO; first touch',
    [slice],
    (name, options) => compose(name, { cpu: centralFifo(numberOption(options, 'slice')), memory: firstTouch() }),
    { workConserving: true },
  ),
  entry(
    'fifo-pools',
    'A queue for each node, or for each CPU, drawn anew at every wake, first come first served: what dividing a queue costs.',
    'L. Kleinrock, Queueing Systems II (M/M/c), a teaching example; first touch',
    [per, slice],
    (name, options) =>
      compose(name, {
        cpu: fifoPools(choiceOption(options, 'per') as 'node' | 'cpu', numberOption(options, 'slice')),
        memory: firstTouch(),
      }),
  ),
  entry(
    'round-robin',
    'Each vCPU belongs to one CPU, which runs its vCPUs in turn: no moves, and no balance.',
    'none, a teaching example; first touch',
    [slice],
    (name, options) => compose(name, { cpu: roundRobin(numberOption(options, 'slice')), memory: firstTouch() }),
  ),
];
