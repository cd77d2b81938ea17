import { idleLineNs, type Machine } from './machine.ts';
import { LINE_BYTES } from './units.ts';

/**
 * GB/s that all CPUs of one node read from the memory of another (or of the same) while nobody else does: what the narrowest of controller, links
 * and pair on the way lets through, or what their cores ask for if that is less. 0 for a node without CPUs.
 * @returns [node of the CPUs * N + node of the memory], N nodes
 */
export function pairBandwidths(machine: Machine): Float64Array {
  const { nodeCount, nodeCpuCount, coreLines, threadsPerCore } = machine;
  return Float64Array.from({ length: nodeCount * nodeCount }, (_, pair) => {
    const cpuNode = Math.floor(pair / nodeCount);
    const cores = nodeCpuCount[cpuNode]! / threadsPerCore;
    const askedPerNs = (cores * coreLines[cpuNode]!) / idleLineNs(machine, pair, coreLines[cpuNode]!, 0);
    return Math.min(askedPerNs, narrowestPerNs(machine, pair)) * LINE_BYTES;
  });
}

/** Read lines per ns that fit through every resource between two nodes. */
function narrowestPerNs({ useStart, useResource, useRead, capacity }: Machine, pair: number): number {
  let linesPerNs = Infinity;
  for (let use = useStart[pair]!; use < useStart[pair + 1]!; use++) {
    if (useRead[use]! > 0) linesPerNs = Math.min(linesPerNs, capacity[useResource[use]!]! / useRead[use]!);
  }
  return linesPerNs;
}
