import type { HostNode } from '../../formats/numactl/writer.ts';
import type { Machine } from '../../sim/machine.ts';

/** What the operating system calls the nodes and CPUs of a machine, by their numbers here. */
export interface HostIds {
  /** Whether its file says them; else they are the numbers. */
  readonly areSaid: boolean;
  readonly nodeIds: readonly number[];
  readonly cpuIds: readonly number[];
  readonly nodes: readonly HostNode[];
}

export function hostIdsOf({ spec, nodeCount, cpuCount, cpuNode }: Machine): HostIds {
  const nodeIds = spec.nodeIds ?? Array.from({ length: nodeCount }, (_, node) => node);
  const cpuIds = spec.cpuIds ?? Array.from({ length: cpuCount }, (_, cpu) => cpu);
  const nodes = nodeIds.map((id, node) => ({ id, cpus: rising(cpuIds.filter((_, cpu) => cpuNode[cpu] === node)) }));
  return { areSaid: spec.nodeIds !== undefined || spec.cpuIds !== undefined, nodeIds, cpuIds, nodes };
}

/** Numbers of CPUs as ids, by rising id; null stays null. */
export function idsOfCpus(cpus: readonly number[] | null, { cpuIds }: HostIds): number[] | null {
  return cpus && rising(cpus.map((cpu) => cpuIds[cpu]!));
}

export function idsOfNodes(nodes: readonly number[], { nodeIds }: HostIds): number[] {
  return nodes.map((node) => nodeIds[node]!);
}

function rising(ids: readonly number[]): number[] {
  return [...ids].sort((a, b) => a - b);
}
