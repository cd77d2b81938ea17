import { writeLibvirtFragments } from '../../formats/libvirt/writer.ts';
import { writeNumactl } from '../../formats/numactl/writer.ts';
import { writeXlLines } from '../../formats/xl/writer.ts';
import { escapeXml } from '../../formats/xml.ts';
import type { Recording } from '../../sim/recording.ts';
import type { Scenario } from '../../sim/scenario.ts';
import { formatNamed } from '../named-options.ts';
import { type HostIds, hostIdsOf } from './host-ids.ts';
import { qemuText } from './qemu-text.ts';
import type { Note, Tool } from './memory-rule.ts';
import { type Moment, type PlacedGuest, placedGuests } from './placed-guests.ts';

/** Where a policy put the guests of a run, and how each tool is told to do the same. */
export interface PlacementExport {
  readonly machine: string;
  readonly policy: string;
  readonly seed: string;
  readonly status: Recording['status'];
  readonly message: string | null;
  readonly simulatedNs: number;
  readonly at: Moment;
  readonly host: HostIds;
  readonly guests: readonly ExportedGuest[];
}

export interface ExportedGuest extends PlacedGuest {
  /** Each ends in a new line. */
  readonly commands: Readonly<Record<Tool, string>>;
}

/** @param recording of the scenario with `tellsPlaces` */
export function placementExport(scenario: Scenario, recording: Recording, at: Moment): PlacementExport {
  const host = hostIdsOf(scenario.machine);
  return {
    machine: scenario.machine.spec.name,
    policy: formatNamed(scenario.policy, scenario.policyOptions),
    seed: scenario.seed,
    status: recording.status,
    message: recording.message,
    simulatedNs: recording.simulatedNs,
    at,
    host,
    guests: placedGuests(scenario, recording, at).map((guest) => ({ ...guest, commands: commandsOf(guest, host) })),
  };
}

function commandsOf(guest: PlacedGuest, host: HostIds): Record<Tool, string> {
  const { description, rule, isBare } = guest;
  const bare = isBare ? 'bare processes are no guest: numactl holds them' : null;
  const xen = description.kind === 'kvm' ? null : 'a guest of Xen: xl holds it';
  return {
    numactl: hashed('numactl', guest, xen, () => writeNumactl(description, host.nodes, rule.numactl)),
    qemu: hashed('qemu', guest, bare ?? xen, () => qemuText(description)),
    libvirt: bare === null ? domainText(guest) : comment(`guest ${guest.name}: ${bare}`),
    xl: hashed('xl', guest, bare, () => (xen === null ? '# a guest of KVM, here as one of Xen\n' : '') + writeXlLines(asXen(description))),
  };
}

function asXen(description: PlacedGuest['description']): PlacedGuest['description'] {
  return description.kind === 'kvm' ? { ...description, kind: 'xen-hvm' } : description;
}

/** What is said of a guest stands before it in comments, with what its tool cannot be told. @param whyNot it has no commands */
function hashed(tool: Tool, { name, notes }: PlacedGuest, whyNot: string | null, write: () => string): string {
  const said = [`guest ${name}${whyNot === null ? '' : `: ${whyNot}`}`, ...(whyNot === null ? notesFor(tool, notes) : [])];
  return `${said.map((line) => `# ${oneLine(line)}\n`).join('')}${whyNot === null ? write() : ''}`;
}

/** A domain with no more in it than was placed: its parts go into one that is there, and readers take it as it is. */
function domainText({ description, notes }: PlacedGuest): string {
  const { kind, name } = description;
  const os = kind === 'kvm' ? '' : `<os><type>${kind === 'xen-pv' ? 'xen' : 'hvm'}</type></os>\n`;
  const inner = `<name>${escapeXml(name ?? '')}</name>\n${os}${notesFor('libvirt', notes).map(comment).join('')}${writeLibvirtFragments(description)}`;
  return `<domain type='${kind === 'kvm' ? 'kvm' : 'xen'}'>\n${inner.replaceAll(/^(?=.)/gm, '  ')}</domain>\n`;
}

function notesFor(tool: Tool, notes: readonly Note[]): string[] {
  return notes.filter(({ saidBy }) => !saidBy.includes(tool)).map(({ text }) => text);
}

function comment(text: string): string {
  return `<!-- ${oneLine(text).replaceAll('--', '- -')} -->\n`;
}

function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' ');
}
