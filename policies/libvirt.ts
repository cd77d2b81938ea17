import { choiceOption, listOption, type OptionSpec, type OptionValues } from '../sim/options.ts';
import { compose, type MemoryPolicy, type PolicyEntry } from '../sim/policy-api.ts';
import type { NodeId } from '../sim/units.ts';
import { entry } from './entry.ts';
import { FAIR, LINUX_CPU, linuxCpu } from './linux-cpu.ts';
import { bind } from './memory/bind.ts';
import { interleave } from './memory/interleave.ts';
import { preferred } from './memory/preferred.ts';
import { checkNodes, idsOf } from './numactl.ts';
import { libvirt } from './placement/libvirt.ts';

/**
 * restrictive leaves the memory policy alone and sets the cpuset's mems: first touch, within the nodeset. While nobody changes the
 * nodeset this is what strict gives.
 */
const MODES: Readonly<Record<string, () => MemoryPolicy>> = { strict: bind, preferred, interleave, restrictive: bind };
const mode: OptionSpec = {
  name: 'mode',
  summary: 'memory: strict on the nodeset alone, preferred from its one node, interleave over it, restrictive by cpuset',
  kind: 'choice',
  default: 'strict',
  choices: Object.keys(MODES),
};
const placement: OptionSpec = {
  name: 'placement',
  summary: 'static: the nodeset as given; auto: the nodes that numad -w advises',
  kind: 'choice',
  default: 'static',
  choices: ['static', 'auto'],
};
const nodeset: OptionSpec = {
  name: 'nodeset',
  summary: 'with placement=static: nodes of every guest, or one node a guest in turn',
  kind: 'list',
  default: 'turn',
  choices: ['turn'],
  max: 254,
};
const cpuset: OptionSpec = {
  name: 'cpuset',
  summary: 'CPUs of the vCPUs: those of the guest’s nodes, or all',
  kind: 'choice',
  default: 'nodes',
  choices: ['nodes', 'all'],
};
const vcpupin: OptionSpec = {
  name: 'vcpupin',
  summary: 'yes holds each vCPU on one CPU of the guest’s nodes, the least used first',
  kind: 'choice',
  default: 'no',
  choices: ['no', 'yes'],
};

/** Guests as libvirt tunes them, each by itself. */
export const libvirtPolicy: PolicyEntry = {
  ...entry(
    'libvirt',
    'Each guest has the memory mode, the nodes and the CPUs that its libvirt XML gives it, or that numad advises.',
    `libvirt domain XML, numatune, vcpu and vcpupin; numad 0.5 pick_numa_nodes; ${LINUX_CPU}; mm/mempolicy.c`,
    [mode, placement, nodeset, cpuset, vcpupin],
    (name, options) =>
      compose(name, {
        placement: libvirt({
          nodeset: nodesetOf(options),
          holdsVcpus: choiceOption(options, 'cpuset') === 'nodes',
          pinsVcpus: choiceOption(options, 'vcpupin') === 'yes',
          mostNodes: choiceOption(options, 'mode') === 'preferred' ? 1 : Infinity,
        }),
        cpu: linuxCpu(),
        memory: MODES[choiceOption(options, 'mode')]!(),
      }),
    { ...FAIR, numaBase: 'kvm-cfs' },
  ),
  check(options, _nodeCount, nodeCpus) {
    const nodes = idsOf<NodeId>(options, 'nodeset');
    checkNodes('nodeset', nodes, nodeCpus);
    if (nodes && choiceOption(options, 'placement') === 'auto') throw new RangeError('nodeset with placement = auto, want one of the two');
    if (nodes && nodes.length > 1 && choiceOption(options, 'mode') === 'preferred') {
      throw new RangeError(`nodeset = ${nodes.join('+')} with mode = preferred, want one node`);
    }
  },
};

function nodesetOf(options: OptionValues): readonly NodeId[] | 'turn' | 'auto' {
  if (choiceOption(options, 'placement') === 'auto') return 'auto';
  const list = listOption(options, 'nodeset');
  return typeof list === 'string' ? 'turn' : (list as readonly NodeId[]);
}
