import { asRanges } from '../id-list.ts';
import type { TopologyNode } from '../topology.ts';

/** What hwloc's XML and its synthetic strings both come to, before CPUs are shared out among nodes. */
export interface HwlocMachine {
  /** Online and allowed. */
  readonly cpus: readonly HwlocCpu[];
  readonly caches: readonly HwlocCache[];
  readonly nodes: readonly HwlocNode[];
}

export interface HwlocCpu {
  readonly id: number;
  readonly package: number | null;
  /** Which core of the machine, in the order of the file; null if not said. */
  readonly core: number | null;
  /** Indices in `caches`: all that serve it. */
  readonly caches: readonly number[];
}

export interface HwlocCache {
  readonly level: number;
  readonly bytes: number | null;
  /** In front of memory, whatever CPU asks; hwloc before 2.1 writes such a one as an L3. */
  readonly isMemorySide: boolean;
}

export interface HwlocNode {
  readonly id: number;
  /** CPU ids that it serves. Several nodes may serve the same. */
  readonly cpus: readonly number[];
  /** Null if not said, or 0: they are written alike. */
  readonly memoryBytes: number | null;
  /** `DRAM`, `HBM`, `NVM`, ... if the file says one. */
  readonly subtype: string | null;
  readonly isAllowed: boolean;
}

/** Far beyond what one machine has; the model itself may have less room. */
export const MOST_CPUS = 4096;
export const MOST_NODES = 254;

/**
 * The nodes by rising id. A CPU belongs to the node that serves the fewest CPUs beside it (the nearest); among nodes at the same place to
 * one of subtype DRAM, then to one without subtype, then to the one of lowest id. The others at that place are nodes of memory only.
 */
export function topologyNodes(machine: HwlocMachine, remarks: string[]): TopologyNode[] {
  const homes = homesOf(machine);
  const cpusOf = new Map<number, HwlocCpu[]>(machine.nodes.map(({ id }) => [id, []]));
  for (const cpu of [...machine.cpus].sort((a, b) => a.id - b.id)) {
    const home = homes.get(cpu.id);
    if (home !== undefined) cpusOf.get(home)!.push(cpu);
  }
  const homeless = machine.cpus.map(({ id }) => id).filter((id) => !homes.has(id));
  if (homeless.length > 0)
    remarks.push(
      `CPUs ${asRanges(homeless.sort((a, b) => a - b))} are in no node, or in none that was allowed where the file was made (lstopo --disallowed writes those too): left out`,
    );
  const kept = withMemory(machine.nodes)
    .sort((a, b) => a.id - b.id)
    .filter((node) => isKept(node, cpusOf.get(node.id)!, remarks));
  const shares = cacheShares(machine, homes);
  const nodes = kept.map((node) => topologyNode(node, cpusOf.get(node.id)!, machine, shares, remarks));
  remarkOnSharing(machine, shares, remarks);
  return nodes;
}

/** hwloc leaves a size out where it is 0: where other nodes say theirs, a node has no memory; where none does, nobody knows. */
function withMemory(nodes: readonly HwlocNode[]): HwlocNode[] {
  const isSaid = nodes.some(({ memoryBytes }) => memoryBytes !== null);
  return nodes.map((node) => (isSaid ? { ...node, memoryBytes: node.memoryBytes ?? 0 } : node));
}

/** Node id by CPU id. */
function homesOf({ nodes, cpus }: HwlocMachine): Map<number, number> {
  const usable = new Set(cpus.map(({ id }) => id));
  const homes = new Map<number, number>();
  const nearestFirst = [...nodes].sort((a, b) => a.cpus.length - b.cpus.length || rank(a) - rank(b) || a.id - b.id);
  for (const node of nearestFirst) for (const cpu of node.cpus) if (usable.has(cpu) && !homes.has(cpu)) homes.set(cpu, node.id);
  return homes;
}

function rank({ subtype }: HwlocNode): number {
  if (subtype === 'DRAM') return 0;
  return subtype === null ? 1 : 2;
}

function isKept(node: HwlocNode, cpus: readonly HwlocCpu[], remarks: string[]): boolean {
  const name = `node ${node.id}${node.subtype === null ? '' : ` (${node.subtype})`}`;
  if (cpus.length === 0 && !node.isAllowed) {
    remarks.push(`${name} has no CPU online and allowed, and its memory is not allowed: left out`);
    return false;
  }
  if (!node.isAllowed) remarks.push(`the memory of ${name} was not allowed where the file was made; it is taken all the same`);
  if (cpus.length === 0) {
    const why = node.cpus.length === 0 ? 'serves no CPU by itself' : 'serves CPUs that belong to a nearer node or are not there';
    remarks.push(`${name} ${why}: memory only`);
  }
  return true;
}

function topologyNode(
  node: HwlocNode,
  cpus: readonly HwlocCpu[],
  machine: HwlocMachine,
  shares: readonly CacheShare[],
  remarks: string[],
): TopologyNode {
  return {
    id: node.id,
    package: cpus.length > 0 ? packageOf(node, cpus, remarks) : packageServed(node, machine),
    cpus: cpus.map(({ id }) => id),
    cores: coresOf(cpus),
    memoryBytes: node.memoryBytes,
    l1Bytes: privateBytes(1, node, cpus, machine, remarks),
    l2Bytes: privateBytes(2, node, cpus, machine, remarks),
    ...lastLevel(node, cpus, machine, shares, remarks),
  };
}

function packageOf(node: HwlocNode, cpus: readonly HwlocCpu[], remarks: string[]): number | null {
  const packages = [...new Set(cpus.map((cpu) => cpu.package))];
  if (packages.length > 1) {
    const list = packages.map((id) => id ?? 'unknown').join(', ');
    remarks.push(`node ${node.id} spans packages ${list}, and the model has no node in several sockets: no package is taken`);
    return null;
  }
  return packages[0] ?? null;
}

/** Of a node of memory only: the package that all the CPUs it serves are in. */
function packageServed(node: HwlocNode, { cpus }: HwlocMachine): number | null {
  const served = new Set(node.cpus);
  const packages = new Set(cpus.filter(({ id }) => served.has(id)).map((cpu) => cpu.package));
  return packages.size === 1 ? [...packages][0]! : null;
}

function coresOf(cpus: readonly HwlocCpu[]): number[][] | null {
  if (cpus.length === 0) return null;
  const cores = new Map<number, number[]>();
  for (const { id, core } of cpus) {
    if (core === null) return null;
    const threads = cores.get(core);
    if (threads) threads.push(id);
    else cores.set(core, [id]);
  }
  return [...cores.values()];
}

/** Of the L1 or L2 of each CPU; the smallest where they differ. */
function privateBytes(level: number, node: HwlocNode, cpus: readonly HwlocCpu[], machine: HwlocMachine, remarks: string[]): number | null {
  const sizes = new Set<number>();
  for (const cpu of cpus) {
    for (const cache of cpu.caches) {
      const { level: itsLevel, bytes } = machine.caches[cache]!;
      if (itsLevel === level && bytes !== null) sizes.add(bytes);
    }
  }
  if (sizes.size === 0) return null;
  const smallest = [...sizes].reduce((a, b) => Math.min(a, b));
  if (sizes.size > 1) remarks.push(`the L${level} caches of node ${node.id} differ in size: the smallest is taken, ${smallest} bytes`);
  return smallest;
}

/** How many usable CPUs of each node a cache serves, and of how many cores. */
interface CacheShare {
  readonly cpusByNode: Map<number, number>;
  readonly cores: Set<number>;
  cpus: number;
}

function cacheShares(machine: HwlocMachine, homes: ReadonlyMap<number, number>): CacheShare[] {
  const shares = machine.caches.map((): CacheShare => ({ cpusByNode: new Map(), cores: new Set(), cpus: 0 }));
  for (const { id, core, caches } of machine.cpus) {
    const home = homes.get(id);
    if (home === undefined) continue;
    for (const cache of caches) {
      const share = shares[cache]!;
      share.cpus++;
      share.cpusByNode.set(home, (share.cpusByNode.get(home) ?? 0) + 1);
      share.cores.add(core ?? -1 - id);
    }
  }
  return shares;
}

function lastLevel(
  node: HwlocNode,
  cpus: readonly HwlocCpu[],
  { caches }: HwlocMachine,
  shares: readonly CacheShare[],
  remarks: string[],
): Pick<TopologyNode, 'llcBytes' | 'llcCount'> {
  const own = [...new Set(cpus.flatMap((cpu) => cpu.caches))].filter((i) => !caches[i]!.isMemorySide);
  const third = own.filter((i) => caches[i]!.level >= 3);
  const near = third.length > 0 ? third : sharedSecond(own, caches, shares);
  if (near.length === 0) return { llcBytes: null, llcCount: null };
  const level = near.reduce((highest, i) => Math.max(highest, caches[i]!.level), 0);
  const last = near.filter((i) => caches[i]!.level === level);
  if (last.length < near.length) remarks.push(`node ${node.id} has an L${level}: its L3 is not taken as the last-level cache`);
  const parts = last.map((i) => partOf(caches[i]!.bytes, shares[i]!, node.id));
  const bytes = parts.some((part) => part === null) ? null : parts.reduce((sum: number, part) => sum + part!, 0);
  if (last.length > 1) {
    remarks.push(`node ${node.id} has ${last.length} last-level caches, ${bytes ?? 'an unknown number of'} bytes in all`);
  }
  const served = last.reduce((sum, i) => sum + shares[i]!.cpusByNode.get(node.id)!, 0);
  if (served < cpus.length) remarks.push(`${cpus.length - served} CPUs of node ${node.id} have no last-level cache`);
  return { llcBytes: bytes, llcCount: last.length };
}

/** What cores share is a last level, though it be the second: Core 2, Xeon Phi, A64FX. */
function sharedSecond(own: readonly number[], caches: readonly HwlocCache[], shares: readonly CacheShare[]): number[] {
  const second = own.filter((i) => caches[i]!.level === 2);
  return second.some((i) => shares[i]!.cores.size > 1) ? second : [];
}

/** Of a cache that serves several nodes, as much as the node has of its CPUs. */
function partOf(bytes: number | null, share: CacheShare, node: number): number | null {
  return bytes === null ? null : Math.floor((bytes * share.cpusByNode.get(node)!) / share.cpus);
}

function remarkOnSharing({ caches }: HwlocMachine, shares: readonly CacheShare[], remarks: string[]): void {
  caches.forEach(({ level, bytes, isMemorySide }, i) => {
    const nodes = [...shares[i]!.cpusByNode.keys()].sort((a, b) => a - b);
    if (level < 3 || isMemorySide || nodes.length < 2) return;
    remarks.push(`an L${level} of ${bytes ?? 'unknown'} bytes serves nodes ${asRanges(nodes)}: it is divided by CPUs`);
  });
  for (const level of [1, 2]) {
    const count = caches.filter((cache, i) => cache.level === level && shares[i]!.cores.size > 1).length;
    if (count > 0) remarks.push(`${count} L${level} caches serve several cores each: every CPU is given the whole of its own`);
  }
  const memorySide = caches.filter(({ isMemorySide }) => isMemorySide).length;
  if (memorySide > 0) remarks.push(`${memorySide} memory-side caches have no place in the model: passed over`);
}
