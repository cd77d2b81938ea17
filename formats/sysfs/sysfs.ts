import { FormatError, shown } from '../format-error.ts';
import { asRanges, MOST_ID, parseIdList, parseIdMask } from '../id-list.ts';
import { memoryAttributes } from './attributes.ts';
import { type CacheSizes, NodeCaches } from './caches.ts';
import { limitedRemarks } from '../remarks.ts';
import type { Topology, TopologyNode } from '../topology.ts';

export const MOST_NODES = 1024;
export const MOST_CPUS = 4096;

/** What of a dump is looked at: all else need not be kept. */
export function isSysfsFile(name: string): boolean {
  return WANTED.test(name);
}

const WANTED =
  /(?:^|\/)(?:(?:sys\/)?devices\/system\/(?:node\/(?:online|node\d+\/(?:cpulist|cpumap|meminfo|distance|access[01]\/initiators\/\w+|memory_side_cache\/index\d+\/size))|cpu\/(?:online|present|cpu\d+\/(?:online|topology\/(?:physical_package_id|thread_siblings|thread_siblings_list|core_cpus|core_cpus_list)|cache\/index\d+\/(?:level|type|size|shared_cpu_map|shared_cpu_list)|cpufreq\/(?:base_frequency|cpuinfo_max_freq))))|proc\/cpuinfo|proc\/meminfo|(?:sys\/)?(?:class|devices\/virtual)\/dmi\/id\/(?:product_name|board_name))$/;

/** The files of one machine, by what follows `sys/` or stands in `proc/`. */
export class Dump {
  readonly #files: ReadonlyMap<string, string>;
  readonly #root: string;
  readonly #sys: string;
  readonly #ids = new Map<string, Set<number>>();

  constructor(files: ReadonlyMap<string, string>) {
    this.#files = files;
    const anchor = [...files.keys()]
      .sort((a, b) => a.length - b.length || (a < b ? -1 : 1))
      .find((name) => /(?:^|\/)devices\/system\/(?:cpu|node)\//.test(name));
    if (anchor === undefined)
      throw new FormatError(1, 1, 'sys/devices/system = nothing, want a dump of /sys and /proc as hwloc-gather-topology makes');
    this.#sys = /^(?:.*\/)?(?=devices\/system\/)/s.exec(anchor)![0]; // a name may hold an end of line
    this.#root = this.#sys.replace(/sys\/$/, '');
    for (const name of files.keys()) this.#note(name);
  }

  /** A file of /sys without the blanks around its text; null if it is not there. */
  sys(name: string): string | null {
    return this.#files.get(`${this.#sys}${name}`)?.trim() ?? null;
  }

  proc(name: string): string | null {
    return this.#files.get(`${this.#root}proc/${name}`) ?? null;
  }

  /** Of the folders `devices/system/node/nodeN` or `cpu/cpuN`, rising. */
  ids(kind: 'node' | 'cpu'): number[] {
    return [...(this.#ids.get(kind) ?? [])].sort((a, b) => a - b);
  }

  /** Ids in a file of /sys written as a list, or in another as a mask. */
  idsIn(list: string, mask: string | null, most: number): number[] | null {
    const listed = this.sys(list);
    const text = listed ?? (mask === null ? null : this.sys(mask));
    if (text === null) return null;
    const ids = listed === null ? parseIdMask(text, most) : parseIdList(text, most);
    return (
      ids ??
      this.refuse(listed === null ? mask! : list, text, `ids such as ${listed === null ? '00000000,00fc0000' : '0-2,33'}, at most ${most}`)
    );
  }

  whole(name: string, most: number): number | null {
    const text = this.sys(name);
    if (text === null) return null;
    const isSound = /^\d{1,15}$/.test(text) && Number(text) <= most;
    return isSound ? Number(text) : this.refuse(name, text, `a whole number up to ${most}`);
  }

  refuse(name: string, value: unknown, want: string): never {
    throw new FormatError(1, 1, `${this.#sys}${name} = ${shown(value)}, want ${want}`);
  }

  #note(name: string): void {
    if (!name.startsWith(`${this.#sys}devices/system/`)) return;
    const [, kind, id] = /^(node|cpu)\/(?:node|cpu)(\d{1,6})\//.exec(name.slice(`${this.#sys}devices/system/`.length)) ?? [];
    if (kind === undefined) return;
    if (Number(id) > MOST_ID) this.refuse(`devices/system/${kind}/${kind}${id}`, id, `an id up to ${MOST_ID}`);
    const known = this.#ids.get(kind) ?? new Set<number>();
    this.#ids.set(kind, known.add(Number(id)));
  }
}

/**
 * Reads a dump of /sys and /proc as hwloc-gather-topology makes: nodes, their online CPUs, memory and distances, cores, packages, caches,
 * clock, and what the firmware's HMAT says of memory. By Documentation/ABI/stable/sysfs-devices-node, sysfs-devices-system-cpu and
 * admin-guide/mm/numaperf of Linux 6.6. A kernel without nodes has one, with all CPUs and memory.
 * @param files texts by name, `sys/devices/system/node/online`; they may lie in a folder of any name, or be those of /sys alone
 * @throws FormatError naming file, value and what was wanted; for more than 1024 nodes or 4096 CPUs
 */
export function readSysfs(files: ReadonlyMap<string, string>): Topology {
  const dump = new Dump(files);
  const remarks: string[] = [];
  const online = onlineCpus(dump, remarks);
  const nodeIds = nodesOf(dump);
  const caches = new NodeCaches(dump, online, remarks);
  const nodes = nodeIds.length > 0 ? numaNodes(dump, nodeIds, online, caches, remarks) : [wholeNode(dump, online, caches, remarks)];
  return {
    name:
      dump.sys('devices/virtual/dmi/id/product_name') ??
      dump.sys('class/dmi/id/product_name') ??
      dump.sys('class/dmi/id/board_name') ??
      null,
    nodes,
    distances: distancesOf(dump, nodeIds, remarks),
    ...memoryAttributes(dump, nodes, remarks),
    clockGHz: clockOf(dump, [...online][0]!, remarks),
    remarks: limitedRemarks(remarks),
  };
}

function onlineCpus(dump: Dump, remarks: string[]): Set<number> {
  const all = dump.ids('cpu');
  const listed = dump.idsIn('devices/system/cpu/online', null, MOST_CPUS);
  const online = listed ?? all.filter((cpu) => dump.sys(`devices/system/cpu/cpu${cpu}/online`) !== '0');
  if (online.length === 0 || online.length > MOST_CPUS) dump.refuse('devices/system/cpu/online', online.length, `1 to ${MOST_CPUS} CPUs`);
  const present = dump.idsIn('devices/system/cpu/present', null, MOST_ID + 1) ?? all;
  const isOnline = new Set(online);
  const offline = present.filter((cpu) => !isOnline.has(cpu));
  if (offline.length > 0) remarks.push(`CPUs left out, for they are offline: ${asRanges(offline)}`);
  return isOnline;
}

function nodesOf(dump: Dump): number[] {
  const nodes = dump.idsIn('devices/system/node/online', null, MOST_NODES) ?? dump.ids('node');
  if (nodes.length > MOST_NODES) dump.refuse('devices/system/node/online', nodes.length, `at most ${MOST_NODES} nodes`);
  return nodes;
}

function numaNodes(dump: Dump, ids: readonly number[], online: ReadonlySet<number>, caches: NodeCaches, remarks: string[]): TopologyNode[] {
  const nodeOf = new Map<number, number>();
  const nodes = ids.map((id) => {
    const folder = `devices/system/node/node${id}`;
    const cpus = (dump.idsIn(`${folder}/cpulist`, `${folder}/cpumap`, MOST_CPUS) ?? []).filter((cpu) => online.has(cpu));
    for (const cpu of cpus) {
      const other = nodeOf.get(cpu);
      if (other !== undefined)
        dump.refuse(
          `${folder}/cpulist`,
          cpu,
          `CPUs of one node only, ${cpu} is of node ${other} (nodes of numa=fake share CPUs: boot without it)`,
        );
      nodeOf.set(cpu, id);
    }
    return nodeOfCpus(dump, id, cpus, memoryBytes(dump.sys(`${folder}/meminfo`), dump, `${folder}/meminfo`), caches, remarks);
  });
  const lost = [...online].find((cpu) => !nodeOf.has(cpu));
  if (lost !== undefined) dump.refuse('devices/system/node', `no node of CPU ${lost}`, 'each online CPU in a node');
  return nodes;
}

function wholeNode(dump: Dump, online: ReadonlySet<number>, caches: NodeCaches, remarks: string[]): TopologyNode {
  remarks.push('a kernel without NUMA: all CPUs and memory are taken for one node');
  return nodeOfCpus(dump, 0, [...online], memoryBytes(dump.proc('meminfo'), dump, 'proc/meminfo'), caches, remarks);
}

function nodeOfCpus(
  dump: Dump,
  id: number,
  cpus: readonly number[],
  bytes: number | null,
  caches: NodeCaches,
  remarks: string[],
): TopologyNode {
  const packages = new Set(cpus.map((cpu) => packageOf(dump, cpu)));
  if (packages.size > 1) remarks.push(`node ${id} has CPUs of ${packages.size} packages: none is taken`);
  const sizes: CacheSizes = caches.of(id, cpus);
  return { id, package: packages.size === 1 ? [...packages][0]! : null, cpus, cores: coresOf(dump, cpus), memoryBytes: bytes, ...sizes };
}

function packageOf(dump: Dump, cpu: number): number | null {
  const name = `devices/system/cpu/cpu${cpu}/topology/physical_package_id`;
  return dump.sys(name) === '-1' ? null : dump.whole(name, 2 ** 31);
}

/** Online threads that share a core, each once; null unless every CPU says it and they agree. */
function coresOf(dump: Dump, cpus: readonly number[]): number[][] | null {
  const own = new Set(cpus);
  const cores: number[][] = [];
  const seen = new Set<number>();
  for (const cpu of cpus) {
    const folder = `devices/system/cpu/cpu${cpu}/topology`;
    const threads = dump.idsIn(`${folder}/core_cpus_list`, `${folder}/core_cpus`, MOST_CPUS) ?? dump.idsIn(`${folder}/thread_siblings_list`, `${folder}/thread_siblings`, MOST_CPUS); // prettier-ignore
    if (threads === null || !threads.includes(cpu)) return null;
    if (seen.has(cpu)) continue;
    const core = threads.filter((thread) => own.has(thread));
    if (core.some((thread) => seen.has(thread))) dump.refuse(`${folder}/thread_siblings_list`, threads.join(','), 'each CPU in one core');
    for (const thread of core) seen.add(thread);
    cores.push(core);
  }
  return cores;
}

/** Of `Node 33 MemTotal: 16777216 kB`, or the same without the node. */
function memoryBytes(text: string | null, dump: Dump, name: string): number | null {
  if (text === null) return null;
  const line = text.split('\n').find((one) => one.includes('MemTotal:'));
  if (line === undefined) return null;
  const [, kB] = /MemTotal: +(\d{1,13}) kB\s*$/.exec(line) ?? dump.refuse(name, line, 'such as MemTotal: 16777216 kB');
  return Number(kB) * 1024;
}

function distancesOf(dump: Dump, ids: readonly number[], remarks: string[]): number[][] | null {
  const rows = ids.map((id) => {
    const name = `devices/system/node/node${id}/distance`;
    const text = dump.sys(name);
    if (text === null) return null;
    const cells = text.split(/\s+/).map((word) => (/^\d{1,5}$/.test(word) ? Number(word) : dump.refuse(name, word, 'whole numbers')));
    return cells.length === ids.length ? cells : dump.refuse(name, `${cells.length} numbers`, `${ids.length}, one for each online node`);
  });
  if (rows.length > 0 && rows.every((row) => row !== null)) return rows as number[][];
  if (rows.some((row) => row !== null)) remarks.push('distances left out, for not every node says its own');
  return null;
}

/** The clock a CPU is sold with, which holds with all busy; else its highest, else that of the moment, which may not. */
function clockOf(dump: Dump, cpu: number, remarks: string[]): number | null {
  const folder = `devices/system/cpu/cpu${cpu}/cpufreq`;
  const base = dump.whole(`${folder}/base_frequency`, 1e8);
  if (base) return base / 1e6;
  const highest = dump.whole(`${folder}/cpuinfo_max_freq`, 1e8);
  if (highest) {
    remarks.push('the clock is the highest one (cpuinfo_max_freq): no base clock is said');
    return highest / 1e6;
  }
  const info = (dump.proc('cpuinfo') ?? '').slice(0, 100_000);
  const [, MHz] = /^cpu MHz\s*: (\d{1,6}(?:\.\d{1,6})?)$/m.exec(info) ?? [];
  if (MHz === undefined || Number(MHz) === 0) return null;
  remarks.push('the clock is that of the moment (/proc/cpuinfo): no base clock is said');
  return Number(MHz) / 1000;
}
