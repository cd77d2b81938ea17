import { shown } from '../format-error.ts';
import { readDistances } from './distances.ts';
import { topologyNodes } from './machine.ts';
import { limitedRemarks } from '../remarks.ts';
import { readMemoryAttributes } from './memattrs.ts';
import { readObjects, type HwlocObjects } from './objects.ts';
import { readHwlocSet, within } from './set.ts';
import type { Topology } from '../topology.ts';
import { attribute, childrenOf, readXml, xmlFail, type XmlElement } from '../xml.ts';

const PARTS = new Set(['object', 'distances2', 'distances2hetero', 'memattr', 'cpukind', 'support', 'info', 'memtier', 'userdata']);
/** Of the hardware; names of hosts are nobody's business. */
const NAMES = ['DMIProductName', 'DMIBoardName'];
const MOST_NAME = 200;
const MOST_KINDS = 4096; // one a CPU
/** A base clock holds with all CPUs busy, a highest one may not. */
const CLOCKS = ['FrequencyBaseMHz', 'FrequencyMaxMHz'];

/**
 * Reads hwloc's XML: format 1 (no version; a NUMANode is the parent of its CPUs), 2 and 3 (it is a memory child of the object whose CPUs
 * it serves). The document type is never looked at. After hwloc/topology-xml.c and the samples of open-mpi/hwloc, tests/hwloc/xml.
 * @throws FormatError for what is no such file, contradicts itself, or has more than 4096 CPUs or 254 nodes
 */
export function readHwlocXml(text: string): Topology {
  const root = readXml(text);
  if (root.name !== 'topology') xmlFail(root, `<${root.name.slice(0, 40)}>, want <topology>`);
  const version = versionOf(root);
  const machine = machineOf(root);
  const remarks: string[] = [];
  const objects = readObjects(machine, version, remarks);
  const nodes = topologyNodes(objects, remarks);
  const ids = nodes.map(({ id }) => id);
  const unknown = [...new Set(root.children.map(({ name }) => name))].filter((name) => !PARTS.has(name));
  if (unknown.length > 0) remarks.push(`passed over: ${unknown.map((name) => `<${name.slice(0, 40)}>`).join(', ')}`);
  const topology = {
    name: nameOf([...childrenOf(machine, 'info'), ...childrenOf(root, 'info')]),
    nodes,
    distances: readDistances(root, machine, objects, ids, remarks),
    ...readMemoryAttributes(root, objects, nodes, remarks),
    clockGHz: clockOf(root, objects, remarks),
  };
  return { ...topology, remarks: limitedRemarks(remarks) };
}

/** The root; or the only machine in a System, which is how hwloc 1 joins hosts and then has no CPUs of its own. */
function machineOf(root: XmlElement): XmlElement {
  const objects = childrenOf(root, 'object');
  if (objects.length !== 1) xmlFail(root, `${objects.length} <object> in <topology>, want one`);
  const [top] = objects as [XmlElement];
  if (top.attributes.get('type') !== 'System' || top.attributes.has('cpuset')) return top;
  const machines = childrenOf(top, 'object').filter((object) => object.attributes.get('type') === 'Machine');
  if (machines.length !== 1) xmlFail(top, `${machines.length} machines in a System, want one: what lstopo writes of one host`);
  return machines[0]!;
}

function versionOf(root: XmlElement): number {
  const version = root.attributes.get('version');
  if (version === undefined) return 1;
  const major = /^([123])\.\d{1,3}$/.exec(version)?.[1];
  return Number(major ?? xmlFail(root, `<topology> version = ${shown(version)}, want 1.x, 2.x or 3.x`));
}

function nameOf(infos: readonly XmlElement[]): string | null {
  for (const name of NAMES) {
    const value = infos
      .find((info) => info.attributes.get('name') === name)
      ?.attributes.get('value')
      ?.trim();
    if (value) return value.slice(0, MOST_NAME);
  }
  return null;
}

/** Of the kind with the most usable CPUs. */
function clockOf(root: XmlElement, { cpus }: HwlocObjects, remarks: string[]): number | null {
  const ids = cpus.map(({ id }) => id);
  const kinds = childrenOf(root, 'cpukind');
  if (kinds.length > MOST_KINDS) xmlFail(kinds[MOST_KINDS]!, `<cpukind>, want at most ${MOST_KINDS}`);
  const clocks = kinds.flatMap((kind) => {
    const set = readHwlocSet(attribute(kind, 'cpuset'), (said) => xmlFail(kind, `<cpukind> cpuset = ${said}`));
    const count = within(set, ids).length;
    const clock = kindClock(kind);
    return clock && count > 0 ? [{ ...clock, count }] : [];
  });
  if (clocks.length === 0) return null;
  const widest = clocks.reduce((best, clock) => (clock.count > best.count ? clock : best));
  const others = clocks.filter(({ clockGHz }) => clockGHz !== widest.clockGHz);
  if (others.length > 0) remarks.push(`CPUs of other kinds run at ${others.map(({ clockGHz }) => clockGHz).join(', ')} GHz`);
  if (widest.name !== CLOCKS[0]) remarks.push(`the clock is the highest one (${widest.name}): no base clock is said`);
  return widest.clockGHz;
}

function kindClock(kind: XmlElement): { name: string; clockGHz: number } | null {
  for (const name of CLOCKS) {
    const info = childrenOf(kind, 'info').find((child) => child.attributes.get('name') === name);
    if (!info) continue;
    const value = attribute(info, 'value');
    const megahertz = /^\d{1,6}(\.\d{1,6})?$/.test(value) ? Number(value) : 0;
    if (megahertz <= 0) xmlFail(info, `${name} = ${shown(value)}, want a clock in MHz`);
    return { name, clockGHz: megahertz / 1000 };
  }
  return null;
}
