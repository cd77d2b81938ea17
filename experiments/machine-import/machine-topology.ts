import type { Topology, TopologyNode } from '../../formats/topology.ts';
import { type Figure, isAssumed, type MachineSpec } from '../../sim/machine-spec.ts';

/**
 * What other tools can be told of a machine, under the ids of its operating system. Figures that are assumed are not told: they would
 * come back as if they had been measured.
 */
export function topologyOf(spec: MachineSpec): Topology {
  const { nodeCpus, latencyNs } = spec;
  return {
    name: spec.name,
    nodes: nodeCpus.map((_, node) => topologyNode(spec, node)),
    distances: spec.slit.value,
    latencyNs: isAssumed(latencyNs) ? null : latencyNs.value,
    bandwidthGBps: bandwidthOf(spec),
    clockGHz: said(spec.clockGHz),
    remarks: [],
  };
}

function topologyNode(spec: MachineSpec, node: number): TopologyNode {
  const { nodeCpus, threadsPerCore: threads = 1, cpuIds, nodeIds } = spec;
  const first = nodeCpus.slice(0, node).reduce((sum, count) => sum + count, 0);
  const own = Array.from({ length: nodeCpus[node]! }, (_, i) => cpuIds?.[first + i] ?? first + i);
  const cores = Array.from({ length: own.length / threads }, (_, core) => rising(own.slice(core * threads, (core + 1) * threads)));
  const hasCpus = own.length > 0;
  const ofCore = (figure: Figure<number>): number | null => (hasCpus && !isAssumed(figure) ? figure.value * threads : null);
  const llcBytes = hasCpus ? said(spec.llcBytes) : null;
  return {
    id: nodeIds?.[node] ?? node,
    package:
      hasCpus || spec.nodeSocket.some((socket, other) => socket === spec.nodeSocket[node] && nodeCpus[other]! > 0)
        ? spec.nodeSocket[node]!
        : null,
    cpus: rising(own),
    cores: hasCpus ? cores : null,
    memoryBytes: Math.round(spec.memoryGiB.value[node]! * 1024 ** 3),
    l1Bytes: ofCore(spec.l1Bytes),
    l2Bytes: ofCore(spec.l2Bytes),
    llcBytes,
    llcCount: llcBytes === null ? null : 1,
  };
}

/**
 * Of its own memory what the controller gives, and of memory alone what it gives the nearest CPUs; of another node's what the pair is
 * limited to, if that is known.
 */
function bandwidthOf({ controllerGBps, pairGBps, nodeCpus, slit }: MachineSpec): (number | null)[][] | null {
  const pairs = pairGBps && !isAssumed(pairGBps) ? pairGBps.value : null;
  const isKnown = !isAssumed(controllerGBps);
  if (!isKnown && !pairs) return null;
  const withCpus = [...nodeCpus.keys()].filter((node) => nodeCpus[node]! > 0);
  const nearest = nodeCpus.map((count, node) =>
    count > 0 ? node : withCpus.reduce((best, other) => (slit.value[other]![node]! < slit.value[best]![node]! ? other : best)),
  );
  return nodeCpus.map((_, row) =>
    nodeCpus.map((_, column) => {
      if (row !== column && pairs) return pairs[row]![column]!;
      return isKnown && row === nearest[column] ? controllerGBps.value[column]! : null;
    }),
  );
}

function said(figure: Figure<number>): number | null {
  return isAssumed(figure) ? null : figure.value;
}

function rising(ids: readonly number[]): number[] {
  return [...ids].sort((a, b) => a - b);
}
