import { shown } from '../format-error.ts';
import type { HwlocObjects } from './objects.ts';
import { attribute, childrenOf, xmlFail, type XmlElement } from '../xml.ts';

type Distances = number[][];

interface Matrix {
  /** Node ids, in the order of the rows. */
  readonly ids: readonly number[];
  readonly values: Distances;
  readonly name: string;
  /** Of its objects below the root; null if not said. */
  readonly depth: number | null;
}

/** Bits of `kind`, hwloc/distances.h. */
const FROM_OS = 1;
const MEANS_LATENCY = 4;
const MOST_OBJECTS = 1024;
/** What the firmware says about a node itself, and about one that cannot be reached. */
const LOCAL = 10;
const UNREACHABLE = 255;

/**
 * The firmware's SLIT: of several matrices between NUMA nodes, the latencies from the operating system, first the one named NUMALatency.
 * In format 1, where packages may be as many as nodes, first those at the depth of nodes (which hwloc 2 writes one too large).
 * All others are remarked on. hwloc passes over a matrix of one object, and so does this.
 * @param ids of the topology, by rising id
 */
export function readDistances(
  root: XmlElement,
  machine: XmlElement,
  { nodeIdsInFile, nodeByGp, nodeDepths }: HwlocObjects,
  ids: readonly number[],
  remarks: string[],
): Distances | null {
  const matrices: Matrix[] = [];
  for (const element of childrenOf(root, 'distances2')) {
    const matrix = readDistances2(element, nodeByGp, remarks);
    if (matrix) matrices.push(matrix);
  }
  for (const element of childrenOf(root, 'distances2hetero')) {
    remarks.push(`distances between objects of different types (${labelOf(element)}): passed over`);
  }
  for (const element of childrenOf(machine, 'distances')) {
    const matrix = readDistances1(element, nodeIdsInFile, remarks);
    if (matrix) matrices.push(matrix);
  }
  const first = matrices.find(({ name, depth }) => name === 'NUMALatency' || nodeDepths.has(depth ?? NaN)) ?? matrices[0];
  for (const other of matrices) if (other !== first) remarks.push(`a further matrix of distances (${other.name}): passed over`);
  return first ? slitOf(first, ids, remarks) : null;
}

function readDistances2(element: XmlElement, nodeByGp: ReadonlyMap<string, number>, remarks: string[]): Matrix | null {
  const type = attribute(element, 'type');
  const label = labelOf(element);
  const kind = whole(element, 'kind', attribute(element, 'kind'));
  const count = whole(element, 'nbobjs', attribute(element, 'nbobjs'));
  if (count < 1 || count > MOST_OBJECTS) xmlFail(element, `<distances2> nbobjs = ${count}, want 1 to ${MOST_OBJECTS}`);
  const indexes = chunks(element, 'indexes', count);
  const values = chunks(element, 'u64values', count * count);
  if (type !== 'NUMANode') {
    remarks.push(`distances between objects of type ${type.slice(0, 40)} (${label}): passed over`);
    return null;
  }
  if (!(kind & FROM_OS) || !(kind & MEANS_LATENCY)) {
    remarks.push(`distances between nodes that are no latencies from the operating system (${label}, kind ${kind}): passed over`);
    return null;
  }
  const ids = nodeIds(element, indexes, nodeByGp);
  if (new Set(ids).size < count) xmlFail(element, '<distances2> indexes, want each node once');
  return count < 2 ? null : { ids, values: ids.map((_, i) => values.slice(i * count, (i + 1) * count)), name: label, depth: null };
}

function nodeIds(element: XmlElement, indexes: readonly number[], nodeByGp: ReadonlyMap<string, number>): number[] {
  const indexing = attribute(element, 'indexing');
  if (indexing === 'os') return [...indexes];
  if (indexing !== 'gp') xmlFail(element, `<distances2> indexing = ${shown(indexing)}, want os or gp`);
  return indexes.map((gp) => nodeByGp.get(`${gp}`) ?? xmlFail(element, `<distances2> indexes has ${gp}, want the gp_index of a node`));
}

/** The chunks of one name, one after another. */
function chunks(element: XmlElement, name: string, count: number): number[] {
  const numbers: number[] = [];
  for (const chunk of childrenOf(element, name)) {
    for (const word of chunk.text.split(/\s+/)) if (word !== '') numbers.push(whole(chunk, name, word));
    if (numbers.length > count) xmlFail(chunk, `more than ${count} ${name}, want nbobjs${name === 'indexes' ? '' : ' x nbobjs'} of them`);
  }
  if (numbers.length < count) xmlFail(element, `${numbers.length} ${name}, want ${count}`);
  return numbers;
}

/** Format 1: values relative to a base; tenths of the SLIT times 10 are whole again. @param inFile node ids in the order of the file */
function readDistances1(element: XmlElement, inFile: readonly number[], remarks: string[]): Matrix | null {
  const count = whole(element, 'nbobjs', attribute(element, 'nbobjs'));
  const base = decimal(element, 'latency_base', attribute(element, 'latency_base'));
  const values = childrenOf(element, 'latency').map((latency) => base * decimal(latency, 'value', attribute(latency, 'value')));
  if (count < 1 || count > MOST_OBJECTS) xmlFail(element, `<distances> nbobjs = ${count}, want 1 to ${MOST_OBJECTS}`);
  if (values.length !== count * count) xmlFail(element, `${values.length} <latency>, want nbobjs x nbobjs = ${count * count}`);
  if (count !== inFile.length) {
    remarks.push(`distances between ${count} objects that are not the ${inFile.length} nodes: passed over`);
    return null;
  }
  const rows = inFile.map((_, i) => values.slice(i * count, (i + 1) * count));
  const said = element.attributes.get('relative_depth');
  const depth = said === undefined ? null : whole(element, 'relative_depth', said);
  return count < 2 ? null : { ids: inFile, values: rows, name: 'of format 1', depth };
}

function slitOf({ ids: rowIds, values, name }: Matrix, ids: readonly number[], remarks: string[]): Distances | null {
  const row = new Map(rowIds.map((id, i) => [id, i]));
  const missing = ids.filter((id) => !row.has(id));
  if (missing.length > 0) {
    remarks.push(`distances (${name}) do not say anything about nodes ${missing.slice(0, 8).join(', ')}: passed over`);
    return null;
  }
  const slit = ids.map((from) => ids.map((to) => values[row.get(from)!]![row.get(to)!]!));
  for (const [i, distances] of slit.entries()) {
    for (const [j, value] of distances.entries()) {
      if (Number.isInteger(value) && (i === j ? value === LOCAL : value >= LOCAL && value <= UNREACHABLE)) continue;
      remarks.push(`distances (${name}) are no SLIT, they have ${value} from node ${ids[i]!} to ${ids[j]!}: passed over`);
      return null;
    }
  }
  return slit;
}

function labelOf(element: XmlElement): string {
  return (element.attributes.get('name') ?? 'no name').slice(0, 40);
}

function whole(element: XmlElement, name: string, value: string): number {
  const number = /^\d{1,20}$/.test(value) ? Number(value) : NaN;
  return Number.isFinite(number) ? number : xmlFail(element, `<${element.name}> ${name} = ${shown(value)}, want a whole number`);
}

function decimal(element: XmlElement, name: string, value: string): number {
  const number = /^\d{1,12}(\.\d{0,12})?$/.test(value) ? Number(value) : NaN;
  return Number.isFinite(number) ? number : xmlFail(element, `<${element.name}> ${name} = ${shown(value)}, want a number`);
}
