import type { Backing } from './backing.ts';
import { shown } from '../format-error.ts';
import type { GuestCell, GuestDescription, MemoryBinding } from '../guest-description.ts';
import { topologyAtStart } from '../guest-topology.ts';
import { type IdKind, readIdList, VCPUS } from '../id-sets.ts';
import { placed, type Remarks } from './remarks.ts';
import { failAt, guestBytes, onlyChild, wholeNumber } from './values.ts';
import { attribute, childrenOf, type XmlElement, xmlFail } from '../xml.ts';

/** Of the vCPUs there can be, those that are there at the start, and their new numbers. */
export interface VirtualCpus {
  readonly element: XmlElement | undefined;
  readonly most: number;
  readonly present: readonly number[];
  readonly indexOf: ReadonlyMap<number, number>;
}

/** [cell] what <memnode> says of it, and where. */
export type CellMemory = ReadonlyMap<number, { readonly binding: MemoryBinding; readonly element: XmlElement }>;

export type CpuModel = Pick<GuestDescription, 'cells' | 'distances' | 'topology'>;

const MOST_CELLS = 254;
const MOST_LEVEL = 4096;
const LOCAL = 10;
const REMOTE = 20;
const FARTHEST = 255;

/**
 * <cpu>: sockets and cores, and the cells of <numa>, which the guest sees as nodes. On Xen each cell has its memory on the host's node of
 * its own number, which no word of the file says (libvirt, src/libxl/libxl_conf.c, libxlMakeVnumaList).
 */
export function cpuModelOf(
  domain: XmlElement,
  kind: GuestDescription['kind'],
  cpus: VirtualCpus,
  memory: CellMemory,
  backing: Backing,
  remarks: Remarks,
): CpuModel {
  const cpu = onlyChild(domain, 'cpu');
  const numa = cpu && onlyChild(cpu, 'numa');
  const elements = numa ? cellElements(numa) : [];
  for (const [cell, { element }] of memory) {
    if (cell >= elements.length) failAt([element, 'cellid'], `${cell}`, `one of the ${elements.length} cells of cpu.numa`);
  }
  const vcpus = cellVcpus(elements, cpus);
  const cells = elements.map((element, i): GuestCell => ({
    vcpus: vcpus[i]!.flatMap((vcpu) => cpus.indexOf.get(vcpu) ?? []),
    memoryBytes: attribute(element, 'memory').trim() === '0' ? 0 : guestBytes(element, kind, 'memory'),
    memory: kind === 'kvm' ? (memory.get(i)?.binding ?? null) : { mode: 'strict', nodes: [i] },
    isPreallocated: backing.isOfCell(i),
  }));
  for (const child of numa?.children ?? []) if (child.name !== 'cell') remarks.unsimulated.push(placed(child, `cpu.numa.${child.name}`));
  for (const child of cpu?.children ?? []) if (!READ.includes(child.name)) remarks.ignored.push(placed(child, `cpu.${child.name}`));
  return { cells, distances: distancesOf(elements, remarks), topology: topologyOf(cpu, kind, cpus, remarks) };
}

const READ = ['numa', 'topology'];

/** By rising id, which they must have from 0 on; without one, as they stand. */
function cellElements(numa: XmlElement): XmlElement[] {
  const elements = childrenOf(numa, 'cell');
  if (elements.length > MOST_CELLS) xmlFail(numa, `${elements.length} cells, want at most ${MOST_CELLS}`);
  const byId = new Map<number, XmlElement>();
  elements.forEach((element, i) => {
    const id = element.attributes.has('id') ? wholeNumber([element, 'id'], 0, elements.length - 1) : i;
    if (byId.has(id)) failAt([element, 'id'], `${id}`, 'each cell once');
    byId.set(id, element);
  });
  return elements.map((_, id) => byId.get(id)!);
}

/** vCPUs that no cell lists go to the first. */
function cellVcpus(elements: readonly XmlElement[], { most }: VirtualCpus): number[][] {
  const kind: IdKind = { ...VCPUS, last: most - 1 };
  const cellOf = new Int32Array(most);
  const isListed = new Uint8Array(most);
  elements.forEach((element, cell) => {
    const text = element.attributes.get('cpus');
    if (text === undefined) return;
    for (const vcpu of readIdList(text, kind, (said) => xmlFail(element, `cell.cpus = ${said}`))) {
      if (isListed[vcpu] === 1)
        xmlFail(element, `cell.cpus = ${shown(text)}, want each vCPU in one cell: ${vcpu} is in cell ${cellOf[vcpu]}`);
      isListed[vcpu] = 1;
      cellOf[vcpu] = cell;
    }
  });
  const vcpus = elements.map((): number[] => []);
  if (elements.length > 0) cellOf.forEach((cell, vcpu) => vcpus[cell]!.push(vcpu));
  return vcpus;
}

/** A distance said one way only holds the other way too, and one not said is 10 or 20, as in libvirt. */
function distancesOf(elements: readonly XmlElement[], remarks: Remarks): number[][] | null {
  const said = new Map<number, number>(); // [from * cells + to]
  const { length } = elements;
  elements.forEach((element, from) => {
    for (const child of element.children) if (child.name !== 'distances') remarks.unsimulated.push(placed(child, `cell.${child.name}`));
    const distances = onlyChild(element, 'distances');
    for (const sibling of distances ? childrenOf(distances, 'sibling') : []) {
      const to = wholeNumber([sibling, 'id'], 0, length - 1);
      const value = wholeNumber([sibling, 'value'], LOCAL, FARTHEST);
      if (to === from && value !== LOCAL) failAt([sibling, 'value'], `${value}`, `${LOCAL} for the cell itself`);
      if (said.has(from * length + to)) failAt([sibling, 'id'], `${to}`, 'each sibling once');
      said.set(from * length + to, value);
    }
  });
  if (said.size === 0) return null;
  const distance = (from: number, to: number): number =>
    said.get(from * length + to) ?? said.get(to * length + from) ?? (from === to ? LOCAL : REMOTE);
  return elements.map((_, from) => elements.map((_unused, to) => distance(from, to)));
}

/** Without <topology> QEMU is told that each vCPU is a socket (src/qemu/qemu_command.c, qemuBuildSmpCommandLine). */
function topologyOf(
  cpu: XmlElement | undefined,
  kind: GuestDescription['kind'],
  { most, present }: VirtualCpus,
  { unsimulated, ignored }: Remarks,
): GuestDescription['topology'] {
  const element = cpu && onlyChild(cpu, 'topology');
  if (!element) return kind === 'kvm' && present.length > 1 ? { sockets: present.length, dies: 1, cores: 1, threads: 1 } : null;
  const level = (name: string): number => (element.attributes.has(name) ? wholeNumber([element, name], 1, MOST_LEVEL) : 1);
  for (const name of ['sockets', 'cores', 'threads']) attribute(element, name);
  const clusters = level('clusters');
  const topology = { sockets: level('sockets'), dies: level('dies'), cores: clusters * level('cores'), threads: level('threads') };
  const product = topology.sockets * topology.dies * topology.cores * topology.threads;
  if (product !== most) xmlFail(element, `topology of ${product} vCPUs, want the ${most} of <vcpu>`);
  if (clusters > 1)
    ignored.push(placed(element, `cpu.topology.clusters = ${clusters}: their cores are counted, clusters are not told apart`));
  const atStart = topologyAtStart(topology, present);
  if (atStart === null) unsimulated.push(placed(element, 'cpu.topology: of sockets and cores that are there in part at the start'));
  return atStart;
}
