import { shown } from '../format-error.ts';
import { asRanges } from '../id-list.ts';
import { MOST_CPUS, MOST_NODES, type HwlocCache, type HwlocCpu, type HwlocMachine, type HwlocNode } from './machine.ts';
import { MOST_NUMBERS, readHwlocSet, within, type HwlocSet } from './set.ts';
import { attribute, childrenOf, xmlFail, type XmlElement } from '../xml.ts';

/** The tree of objects, taken apart. */
export interface HwlocObjects extends HwlocMachine {
  /** In the order in which they come in the file. */
  readonly nodeIdsInFile: readonly number[];
  /** CPUs below each object (of a node: that it serves), by `gp_index`; ids of CPUs that cannot be used are among them. */
  readonly cpusByGp: ReadonlyMap<string, readonly number[]>;
  /** By `gp_index`. */
  readonly nodeByGp: ReadonlyMap<string, number>;
  /** How far below the root nodes are. */
  readonly nodeDepths: ReadonlySet<number>;
}

/** What is above an object. */
interface Place {
  readonly package: number | null;
  readonly core: number | null;
  readonly caches: readonly number[];
}

const MOST_CACHES = 65_536;
const UNKNOWN_INDEX = 4294967295; // -1 in hwloc's unsigned os_index
const CACHE = /^L([1-5])Cache$/;
const INSTRUCTION_CACHE = /^L[1-3]iCache$/;
const INSTRUCTIONS = '2'; // as cache_type of a plain Cache of format 1
/** Have no place in the model, and may have CPUs below. */
const LEVELS = new Set(['Die', 'Group', 'Tile', 'Module', 'Cluster', 'Misc']);
/** Have nothing of interest below. */
const DEVICES = new Set(['Bridge', 'PCIDev', 'OSDev']);
const CHILDREN = new Set(['object', 'info', 'page_type', 'distances', 'userdata']);

/**
 * @param version of the format, 1 to 3
 * @throws FormatError with line and column
 */
export function readObjects(machine: XmlElement, version: number, remarks: string[]): HwlocObjects {
  const found = new Walk();
  found.visit(machine, { package: null, core: null, caches: [] }, 0);
  const cpus = usableCpus(machine, found.cpus, remarks);
  const nodes = found.nodes.length > 0 ? withPermission(machine, found.nodes, remarks) : [onlyNode(machine, cpus, version, remarks)];
  if (found.passedOver.size > 0) {
    remarks.push(`passed over: ${[...found.passedOver].map(([type, count]) => `${count} ${type}`).join(', ')}`);
  }
  if (found.packagesWithoutId > 0) remarks.push(`${found.packagesWithoutId} packages have no os_index: no package is taken of their nodes`);
  return {
    cpus,
    caches: found.caches,
    nodes,
    nodeIdsInFile: nodes.map(({ id }) => id),
    cpusByGp: found.cpusByGp,
    nodeByGp: found.nodeByGp,
    nodeDepths: found.nodeDepths,
  };
}

class Walk {
  readonly cpus: HwlocCpu[] = [];
  readonly caches: HwlocCache[] = [];
  readonly nodes: HwlocNode[] = [];
  readonly passedOver = new Map<string, number>();
  readonly cpusByGp = new Map<string, readonly number[]>();
  readonly nodeByGp = new Map<string, number>();
  readonly nodeDepths = new Set<number>();
  packagesWithoutId = 0;
  private cores = 0;
  private readonly cpuIds = new Set<number>();
  private readonly nodeIds = new Set<number>();

  /** @param depth below the root, which is at 0 */
  visit(object: XmlElement, place: Place, depth: number): void {
    const type = attribute(object, 'type');
    if (DEVICES.has(type)) return this.pass(type);
    const from = this.cpus.length;
    const below = this.enter(object, type, place, depth === 0);
    if (isNode(type)) this.nodeDepths.add(depth);
    for (const child of object.children) {
      if (child.name === 'object') this.visit(child, below, depth + 1);
      else if (!CHILDREN.has(child.name)) this.pass(`<${child.name.slice(0, 40)}>`);
    }
    const gp = object.attributes.get('gp_index');
    if (gp !== undefined && !this.cpusByGp.has(gp) && this.cpus.length > from) {
      this.cpusByGp.set(
        gp,
        this.cpus.slice(from).map(({ id }) => id),
      );
    }
  }

  private enter(object: XmlElement, type: string, place: Place, isRoot: boolean): Place {
    if (isRoot && !['Machine', 'System', 'NUMANode', 'Node'].includes(type))
      xmlFail(object, `type = ${shown(type)}, want a Machine as the root`);
    if (type === 'PU') return this.addCpu(object, place);
    if (isNode(type)) return this.addNode(object, place);
    if (type === 'Core') return { ...place, core: this.cores++ };
    if (type === 'Package' || type === 'Socket') return { ...place, package: this.packageId(object) };
    const level = cacheLevel(object, type);
    if (level !== null) return { ...place, caches: [...place.caches, this.addCache(object, level)] };
    if (type === 'MemCache') {
      this.addCache(object, 0, true);
      return place;
    }
    if (LEVELS.has(type) || (type === 'Machine' && !isRoot)) this.pass(type);
    else if (!isRoot && !isInstructionCache(object, type)) {
      xmlFail(
        object,
        `type = ${shown(type)}, want Machine, Package, Die, Group, NUMANode, MemCache, L1Cache to L5Cache, Core, PU or a device`,
      );
    }
    return place;
  }

  private pass(type: string): void {
    this.passedOver.set(type, (this.passedOver.get(type) ?? 0) + 1);
  }

  private packageId(object: XmlElement): number | null {
    const id = osIndex(object, UNKNOWN_INDEX); // Itanium and Arm number packages as their firmware does, far above 65536
    if (id === null) this.packagesWithoutId++;
    return id;
  }

  private addCache(object: XmlElement, level: number, isMemorySide = object.attributes.get('subtype') === 'MemorySideCache'): number {
    if (this.caches.length === MOST_CACHES) xmlFail(object, `<object>, want at most ${MOST_CACHES} caches`);
    return this.caches.push({ level, bytes: bytesOf(object, 'cache_size'), isMemorySide }) - 1;
  }

  private addCpu(object: XmlElement, place: Place): Place {
    const id = osIndex(object) ?? xmlFail(object, '<object> PU without os_index, want one');
    const { members } = boundSet(object, 'cpuset');
    if (members.length !== 1 || members[0] !== id)
      xmlFail(object, `PU os_index = ${id}, cpuset = ${asRanges(members) || 'none'}, want the same`);
    if (this.cpuIds.has(id)) xmlFail(object, `PU os_index = ${id}, want each once`);
    if (this.cpus.length === MOST_CPUS) xmlFail(object, `PU os_index = ${id}, want at most ${MOST_CPUS} CPUs`);
    this.cpuIds.add(id);
    this.cpus.push({ id, ...place });
    return place;
  }

  private addNode(object: XmlElement, place: Place): Place {
    const id = osIndex(object) ?? xmlFail(object, '<object> NUMANode without os_index, want one');
    if (this.nodeIds.has(id)) xmlFail(object, `NUMANode os_index = ${id}, want each once`);
    if (this.nodes.length === MOST_NODES) xmlFail(object, `NUMANode os_index = ${id}, want at most ${MOST_NODES} nodes`);
    this.nodeIds.add(id);
    const cpus = boundSet(object, 'cpuset').members;
    const subtype = object.attributes.get('subtype') ?? typeInfo(object);
    this.nodes.push({ id, cpus, memoryBytes: bytesOf(object, 'local_memory'), subtype: subtype?.slice(0, 40) ?? null, isAllowed: true });
    const gp = object.attributes.get('gp_index');
    if (gp !== undefined) {
      this.nodeByGp.set(gp, id);
      this.cpusByGp.set(gp, cpus);
    }
    return place;
  }
}

const isNode = (type: string): boolean => type === 'NUMANode' || type === 'Node';

function cacheLevel(object: XmlElement, type: string): number | null {
  const level = CACHE.exec(type)?.[1];
  if (level !== undefined) return Number(level);
  if (type !== 'Cache' || isInstructionCache(object, type)) return null;
  const depth = attribute(object, 'depth');
  return /^[1-5]$/.test(depth) ? Number(depth) : xmlFail(object, `<object> Cache depth = ${shown(depth)}, want 1 to 5`);
}

function isInstructionCache(object: XmlElement, type: string): boolean {
  return INSTRUCTION_CACHE.test(type) || (type === 'Cache' && object.attributes.get('cache_type') === INSTRUCTIONS);
}

/** Format 1 has the subtype of a node as an info. */
function typeInfo(object: XmlElement): string | undefined {
  return childrenOf(object, 'info')
    .find((info) => info.attributes.get('name') === 'Type')
    ?.attributes.get('value');
}

function osIndex(object: XmlElement, end: number = MOST_NUMBERS): number | null {
  const value = object.attributes.get('os_index');
  if (value === undefined) return null;
  const index = /^\d{1,10}$/.test(value) ? Number(value) : NaN;
  if (index === UNKNOWN_INDEX) return null;
  if (!(index < end)) xmlFail(object, `os_index = ${shown(value)}, want a whole number below ${end}`);
  return index;
}

/** Null for none and for 0, which hwloc writes for unknown. */
function bytesOf(object: XmlElement, name: string): number | null {
  const value = object.attributes.get(name);
  if (value === undefined) return null;
  const bytes = /^\d{1,16}$/.test(value) ? Number(value) : NaN;
  if (!Number.isSafeInteger(bytes)) xmlFail(object, `${name} = ${shown(value)}, want bytes, below 2^53`);
  return bytes === 0 ? null : bytes;
}

function setOf(object: XmlElement, name: string): HwlocSet {
  return readHwlocSet(attribute(object, name), (said) => xmlFail(object, `${name} = ${said}`));
}

function boundSet(object: XmlElement, name: string): HwlocSet {
  const set = setOf(object, name);
  if (set.endlessFrom !== null) xmlFail(object, `${name} = 0xf...f, want a set that ends`);
  return set;
}

function usableCpus(machine: XmlElement, cpus: readonly HwlocCpu[], remarks: string[]): HwlocCpu[] {
  let usable = cpus.map(({ id }) => id).sort((a, b) => a - b);
  const has = (name: string): boolean => machine.attributes.has(name);
  const offline = new Set(has('complete_cpuset') ? setOf(machine, 'complete_cpuset').members : []);
  const online = ['cpuset', 'online_cpuset'].filter((name) => name === 'cpuset' || has(name));
  for (const id of usable) offline.add(id);
  for (const name of online) usable = within(setOf(machine, name), usable);
  for (const id of usable) offline.delete(id);
  const allowed = has('allowed_cpuset') ? within(setOf(machine, 'allowed_cpuset'), usable) : usable;
  const isAllowed = new Set(allowed);
  if (offline.size > 0)
    remarks.push(`CPUs ${asRanges([...offline].sort((a, b) => a - b))} are offline, or hidden where the file was made: left out`);
  const barred = usable.filter((id) => !isAllowed.has(id));
  if (barred.length > 0) remarks.push(`CPUs ${asRanges(barred)} were not allowed where the file was made: left out`);
  if (allowed.length === 0) xmlFail(machine, 'no CPU that is online and allowed, want at least one');
  return cpus.filter(({ id }) => isAllowed.has(id));
}

function withPermission(machine: XmlElement, nodes: readonly HwlocNode[], remarks: string[]): HwlocNode[] {
  const ids = nodes.map(({ id }) => id);
  if (machine.attributes.has('complete_nodeset')) {
    const there = new Set(ids);
    const hidden = setOf(machine, 'complete_nodeset').members.filter((id) => !there.has(id));
    if (hidden.length > 0) remarks.push(`nodes ${asRanges(hidden)} are hidden where the file was made: left out`);
  }
  if (!machine.attributes.has('allowed_nodeset')) return [...nodes];
  const allowed = new Set(within(setOf(machine, 'allowed_nodeset'), ids));
  if (allowed.size === 0) remarks.push('allowed_nodeset names no node: passed over');
  return nodes.map((node) => ({ ...node, isAllowed: allowed.size === 0 || allowed.has(node.id) }));
}

/** Of a machine without NUMA, which format 1 writes without a NUMANode. */
function onlyNode(machine: XmlElement, cpus: readonly HwlocCpu[], version: number, remarks: string[]): HwlocNode {
  remarks.push('no NUMANode: the machine is taken as one node, 0');
  const memoryBytes = version === 1 ? bytesOf(machine, 'local_memory') : null;
  return { id: 0, cpus: cpus.map(({ id }) => id), memoryBytes, subtype: null, isAllowed: true };
}
