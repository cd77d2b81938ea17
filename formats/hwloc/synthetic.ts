import { SourceText } from '../format-error.ts';
import { limitedRemarks } from '../remarks.ts';
import { MOST_NODES, topologyNodes, type HwlocCache, type HwlocCpu, type HwlocNode } from './machine.ts';
import { indexesOf } from './synthetic-indexes.ts';
import { readLevels, type SyntheticLevel, type SyntheticType } from './synthetic-levels.ts';
import type { Topology } from '../topology.ts';

const MOST_CHARACTERS = 1024 ** 2;
/** What hwloc assumes where a string says nothing. */
const NODE_BYTES = 1024 ** 3;
const L1_BYTES = 32 * 1024;
const L2_BYTES = 4 * 1024 ** 2;
const ONCE: readonly SyntheticType[] = ['Package', 'Die', 'NUMANode', 'Core', 'PU'];

/**
 * Reads a synthetic description of hwloc, such as `pack:4 group:2 [numa(memory=16GB)] core:6 pu:1`, as hwloc 2.9 reads it: kB to TB are
 * decimal (older releases took powers of two), types that are left out altogether are implied, sizes that are left out have hwloc's defaults.
 * After hwloc/topology-synthetic.c.
 * @throws FormatError for what hwloc refuses, for indexes that it would pass over, and for more than 4096 CPUs or 254 nodes
 */
export function readHwlocSynthetic(text: string): Topology {
  const source = new SourceText(text.trimEnd(), MOST_CHARACTERS);
  const remarks: string[] = [];
  const levels = readLevels(source, remarks);
  nameTypes(levels, source);
  checkTypes(levels, source);
  for (const { type, attributes } of levels) {
    const isSized = type === 'NUMANode' || type === 'Cache' || type === 'ICache';
    if (attributes.bytes !== null && !isSized) remarks.push(`memory= of ${type}: only nodes have memory, as in hwloc`);
  }
  if (!levels.some(hasNodes)) {
    if (levels.some(({ type, width }) => type === 'Package' && width > 1))
      remarks.push('no node is said: one of all packages, as in hwloc; pack:2 [numa] has one in each');
    levels.splice(1, 0, nodeLevel());
  }
  const nodes = topologyNodes(machineOf(levels, source), remarks);
  return { name: null, nodes, distances: null, latencyNs: null, bandwidthGBps: null, clockGHz: null, remarks: limitedRemarks(remarks) };
}

const hasNodes = ({ type, attached }: SyntheticLevel): boolean => type === 'NUMANode' || attached.length > 0;

/** One for the whole machine. */
function nodeLevel(): SyntheticLevel {
  return { type: 'NUMANode', depth: null, width: 1, attributes: { bytes: null, indexes: null }, attached: [], offset: 0 };
}

/** The last level is PU without saying so, and types may be left out of all others together. */
function nameTypes(levels: SyntheticLevel[], source: SourceText): void {
  const last = levels.at(-1)!;
  if (levels.length === 1) source.fail(source.text.length, 'no level, want pu:2 or so');
  if (last.type !== '' && last.type !== 'PU') source.fail(last.offset, `${last.type} as the last level, want pu`);
  last.type = 'PU';
  const between = levels.slice(1, -1);
  const unnamed = between.filter(({ type }) => type === '');
  if (unnamed.length === 0) return;
  const named = between.find(({ type }) => type !== '');
  if (named) source.fail(named.offset, `${named.type} beside levels without a type, want a type for all or for none`);
  const types = impliedTypes(between.length, !levels.some(hasNodes));
  between.forEach((level, i) => levels.splice(i + 1, 1, { ...level, ...types[i]! }));
}

/** In the order of hwloc: groups, package, node, caches, core; of few levels node first, then package, core, L2, L1, L3, L1i. */
function impliedTypes(count: number, needsNode: boolean): { type: SyntheticType; depth: number | null }[] {
  let left = count;
  const take = (most: number): number => {
    const taken = Math.min(most, left);
    left -= taken;
    return taken;
  };
  const nodes = take(needsNode ? 1 : 0);
  const packages = take(1);
  const cores = take(1);
  const caches = take(4);
  const l3 = caches >= 3 ? [{ type: 'Cache' as const, depth: 3 }] : [];
  const l2 = caches >= 1 ? [{ type: 'Cache' as const, depth: 2 }] : [];
  const l1 = caches >= 2 ? [{ type: 'Cache' as const, depth: 1 }] : [];
  const l1i = caches >= 4 ? [{ type: 'ICache' as const, depth: 1 }] : [];
  const plain = (type: SyntheticType, howMany: number): { type: SyntheticType; depth: null }[] =>
    Array.from({ length: howMany }, () => ({ type, depth: null }));
  return [
    ...plain('Group', left),
    ...plain('Package', packages),
    ...plain('NUMANode', nodes),
    ...l3,
    ...l2,
    ...l1,
    ...l1i,
    ...plain('Core', cores),
  ];
}

function checkTypes(levels: readonly SyntheticLevel[], source: SourceText): void {
  for (const type of ONCE) {
    const [, second] = levels.filter((level) => level.type === type);
    if (second) source.fail(second.offset, `a second level of ${type}, want one`);
  }
  const caches = levels.filter(({ type }) => type === 'Cache' || type === 'ICache');
  const twice = caches.find((cache, i) => caches.slice(0, i).some(({ type, depth }) => type === cache.type && depth === cache.depth));
  if (twice) source.fail(twice.offset, `a second level of L${twice.depth!} caches, want one`);
  const level = levels.find(({ type }) => type === 'NUMANode');
  if (level && levels.some(({ attached }) => attached.length > 0))
    source.fail(level.offset, 'nodes as a level and [numa] as well, want one of the two');
}

function machineOf(levels: readonly SyntheticLevel[], source: SourceText): { cpus: HwlocCpu[]; caches: HwlocCache[]; nodes: HwlocNode[] } {
  const total = levels.at(-1)!.width;
  const ids = levels.map(({ attributes, width }) => indexesOf(attributes.indexes, width, levels, source));
  const cpuIds = ids.at(-1)!;
  const packageLevel = levels.findIndex(({ type }) => type === 'Package');
  const coreLevel = levels.findIndex(({ type }) => type === 'Core');
  const objectOf = (cpu: number, level: number): number | null => (level < 0 ? null : Math.floor(cpu / (total / levels[level]!.width)));
  const caches: HwlocCache[] = [];
  const firstCache = levels.map((level) => {
    const first = caches.length;
    for (let i = 0; level.type === 'Cache' && i < level.width; i++)
      caches.push({ level: level.depth!, bytes: cacheBytes(level), isMemorySide: false });
    return first;
  });
  const cpus = cpuIds.map((id, i): HwlocCpu => {
    const own = levels.flatMap(({ type, width }, k) => (type === 'Cache' ? [firstCache[k]! + Math.floor(i / (total / width))] : []));
    const inPackage = objectOf(i, packageLevel);
    return { id, package: inPackage === null ? null : ids[packageLevel]![inPackage]!, core: objectOf(i, coreLevel), caches: own };
  });
  return { cpus, caches, nodes: nodesOf(levels, cpuIds, source) };
}

function cacheBytes({ attributes, depth }: SyntheticLevel): number {
  return attributes.bytes ?? (depth === 1 ? L1_BYTES : L2_BYTES * 4 ** (depth! - 2));
}

function nodesOf(levels: readonly SyntheticLevel[], cpuIds: readonly number[], source: SourceText): HwlocNode[] {
  const level = levels.find(({ type }) => type === 'NUMANode');
  const places = level
    ? Array.from({ length: level.width }, (_, object) => ({ level, object, bytes: level.attributes.bytes ?? NODE_BYTES }))
    : [];
  if (!level) placeAttached(levels, 0, 0, places, source);
  if (places.length > MOST_NODES) source.fail(level?.offset ?? 0, `${places.length} nodes, want at most ${MOST_NODES}`);
  const indexes = level
    ? level.attributes.indexes
    : (levels.flatMap(({ attached }) => attached).findLast((each) => each.indexes)?.indexes ?? null);
  const ids = indexesOf(indexes, places.length, levels, source);
  return places.map(({ level: { width }, object, bytes }, i) => {
    const count = cpuIds.length / width;
    const cpus = cpuIds.slice(object * count, (object + 1) * count);
    return { id: ids[i]!, cpus, memoryBytes: bytes, subtype: null, isAllowed: true };
  });
}

interface AttachedPlace {
  readonly level: SyntheticLevel;
  readonly object: number;
  /** Null if not said: there is no default for these. */
  readonly bytes: number | null;
}

/** In hwloc's order, which numbers them: what is further down first. */
function placeAttached(
  levels: readonly SyntheticLevel[],
  depth: number,
  object: number,
  places: AttachedPlace[],
  source: SourceText,
): void {
  const level = levels[depth]!;
  const below = levels[depth + 1];
  const count = below ? below.width / level.width : 0;
  for (let i = 0; i < count; i++) placeAttached(levels, depth + 1, object * count + i, places, source);
  for (const { bytes } of level.attached) {
    if (places.length === MOST_NODES) source.fail(level.offset, `[numa], want at most ${MOST_NODES} nodes`);
    places.push({ level, object, bytes });
  }
}
