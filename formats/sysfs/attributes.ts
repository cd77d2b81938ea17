import type { Dump } from './sysfs.ts';
import type { Topology, TopologyNode } from '../topology.ts';

const MOST_NS = 1e9;
const MOST_MBPS = 1e9;

/**
 * What the kernel has of the firmware's HMAT: for each memory, latency in ns and bandwidth in MB/s (10^6 bytes) as its nearest
 * initiators have them. Class 1 is of CPUs alone, class 0 of any initiator: the former counts where both are there. Reads count; writes
 * and memory-side caches are remarked.
 */
export function memoryAttributes(
  dump: Dump,
  nodes: readonly TopologyNode[],
  remarks: string[],
): Pick<Topology, 'latencyNs' | 'bandwidthGBps'> {
  const none = (): (number | null)[][] => nodes.map(() => nodes.map(() => null));
  const latencyNs = none();
  const bandwidthGBps = none();
  let [hasLatency, hasBandwidth] = [false, false];
  nodes.forEach((node, target) => {
    if (dump.sys(`devices/system/node/node${node.id}/memory_side_cache/index1/size`) !== null)
      remarks.push(`the memory-side cache of node ${node.id} is left out: this model has none`);
    const folder = [1, 0].map((access) => `devices/system/node/node${node.id}/access${access}/initiators`).find((one) => isSaid(dump, one));
    if (folder === undefined) return;
    const ns = dump.whole(`${folder}/read_latency`, MOST_NS);
    const MBps = dump.whole(`${folder}/read_bandwidth`, MOST_MBPS);
    const differs = (one: string, said: number | null): boolean => (dump.whole(`${folder}/${one}`, MOST_NS) ?? said) !== said;
    if (differs('write_latency', ns) || differs('write_bandwidth', MBps))
      remarks.push(`node ${node.id}: what its memory takes to write is left out, reads count`);
    for (const initiator of initiatorsOf(dump, folder, nodes, target)) {
      if (ns) latencyNs[initiator]![target] = ns;
      if (MBps) bandwidthGBps[initiator]![target] = MBps / 1000;
      hasLatency ||= Boolean(ns);
      hasBandwidth ||= Boolean(MBps);
    }
  });
  return { latencyNs: hasLatency ? latencyNs : null, bandwidthGBps: hasBandwidth ? bandwidthGBps : null };
}

function isSaid(dump: Dump, folder: string): boolean {
  return dump.sys(`${folder}/read_latency`) !== null || dump.sys(`${folder}/read_bandwidth`) !== null;
}

/** By the links in the folder; a dump without them leaves the node itself, which is nearest to its own memory. */
function initiatorsOf(dump: Dump, folder: string, nodes: readonly TopologyNode[], target: number): number[] {
  const linked = nodes.flatMap(({ id, cpus }, at) => (cpus.length > 0 && dump.sys(`${folder}/node${id}`) !== null ? [at] : []));
  return linked.length > 0 ? linked : nodes[target]!.cpus.length > 0 ? [target] : [];
}
