import { shown } from '../format-error.ts';
import type { HwlocObjects } from './objects.ts';
import { MOST_NUMBERS, readHwlocSet, within } from './set.ts';
import type { Topology, TopologyNode } from '../topology.ts';
import { attribute, childrenOf, xmlFail, type XmlElement } from '../xml.ts';

type Cells = (number | null)[][];

/** What CPUs see of a node's memory. */
interface Figure extends Initiator {
  readonly value: number;
}

interface Initiator {
  /** Ids of CPUs. */
  readonly cpus: readonly number[];
  /** How many the file says, whether they can be used or not. */
  readonly width: number;
}

/** By name of hwloc's attribute: ns, and MiB/s (hwloc/memattrs.h). */
const LATENCIES = ['Latency', 'ReadLatency'];
const BANDWIDTHS = ['Bandwidth', 'ReadBandwidth'];
const MOST_VALUES = 65_536;
export const BYTES_PER_MIB = 1024 ** 2;
export const BYTES_PER_GB = 1e9;

/**
 * Latencies and bandwidths from node to node. Of several initiators that have a CPU, the one of the fewest CPUs counts; a pair has a figure
 * if all usable CPUs of its node see the same. Read figures fill in where there are none for both directions.
 */
export function readMemoryAttributes(
  root: XmlElement,
  objects: HwlocObjects,
  nodes: readonly TopologyNode[],
  remarks: string[],
): Pick<Topology, 'latencyNs' | 'bandwidthGBps'> {
  const tables = new Map<string, Cells>();
  let count = 0;
  for (const element of childrenOf(root, 'memattr')) {
    const name = attribute(element, 'name');
    const values = childrenOf(element, 'memattr_value');
    count += values.length;
    if (count > MOST_VALUES) xmlFail(element, `<memattr>, want at most ${MOST_VALUES} values in all`);
    if (LATENCIES.includes(name) || BANDWIDTHS.includes(name)) {
      if (tables.has(name)) xmlFail(element, `<memattr> name = ${shown(name)}, want each once`);
      tables.set(name, tableOf(name, values, objects, nodes, remarks));
    } else if (values.length > 0) remarks.push(`memory attribute ${name.slice(0, 40)}: passed over`);
  }
  const toGBps = (value: number): number => (value * BYTES_PER_MIB) / BYTES_PER_GB;
  return {
    latencyNs: joined(LATENCIES, tables, (value) => value),
    bandwidthGBps: joined(BANDWIDTHS, tables, toGBps),
  };
}

function tableOf(
  name: string,
  values: readonly XmlElement[],
  objects: HwlocObjects,
  nodes: readonly TopologyNode[],
  remarks: string[],
): Cells {
  const figures = new Map<number, Figure[]>(nodes.map(({ id }) => [id, []]));
  for (const element of values) {
    const target = targetOf(element, objects);
    const value = wholeOf(element, 'value');
    if (target === null) remarks.push(`${name} of something that is no node: passed over`);
    else if (value === 0) remarks.push(`${name} of node ${target} is 0: passed over`);
    else figures.get(target)?.push({ ...initiatorOf(element, objects), value });
  }
  const columns = nodes.map(({ id }) => columnOf(name, id, figures.get(id)!, nodes, remarks));
  return nodes.map((_, i) => columns.map((column) => column[i]!));
}

/** [initiator node] of one target. */
function columnOf(
  name: string,
  target: number,
  figures: readonly Figure[],
  nodes: readonly TopologyNode[],
  remarks: string[],
): (number | null)[] {
  const seen = new Map<number, number>(); // by CPU
  for (const { cpus, value } of [...figures].sort((a, b) => b.width - a.width)) for (const cpu of cpus) seen.set(cpu, value);
  return nodes.map(({ id, cpus }) => {
    const values = new Set(cpus.map((cpu) => seen.get(cpu)));
    const [value] = values;
    if (values.size > 1) remarks.push(`${name} from node ${id} to ${target} is not the same for all its CPUs: passed over`);
    return values.size === 1 && value !== undefined ? value : null;
  });
}

/** Node id; null for an object of another type. */
function targetOf(element: XmlElement, { nodeByGp, nodes }: HwlocObjects): number | null {
  if (attribute(element, 'target_obj_type') !== 'NUMANode') return null;
  const os = element.attributes.get('target_obj_os_index');
  const gp = element.attributes.get('target_obj_gp_index');
  if (gp === undefined && os === undefined) xmlFail(element, '<memattr_value> without target_obj_gp_index, want it');
  const target = gp === undefined ? wholeOf(element, 'target_obj_os_index') : nodeByGp.get(gp);
  if (target === undefined || !nodes.some(({ id }) => id === target))
    xmlFail(element, `<memattr_value> target ${shown(gp ?? os)}, want a node`);
  return target;
}

function initiatorOf(element: XmlElement, { cpusByGp, cpus }: HwlocObjects): Initiator {
  const set = element.attributes.get('initiator_cpuset');
  if (set !== undefined) {
    const read = readHwlocSet(set, (said) => xmlFail(element, `initiator_cpuset = ${said}`));
    const ids = cpus.map(({ id }) => id);
    return { cpus: within(read, ids), width: read.endlessFrom === null ? read.members.length : MOST_NUMBERS };
  }
  const gp = element.attributes.get('initiator_obj_gp_index');
  if (gp === undefined) xmlFail(element, '<memattr_value> without initiator_cpuset or initiator_obj_gp_index, want one');
  const own = cpusByGp.get(gp) ?? [];
  return { cpus: own, width: own.length };
}

function wholeOf(element: XmlElement, name: string): number {
  const value = attribute(element, name);
  const number = /^\d{1,16}$/.test(value) ? Number(value) : NaN;
  return Number.isSafeInteger(number) ? number : xmlFail(element, `<memattr_value> ${name} = ${shown(value)}, want a whole number`);
}

/** The first table that says something about a pair; null if none says anything at all. */
function joined(names: readonly string[], tables: ReadonlyMap<string, Cells>, convert: (value: number) => number): Cells | null {
  const given = names.flatMap((name) => tables.get(name) ?? []);
  const present = names.map((name) => tables.get(name)).filter((table) => table !== undefined);
  if (!given.some((row) => row.some((cell) => cell !== null))) return null;
  return present[0]!.map((row, i) =>
    row.map((_, j) => {
      const cell = present.map((table) => table[i]![j]!).find((value) => value !== null);
      return cell === undefined ? null : convert(cell);
    }),
  );
}
