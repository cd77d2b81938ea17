import { type GuestDescription, MOST_GUESTS } from '../guest-description.ts';
import { backingOf } from './backing.ts';
import { withoutEmptyNodes } from '../empty-nodes.ts';
import { cpuModelOf, type VirtualCpus } from './cells.ts';
import { withDimms } from './dimms.ts';
import { otherElements } from './others.ts';
import type { Remarks } from './remarks.ts';
import { tuningOf } from './tuning.ts';
import { guestBytes, onlyChild, wholeNumber, wordOf } from './values.ts';
import { childrenOf, readXml, type XmlElement, xmlFail } from '../xml.ts';

const MOST_VCPUS = 4096;

/** Characters looked at to guess a format. */
const GLANCE = 65_536;

export function looksLikeLibvirt(text: string): boolean {
  const start = text.slice(0, GLANCE);
  return /^\s*</.test(start) && /<domains?[\s>]/.test(start);
}

/**
 * Reads the XML of a libvirt domain: what `virsh dumpxml` prints. What it says of CPUs and memory comes through, devices do not.
 * vCPUs that are not plugged in at the start are left out, and those that are numbered anew. libvirt pins threads once the emulator
 * runs, so that memory touched before lies elsewhere on a real host; here a guest is placed before it touches anything.
 * After: libvirt, docs/formatdomain.rst, and src/conf/domain_conf.c and numa_conf.c for what they refuse and fill in.
 * @throws FormatError with line and column for what libvirt refuses, or cannot be told apart
 */
export function readLibvirt(text: string): GuestDescription {
  return readDomain(readXml(text));
}

/**
 * As readLibvirt, of one domain, or of several in a <domains>, as `placement export` writes them.
 * @throws FormatError as readLibvirt; for a <domains> without one, with more than 4096, or with anything else in it
 */
export function readLibvirtDomains(text: string): GuestDescription[] {
  const root = readXml(text);
  if (root.name !== 'domains') return [readDomain(root)];
  const { children } = root;
  if (children.length === 0) xmlFail(root, '<domains> without a <domain>, want one or more');
  if (children.length > MOST_GUESTS) xmlFail(children[MOST_GUESTS]!, `more than ${MOST_GUESTS} domains, want fewer`);
  return children.map(readDomain);
}

function readDomain(domain: XmlElement): GuestDescription {
  if (domain.name !== 'domain') xmlFail(domain, `<${domain.name}>, want <domain>`);
  const remarks: Remarks = { unsimulated: [], ignored: [] };
  const name = onlyChild(domain, 'name')?.text.trim() ?? '';
  const kind = kindOf(domain, remarks);
  const cpus = virtualCpus(domain, remarks);
  const tuning = tuningOf(domain, cpus, remarks);
  const backing = backingOf(domain, kind === 'kvm', remarks);
  const built = cpuModelOf(domain, kind, cpus, tuning.cellMemory, backing, remarks);
  const { cells, distances } = withoutEmptyNodes({ ...built, cells: withDimms(domain, kind, built.cells, remarks) }, remarks.ignored);
  const model = { ...built, cells, distances };
  const bytes = memoryOf(domain, kind, model.cells, remarks);
  otherElements(domain, bytes, remarks);
  return {
    name: name === '' ? null : name,
    kind,
    vcpus: cpus.present.length,
    memoryBytes: bytes,
    pins: tuning.pins,
    softPins: cpus.present.map(() => null),
    ...model,
    memory: tuning.memory,
    isPreallocated: backing.isOfAll && model.cells.length === 0,
    weight: tuning.weight,
    capPercent: tuning.capPercent,
    ...remarks,
  };
}

function kindOf(domain: XmlElement, { unsimulated, ignored }: Remarks): GuestDescription['kind'] {
  const type = wordOf(domain, 'type', ['kvm', 'qemu', 'xen']) ?? xmlFail(domain, 'domain without type, want kvm, qemu or xen');
  if (type === 'qemu') unsimulated.push('domain.type = qemu: its CPUs are emulated, and would be much slower');
  if (type !== 'xen') return 'kvm';
  const os = onlyChild(domain, 'os');
  const osType = (os && onlyChild(os, 'type')?.text.trim()) ?? '';
  if (osType === 'xen' || osType === 'linux') return 'xen-pv';
  if (osType !== 'hvm' && osType !== 'xenpvh') xmlFail(os ?? domain, `os.type = "${osType}", want hvm, xen, linux or xenpvh`);
  if (osType === 'xenpvh') ignored.push('os.type = xenpvh: taken as hvm, which differs in its devices');
  return 'xen-hvm';
}

/** How many vCPUs there can be, and which of them are there at the start. */
function virtualCpus(domain: XmlElement, { ignored }: Remarks): VirtualCpus {
  const element = onlyChild(domain, 'vcpu');
  const most = element ? wholeNumber([element], 1, MOST_VCPUS) : 1;
  const current = element?.attributes.has('current') ? wholeNumber([element, 'current'], 1, most) : most;
  const enabled = Array.from({ length: most }, (_, vcpu) => vcpu < current);
  const list = onlyChild(domain, 'vcpus');
  for (const vcpu of list ? childrenOf(list, 'vcpu') : []) {
    enabled[wholeNumber([vcpu, 'id'], 0, most - 1)] = wordOf(vcpu, 'enabled', ['yes', 'no']) !== 'no';
  }
  const present = [...enabled.keys()].filter((vcpu) => enabled[vcpu]);
  if (present.length === 0) xmlFail(list!, '<vcpus> with none enabled, want one');
  if (present.length < most) ignored.push(`vcpu: ${most - present.length} of ${most} vCPUs are not there at the start, and left out`);
  const indexOf = new Map(present.map((vcpu, i) => [vcpu, i]));
  return { element, most, present, indexOf };
}

/** Cells say all memory there is; without them <memory>, or as much of it as the balloon leaves. */
function memoryOf(
  domain: XmlElement,
  kind: GuestDescription['kind'],
  cells: GuestDescription['cells'],
  { unsimulated, ignored }: Remarks,
): number {
  const element = onlyChild(domain, 'memory');
  const current = onlyChild(domain, 'currentMemory');
  const said = element ? guestBytes(element, kind) : null;
  const inCells = cells.reduce((sum, cell) => sum + cell.memoryBytes, 0);
  const most = cells.length > 0 ? inCells : (said ?? xmlFail(domain, '<domain> without memory, want <memory>'));
  if (said !== null && said !== most) ignored.push(`memory = ${said / 1024} KiB: the cells have ${most / 1024} KiB, which libvirt takes`);
  const left = current ? Math.min(guestBytes(current, kind), most) : most;
  if (left === most) return most;
  if (cells.length > 0) {
    unsimulated.push(`currentMemory = ${left / 1024} KiB: the balloon takes the rest of ${most / 1024} KiB from cells nobody can tell`);
    return most;
  }
  ignored.push(`currentMemory = ${left / 1024} KiB: taken as its memory; the balloon may give it up to ${most / 1024} KiB later`);
  return left;
}
