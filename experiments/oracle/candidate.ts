import { linuxCpu } from '../../policies/linux-cpu.ts';
import { firstTouch } from '../../policies/memory/first-touch.ts';
import { interleave } from '../../policies/memory/interleave.ts';
import { fixed } from '../../policies/placement/fixed.ts';
import { policyNamed } from '../../policies/index.ts';
import type { Machine } from '../../sim/machine.ts';
import { compose, type Placement, type Policy } from '../../sim/policy-api.ts';
import type { CpuId, NodeId } from '../../sim/units.ts';
import { defaultOptions, type OptionValues } from '../../sim/options.ts';
import { type NodeSets, nodesWithCpus } from './node-sets.ts';

/** Something the search may choose. A policy has state, so each run makes its own. */
export interface Candidate {
  readonly name: string;
  make(): Policy;
}

/** How a guest is held on its nodes, and where its memory lies. */
export interface Holding {
  readonly vcpus: 'cpus' | 'nodes';
  readonly memory: 'first-touch' | 'interleave' | 'interleave-all';
}

export const HOLDINGS: readonly Holding[] = (['cpus', 'nodes'] as const).flatMap((vcpus) =>
  (['first-touch', 'interleave', 'interleave-all'] as const).map((memory) => ({ vcpus, memory })),
);

export function heldOn(machine: Machine, vcpus: readonly number[], sets: NodeSets, { vcpus: hold, memory }: Holding): Candidate {
  const cpus = dealCpus(machine, vcpus, sets);
  const placements = sets.map((nodes, guest): Placement => ({
    hardNodes: nodes as NodeId[],
    ...(hold === 'cpus' && { hardCpus: cpus[guest]! }),
    softNodes: null,
    memoryNodes: memory === 'interleave' ? (nodes as NodeId[]) : [],
  }));
  return {
    name: `${hold}/${memory} ${sets.map((nodes) => nodes.join('+')).join(' ')}`,
    make: () =>
      compose('oracle-static', {
        placement: fixed(placements),
        cpu: linuxCpu(),
        memory: memory === 'first-touch' ? firstTouch() : interleave(),
      }),
  };
}

/** [guest][vCPU] one CPU: of the node whose turn it is the one with the fewest vCPUs so far, clusters in turn where there are some. */
function dealCpus(machine: Machine, vcpus: readonly number[], sets: NodeSets): (readonly CpuId[])[][] {
  const used = new Int32Array(machine.cpuCount);
  const step = machine.spec.clusters?.value.cpus ?? 1;
  return sets.map((nodes, guest) =>
    Array.from({ length: vcpus[guest]! }, (_, i) => {
      const node = nodes[i % nodes.length]!;
      const cpus = Array.from({ length: machine.nodeCpuCount[node]! }, (_cpu, at) => at);
      cpus.sort((a, b) => (a % step) - (b % step) || a - b);
      const first = machine.nodeFirstCpu[node]!;
      const least = cpus.reduce((best, at) => (used[first + at]! < used[first + best]! ? at : best));
      used[first + least]!++;
      return [(first + least) as CpuId];
    }),
  );
}

/** On larger machines numactl is tried with memory on the node of the CPUs, or over all, alone. */
const MOST_CROSSED = 4;

/**
 * What users set by hand, so that the search cannot lose to it: pin in all its orders, numactl on each node, a node a guest, and
 * libvirt with and without numad and pinning.
 */
export function staticPolicies(machine: Machine): Candidate[] {
  const step = machine.spec.clusters?.value.cpus ?? 1;
  const pins = ['pack', 'spread', 'scatter'].flatMap((order) =>
    ['first-touch', 'interleave'].flatMap((memory) => [...new Set([1, step])].map((by) => named('pin', { order, memory, step: by }))),
  );
  const nodes = nodesWithCpus(machine);
  const memoryNodes = Array.from({ length: machine.nodeCount }, (_, node) => node);
  const bound = nodes.flatMap((node) => [
    ...memoryNodes
      .filter((memory) => memory === node || machine.nodeCount <= MOST_CROSSED)
      .map((memory) => named('numactl', { cpunodebind: String(node), preferred: memory })),
    named('numactl', { cpunodebind: String(node), memory: 'interleave' }),
  ]);
  const tuned = ['no', 'yes'].flatMap((vcpupin) => ['static', 'auto'].map((placement) => named('libvirt', { vcpupin, placement })));
  return [...pins, named('kvm-numactl', {}), ...tuned, ...bound];
}

function named(name: string, changed: OptionValues): Candidate {
  const entry = policyNamed(name)!;
  const options = { ...defaultOptions(entry.options), ...changed };
  return { name: `${name} ${JSON.stringify(changed)}`, make: () => ({ ...entry.make(options), name: 'oracle-static' }) };
}
