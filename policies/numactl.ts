import { choiceOption, listOption, numberOption, type OptionSpec, type OptionValues } from '../sim/options.ts';
import { compose, type MemoryPolicy, type PolicyEntry } from '../sim/policy-api.ts';
import type { CpuId, NodeId } from '../sim/units.ts';
import { entry } from './entry.ts';
import { FAIR, LINUX_CPU, linuxCpu } from './linux-cpu.ts';
import { bind } from './memory/bind.ts';
import { firstTouch } from './memory/first-touch.ts';
import { interleave, weightedInterleave } from './memory/interleave.ts';
import { preferredMany } from './memory/preferred-many.ts';
import { preferred } from './memory/preferred.ts';
import { bindNodes } from './placement/bind-nodes.ts';

const LAST_NODE = 254;

const cpunodebind: OptionSpec = {
  name: 'cpunodebind',
  summary: 'nodes on whose CPUs all guests run',
  kind: 'list',
  default: '0',
  choices: ['all'],
  max: LAST_NODE,
};
const physcpubind: OptionSpec = {
  name: 'physcpubind',
  summary: 'CPUs on which all guests run, in place of cpunodebind',
  kind: 'list',
  default: 'none',
  choices: ['none'],
  max: 65_535,
};
const MODES: Readonly<Record<string, (weights: readonly number[]) => MemoryPolicy>> = {
  preferred,
  'preferred-many': preferredMany,
  membind: bind,
  interleave,
  'weighted-interleave': weightedInterleave,
  localalloc: firstTouch,
};
const memory: OptionSpec = {
  name: 'memory',
  summary:
    'preferred from one node, preferred-many from the nearest of nodes, membind from these alone, interleave over them block by block, ' +
    'weighted-interleave by weights, localalloc on the node that touches it',
  kind: 'choice',
  default: 'preferred',
  choices: Object.keys(MODES),
};
const preferredNode: OptionSpec = {
  name: 'preferred',
  summary: 'with memory=preferred: node that memory comes from while it has room, then the nearest to it',
  kind: 'count',
  default: 0,
  max: LAST_NODE,
};
const nodes: OptionSpec = {
  name: 'nodes',
  summary: 'nodes of the other kinds of memory',
  kind: 'list',
  default: 'all',
  choices: ['all'],
  max: LAST_NODE,
};
const weights: OptionSpec = {
  name: 'weights',
  summary: 'with memory=weighted-interleave: blocks in turn on each of nodes, in their order; the last for all after it',
  kind: 'list',
  default: '1',
  min: 1,
  max: 255,
};

/** What numactl(8) holds processes to, all guests alike. */
export const numactlPolicy: PolicyEntry = {
  ...entry(
    'numactl',
    'All guests run on the same nodes or CPUs, their memory lies there or on others, by a rule of numactl.',
    `numactl 2.0, --cpunodebind, --physcpubind, --preferred, --preferred-many, --membind, --interleave, --weighted-interleave, --localalloc; ${LINUX_CPU}; mm/mempolicy.c`,
    [cpunodebind, preferredNode, memory, physcpubind, nodes, weights],
    (name, options) =>
      compose(name, {
        placement: bindNodes({
          cpuNodes: idsOf<NodeId>(options, 'cpunodebind'),
          cpus: idsOf<CpuId>(options, 'physcpubind'),
          memoryNodes: memoryNodesOf(options),
        }),
        cpu: linuxCpu(),
        memory: MODES[choiceOption(options, 'memory')]!(idsOf(options, 'weights')!),
      }),
    FAIR, // no numaBase: all guests are held on node 0 unless told otherwise, and seven nodes idle
  ),
  check(options, nodeCount, nodeCpus) {
    const cpuCount = nodeCpus.reduce((sum, cpus) => sum + cpus, 0);
    checkNodes('cpunodebind', idsOf(options, 'cpunodebind'), nodeCpus);
    checkBelow('physcpubind', idsOf(options, 'physcpubind'), cpuCount);
    checkBelow('preferred', [numberOption(options, 'preferred')], nodeCount);
    checkBelow('nodes', idsOf(options, 'nodes'), nodeCount);
  },
};

/** Numbers of a list, null for the word that stands for none in particular. */
export function idsOf<Id extends number>(options: OptionValues, name: string): Id[] | null {
  const list = listOption(options, name);
  return typeof list === 'string' ? null : (list as Id[]);
}

export function checkBelow(option: string, ids: readonly number[] | null, count: number): void {
  const wrong = ids?.find((id) => id >= count);
  if (wrong !== undefined) throw new RangeError(`${option} = ${wrong}, want 0 to ${count - 1}`);
}

/** Nodes on which something is to run, so that one of them must have a CPU. */
export function checkNodes(option: string, ids: readonly number[] | null, nodeCpus: readonly number[]): void {
  checkBelow(option, ids, nodeCpus.length);
  if (ids && !ids.some((node) => nodeCpus[node]! > 0)) throw new RangeError(`${option} = ${ids.join('+')}, want a node with CPUs`);
}

function memoryNodesOf(options: OptionValues): NodeId[] {
  const mode = choiceOption(options, 'memory');
  if (mode === 'preferred') return [numberOption(options, 'preferred') as NodeId];
  return mode === 'localalloc' ? [] : (idsOf<NodeId>(options, 'nodes') ?? []);
}
