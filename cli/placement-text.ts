import { type Tool, TOOLS } from '../experiments/placement/memory-rule.ts';
import type { ExportedGuest, PlacementExport } from '../experiments/placement/placement-export.ts';
import type { PlacedVcpu } from '../experiments/placement/placed-guests.ts';
import { type HostNode, wholeNodes } from '../formats/numactl/writer.ts';
import { writeIdList } from '../formats/id-sets.ts';
import { counted, formatBytes, formatNs, formatShare, plainText } from '../report/format.ts';
import { table } from '../report/table.ts';

const HEADINGS: Readonly<Record<Tool, string>> = {
  numactl: 'numactl commands',
  qemu: 'QEMU options',
  libvirt: 'libvirt domain XML, to be put into a domain that is there: its hugepages, memAccess, emulatorpin and iothreadpin are not said',
  xl: 'xl.cfg lines',
};

/** What was chosen, guest by guest, then the commands of each tool under its heading. */
export function placementText(told: PlacementExport): string {
  const { machine, policy, seed, status, message, simulatedNs, host, at, guests } = told;
  const head = [
    `${counted(guests.length, 'guest')} under ${policy} on ${machine}, seed ${seed}`,
    `${status}${message === null ? '' : `: ${plainText(message)}`}, ${formatNs(simulatedNs)} simulated`,
    `ids of nodes and CPUs are ${host.areSaid ? "the operating system's" : 'numbers of the machine file, which says no others'}`,
    `the commands hold vCPUs as ${at === 'start' ? 'the policy did when the guest came' : 'they were held when the run ended'}`,
  ];
  const tools = TOOLS.map((tool) => `== ${HEADINGS[tool]} ==\n\n${guests.map(({ commands }) => commands[tool]).join('\n')}`);
  return `${head.join('\n')}\n\n${guests.map((guest) => guestText(guest, host.nodes)).join('\n')}\n${tools.join('\n')}`;
}

/** One tool's own text and nothing else, so that it can be put into a file. Several domains stand in one element, as XML has one root. */
export function toolText({ guests }: PlacementExport, tool: Tool): string {
  const texts = guests.map(({ commands }) => commands[tool]);
  if (tool !== 'libvirt' || texts.length === 1) return texts.join('\n');
  return `<domains>\n${texts.join('')}</domains>\n`;
}

function guestText(
  { name, description, isBare, placedNs, vcpus, rule, bytesAtEnd, notes }: ExportedGuest,
  host: readonly HostNode[],
): string {
  const kind = isBare ? 'bare' : description.kind;
  const came = placedNs === null ? 'never came' : placedNs === 0 ? 'there from the first' : `came after ${formatNs(placedNs)}`;
  const rows = vcpus.map((vcpu, i) => row(i, vcpu, host));
  const atEnd = bytesAtEnd.map(({ node, bytes }) => `${formatBytes(bytes)} on node ${node}`).join(', ');
  const lines = [
    `guest ${plainText(name)}: ${kind}, ${counted(description.vcpus, 'vCPU')}, ${formatBytes(description.memoryBytes)}, ${came}`,
    table(['vCPU', 'held to', 'rather on', 'held to at the end', 'rather on at the end', 'ran on'], rows),
    `memory: ${plainText(rule.text)}; at the end ${atEnd === '' ? 'none backed' : atEnd}`,
    ...notes.map(({ text }) => `note: ${plainText(text)}`),
  ];
  return `${lines.join('\n')}\n`;
}

function row(vcpu: number, { held, rather, heldAtEnd, ratherAtEnd, ran }: PlacedVcpu, host: readonly HostNode[]): (string | number)[] {
  const same = (a: readonly number[] | null, b: readonly number[] | null): boolean => String(a) === String(b);
  return [
    vcpu,
    cpusText(held, host, 'any CPU'),
    cpusText(rather, host, '-'),
    same(held, heldAtEnd) ? 'the same' : cpusText(heldAtEnd, host, 'any CPU'),
    same(rather, ratherAtEnd) ? 'the same' : cpusText(ratherAtEnd, host, '-'),
    ranText(ran, host),
  ];
}

/** Whole nodes by name; CPUs for what is less. */
function cpusText(cpus: readonly number[] | null, host: readonly HostNode[], none: string): string {
  if (cpus === null) return none;
  const nodes = wholeNodes(cpus, host);
  if (nodes === null) return `CPU ${writeIdList(cpus)}`;
  return `node ${writeIdList(nodes)} (CPU ${writeIdList(cpus)})`;
}

/** Shares of its CPU time by node, most first. */
function ranText(ran: PlacedVcpu['ran'], host: readonly HostNode[]): string {
  const total = ran.reduce((sum, { ns }) => sum + ns, 0);
  if (total === 0) return 'never';
  const shares = host.map(({ id, cpus }) => ({ id, ns: ran.reduce((sum, { cpu, ns }) => sum + (cpus.includes(cpu) ? ns : 0), 0) }));
  const some = shares.filter(({ ns }) => ns > 0).sort((a, b) => b.ns - a.ns || a.id - b.id);
  return some.map(({ id, ns }) => `node ${id} ${formatShare(ns / total)}`).join(', ');
}
