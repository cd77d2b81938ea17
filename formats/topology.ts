/**
 * A machine as other tools describe it: what hwloc, numactl and /sys say, before anything is added. All ids are those of the operating
 * system and may have gaps. What a format cannot say is null.
 */
export interface Topology {
  /** Of the machine, if the file says one. */
  readonly name: string | null;
  /** By rising id. */
  readonly nodes: readonly TopologyNode[];
  /** [node][node] in the order of `nodes`: the firmware's SLIT. */
  readonly distances: readonly (readonly number[])[] | null;
  /** [initiator node][target node] in the same order; null cells where nothing is said (memory attributes, HMAT). */
  readonly latencyNs: readonly (readonly (number | null)[])[] | null;
  readonly bandwidthGBps: readonly (readonly (number | null)[])[] | null;
  readonly clockGHz: number | null;
  /** What was seen and does not come through, one line each: an offline CPU, a cache this model has no place for. */
  readonly remarks: readonly string[];
}

export interface TopologyNode {
  readonly id: number;
  /** That its CPUs are in, or that a node of memory only serves; null if not said. */
  readonly package: number | null;
  /** Online and allowed, by rising id. Empty for a node of memory only. */
  readonly cpus: readonly number[];
  /** Hardware threads by core, each by rising id; null if not said. Together they are `cpus`. */
  readonly cores: readonly (readonly number[])[] | null;
  readonly memoryBytes: number | null;
  /** Of each CPU, and of the node: its last-level cache; the sum where the CPUs of the node share several. */
  readonly l1Bytes: number | null;
  readonly l2Bytes: number | null;
  readonly llcBytes: number | null;
  /** How many last-level caches that is; null if not said. */
  readonly llcCount: number | null;
}
