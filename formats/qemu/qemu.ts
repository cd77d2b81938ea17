import { readPrefix, baseName, type Prefix } from './command-prefix.ts';
import { MOST_CHARACTERS, shown, SourceText } from '../format-error.ts';
import { startsGuest } from '../guest-comment.ts';
import { type GuestDescription, MOST_GUESTS } from '../guest-description.ts';
import { withDimms } from './dimms.ts';
import { withoutEmptyNodes } from '../empty-nodes.ts';
import { topologyAtStart } from '../guest-topology.ts';
import { type QemuHost, readHost, readOptions } from './command.ts';
import { commandOfLog } from './libvirt-log.ts';
import { type Aside, backendNamed, DEFAULT_MEMORY_BYTES, lineOf, type MemoryBackend, readBackend, readMemory } from './memory.ts';
import { machineEra, unknownVersion } from './machine.ts';
import { hasLegacyNodes, readNuma } from './numa.ts';
import { type QemuOption, Settings } from './options.ts';
import { ONE_VCPU, readSmp, type Smp } from './smp.ts';
import { MOST_COMMAND_CHARACTERS, readCommands, type ShellWord } from './shell-words.ts';

const PROGRAM = /^(qemu-system-[a-z0-9_]+|qemu-kvm|kvm)$/;

export function looksLikeQemu(text: string): boolean {
  return (
    /(^|[\s/]|\w=["']?)(qemu-system-[a-z0-9_]+|qemu-kvm|kvm)["']?[\s\0]/m.test(text) || /^\s*-(smp|m|numa|object|machine|name)\s/.test(text)
  );
}

/**
 * A QEMU command line, or its options alone, as one guest. Lines may be continued; nothing is expanded or run. taskset and numactl before
 * it become pins of all vCPUs and the binding of what no memory backend binds. Of a log of libvirt the last start is read.
 * After: qemu-options.hx and hw/core/numa.c of QEMU 9; formats of sizes and lists as there.
 * @throws FormatError with line, column, option, key and what was wanted
 */
export function readQemu(text: string): GuestDescription {
  const { source, commands, ignored } = guestCommands(text);
  if (commands[1]) refuseSecond(source, commands[1]);
  return readCommand(source, commands[0]!, ignored);
}

/**
 * As readQemu, of one guest or several: a command each. Options alone, without a program, are those of another guest only behind a comment
 * `# guest NAME`, as `placement export` writes it: else a backslash is likely missing before them.
 * @throws FormatError as readQemu; and for more than 4096 guests
 */
export function readQemuCommands(text: string): GuestDescription[] {
  const { source, commands, ignored } = guestCommands(text);
  commands.forEach((command, i) => {
    const before = commands[i - 1]?.at(-1)!.offsets.at(-1);
    const at = command[0]!.offsets[0]!;
    if (i === MOST_GUESTS) source.fail(at, `more than ${MOST_GUESTS} guests, want fewer`);
    const isOther = before === undefined || startsProgram(command);
    if (!isOther && !startsGuest(text.slice(before, at))) refuseSecond(source, command);
  });
  return commands.map((command, i) => readCommand(source, command, i === 0 ? ignored : []));
}

function refuseSecond(source: SourceText, second: readonly ShellWord[]): never {
  const { text, offsets } = second[0]!;
  return source.fail(offsets[0]!, `${shown(text)}: a second command, want one QEMU command line (a line goes on after a backslash)`);
}

function readCommand(source: SourceText, command: readonly ShellWord[], passedOver: readonly string[]): GuestDescription {
  const aside: Aside = { unsimulated: [], ignored: [...passedOver] };
  const { prefix, words, isKvmByName } = commandOf(source, command);
  aside.unsimulated.push(...(prefix?.unsimulated ?? []));
  aside.ignored.push(...(prefix?.ignored ?? []));
  const { options, flags } = readOptions(source, words, aside);
  const host = readHost(source, options, flags, aside);
  if (host.isKvm === false || (host.isKvm === null && !isKvmByName))
    aside.unsimulated.push('no KVM (-enable-kvm, -accel kvm): QEMU would emulate the CPUs');
  const last = (name: string): QemuOption | undefined => options.findLast((option) => option.name === name);
  const numaOptions = options.filter((option) => option.name === 'numa');
  const isLegacy = hasLegacyNodes(source, numaOptions);
  const era = machineEra(host.machine, isLegacy);
  const taken = unknownVersion(host.machine, isLegacy);
  if (taken !== null) aside.ignored.push(`-machine ${shown(host.machine)}: ${taken}`);
  const smpOption = last('smp');
  const smp = smpOption ? readSmp(new Settings(source, smpOption, 'cpus'), era.prefersSockets) : ONE_VCPU;
  if (smp.groups > 1) aside.ignored.push('-smp clusters, modules: their cores are counted, they are not told apart');
  if (smp.maxCpus > smp.cpus) aside.ignored.push(`-smp maxcpus=${smp.maxCpus}: vCPUs that may be plugged in later; libvirt plugs those in at the start that its XML has as hotpluggable and enabled`); // prettier-ignore
  const backends = backendsOf(source, options, aside);
  const given = last('m');
  const memory = memoryOf(host, given ? readMemory(source, given, aside) : null, backends);
  const numa = readNuma(source, numaOptions, smp, memory.bytes, backends, aside, era);
  if (isLegacy) aside.ignored.push('-numa node without memdev: QEMU 5.1 on wants it');
  const boot = { binding: memory.backend?.binding ?? null, isPreallocated: memory.backend?.isPreallocated ?? false };
  const { cells, bytes } = withDimms(source, host.dimms, { cells: numa.cells, bytes: memory.bytes }, boot, backends, aside);
  const nodes = withoutEmptyNodes({ cells, distances: numa.distances }, aside.ignored);
  const isPreallocated = flags.has('mem-prealloc') || host.isHeld;
  return {
    name: nameOf(source, last('name'), aside),
    kind: 'kvm',
    vcpus: smp.cpus,
    memoryBytes: bytes,
    pins: Array<null>(smp.cpus)
      .fill(null)
      .map(() => prefix?.pins ?? null),
    softPins: Array<null>(smp.cpus).fill(null),
    cells: isPreallocated ? nodes.cells.map((cell) => ({ ...cell, isPreallocated })) : nodes.cells,
    distances: nodes.distances,
    topology: topologyOf(smp, aside),
    memory: boot.binding ?? prefix?.memory ?? null,
    isPreallocated: nodes.cells.length === 0 && (isPreallocated || boot.isPreallocated),
    weight: null,
    capPercent: null,
    ...aside,
  };
}

/** Commands of a start script that change nothing of a guest. */
const SCRIPT_WORDS = new Set(['set', 'export', 'unset', 'cd', 'umask', 'wait']);
const ASSIGNMENT = /^[A-Za-z_]\w*=/;

/** /dev/kvm is what scripts look for before they start one. */
function isProgram(word: string): boolean {
  return PROGRAM.test(baseName(word)) && !word.startsWith('/dev/');
}

/** Commands that have a program's name in them and do not start it. */
const NAMES_PROGRAMS = new Set('[ [[ test command which type hash echo printf ls modprobe grep pgrep pidof pkill killall chmod chown'.split(' ')); // prettier-ignore

/** Not `modinfo kvm`: behind another word a program has options. */
function startsProgram(words: readonly ShellWord[]): boolean {
  if (NAMES_PROGRAMS.has(baseName(words[0]!.text))) return false;
  return words.some(({ text }, i) => isProgram(text) && (i === 0 || i < words.length - 1));
}

/** A command of a script that is none of QEMU's: neither options that lost theirs, nor a program that only a shell could tell. */
function isOther(words: readonly ShellWord[]): boolean {
  const { text, unknown } = words[0]!;
  return !text.startsWith('-') && !unknown && !startsProgram(words);
}

/** Commands but those of a script around them; of a log the last. */
function guestCommands(whole: string): { source: SourceText; commands: (readonly ShellWord[])[]; ignored: string[] } {
  const { text, starts } = commandOfLog(whole);
  const source = new SourceText(text, starts > 0 ? MOST_CHARACTERS : MOST_COMMAND_CHARACTERS);
  const all = readCommands(source, isOther).map((words) => (words[0]!.text === '$' && words.length > 1 ? words.slice(1) : words)); // a prompt
  const given = all.find((words) => words[0]!.text === 'set' && words.some(({ text }) => text === '--'));
  if (given) source.fail(given[0]!.offsets[0]!, 'set --, want the options where the program is: what $@ stands for is not known');
  const hasProgram = all.some(startsProgram);
  const isPassedOver = (words: readonly ShellWord[]): boolean =>
    SCRIPT_WORDS.has(words[0]!.text) || words.every(({ text }) => ASSIGNMENT.test(text)) || (hasProgram && isOther(words));
  const commands = all.filter((words) => !isPassedOver(words));
  if (commands.length === 0) source.fail(0, 'nothing, want a QEMU command line');
  const ignored = all.filter(isPassedOver).map(([first]) => {
    const { text, offsets } = first!;
    return `${lineOf(source, offsets[0]!)}: ${ASSIGNMENT.exec(text)?.[0] ?? text}`;
  });
  if (starts > 1) ignored.unshift(`the log has ${starts} starts, of which the last is taken`);
  return { source, commands, ignored };
}

/** The words after the program, which may be left out. */
function commandOf(
  source: SourceText,
  command: readonly ShellWord[],
): { prefix: Prefix | null; words: readonly ShellWord[]; isKvmByName: boolean } {
  if (command[0]!.text.startsWith('-')) return { prefix: null, words: command, isKvmByName: true };
  const prefix = readPrefix(source, command, isProgram, 'a QEMU command line');
  const program = baseName(prefix.rest[0]!.text);
  return { prefix, words: prefix.rest.slice(1), isKvmByName: !program.startsWith('qemu-system') };
}

function backendsOf(source: SourceText, options: readonly QemuOption[], aside: Aside): Map<string, MemoryBackend> {
  const backends = new Map<string, MemoryBackend>();
  for (const option of options) {
    if (option.name !== 'object') continue;
    const backend = readBackend(source, option, aside);
    if (backend && backends.has(backend.id))
      source.fail(option.at, `-object id = ${shown(backend.id)}, want an id that no other memory backend has`);
    if (backend) backends.set(backend.id, backend);
  }
  return backends;
}

function memoryOf(
  { backend: settings }: QemuHost,
  bytes: number | null,
  backends: ReadonlyMap<string, MemoryBackend>,
): { bytes: number; backend: MemoryBackend | null } {
  const backend = settings && backendNamed(backends, settings, 'memory-backend');
  if (backend && bytes !== null && backend.bytes !== bytes) {
    settings!.fail(settings!.one('memory-backend'), `its ${backend.bytes} bytes are not the ${bytes} of -m, want as much`);
  }
  return { bytes: bytes ?? backend?.bytes ?? DEFAULT_MEMORY_BYTES, backend };
}

function nameOf(source: SourceText, option: QemuOption | undefined, { ignored }: Aside): string | null {
  if (!option) return null;
  if (option.argument?.unknown) {
    ignored.push(`${lineOf(source, option.at)}: -name: ${option.argument.unknown.text} is not known, so the guest has no name of its own`);
    return null;
  }
  return new Settings(source, option, 'guest').one('guest')?.value ?? null;
}

/** null for what a guest is shown in any case: one socket. Machines up to 6.1 make a socket of each vCPU where nothing is said. */
function topologyOf({ cpus, maxCpus, sockets, dies, cores, threads, isSaid }: Smp, aside: Aside): GuestDescription['topology'] {
  if (!isSaid && sockets === 1) return null;
  const topology = topologyAtStart({ sockets, dies, cores, threads }, [...Array(cpus).keys()]);
  if (topology === null)
    aside.unsimulated.push(`-smp: a topology of ${maxCpus} vCPUs of which ${cpus} are there, sockets or cores in part`);
  return topology;
}
