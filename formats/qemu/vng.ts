import { baseName, type Prefix, readPrefix } from './command-prefix.ts';
import { withoutEmptyNodes } from '../empty-nodes.ts';
import { shown, SourceText } from '../format-error.ts';
import type { GuestDescription } from '../guest-description.ts';
import { type Aside, lineOf, type MemoryBackend, readBackend, readMemory } from './memory.ts';
import { readNuma } from './numa.ts';
import { type QemuOption, Settings } from './options.ts';
import { readSmp } from './smp.ts';
import { knownWord, MOST_COMMAND_CHARACTERS, readCommands, type ShellWord } from './shell-words.ts';

const PROGRAM = /^(vng|virtme-run|virtme-ng)$/;

/** By the name it has in full. argparse also takes a beginning of a name that no other has. */
export const VNG_READ: ReadonlyMap<string, string> = new Map([
  ['--cpus', 'cpus'],
  ['--cpu', 'cpus'],
  ['-p', 'cpus'],
  ['--memory', 'memory'],
  ['--mem', 'memory'],
  ['-m', 'memory'],
  ['--numa', 'numa'],
  ['--numa-distance', 'distance'],
  ['--name', 'name'],
]);
/** Which kernel and files the guest has, and how one talks to it. */
export const VNG_PLAIN_WITH_ARGUMENT: ReadonlySet<string> = new Set(
  '--commit -c --config -f --configitem --compiler --busybox --qemu --user --shell --root --root-release -R --rodir --rwdir --overlay-rwdir --cwd --network -n --net-mac-address --disk -D --exec -e --append -a --build-host --build-host-exec-prefix --build-host-vmlinux --arch --cross-compile --remote-cmd'.split(' '), // prettier-ignore
);
export const VNG_PLAIN_WITH_OPTIONAL: ReadonlySet<string> = new Set(
  '--run -r --dump --console --console-client --ssh --ssh-client --kimg --kdir'.split(' '),
);
export const VNG_PLAIN: ReadonlySet<string> = new Set(
  '--verbose -v --quiet -q --rw --force-9p --disable-microvm --disable-monitor --pwd --snaps --debug --gdb --skip-config --skip-modules -S --no-virtme-ng-init --force-initramfs --sound --graphics -g --dry-run --force --systemd --no-dhcp --ssh-tcp --empty-passwords --build -b --kconfig -k --script-sh'.split(' '), // prettier-ignore
);
export const VNG_UNSIMULATED_WITH_ARGUMENT: ReadonlySet<string> = new Set(['--qemu-opts', '-o', '--nvgpu']);
const WITH_VALUE = [VNG_READ, VNG_PLAIN_WITH_ARGUMENT, VNG_PLAIN_WITH_OPTIONAL, VNG_UNSIMULATED_WITH_ARGUMENT];
export const VNG_UNSIMULATED: ReadonlySet<string> = new Set(['--balloon', '--disable-kvm', '--pin']);

export function looksLikeVng(text: string): boolean {
  return /(^|[\s/])(vng|virtme-run|virtme-ng)\s/m.test(text);
}

/**
 * A command line of virtme-ng as one guest: `--cpus` is QEMU's -smp, `--memory` its -m, `--numa SIZE,cpus=A-B` a memory backend and a node,
 * `--numa-distance SRC,DST=VAL` a distance. What follows `--` runs in the guest and is passed over.
 * After: virtme-ng 1.38, vng(1); virtme/commands/run.py.
 * @throws FormatError as readQemu does; and without --cpus, as vng would then ask the host it runs on
 */
export function readVng(text: string): GuestDescription {
  const source = new SourceText(text, MOST_COMMAND_CHARACTERS);
  const aside: Aside = { unsimulated: [], ignored: [] };
  const prefix = commandOf(source);
  aside.unsimulated.push(...prefix.unsimulated);
  aside.ignored.push(...prefix.ignored);
  const { texts, nodes, distances } = readFlags(source, prefix.rest.slice(1), aside);
  const cpus =
    texts.get('cpus') ??
    source.fail(prefix.rest[0]!.offsets[0]!, 'without --cpus, want --cpus N: vng would count those of the host it runs on');
  const smp = readSmp(new Settings(source, asOption('smp', '', cpus), 'cpus'));
  const memoryWord = texts.get('memory');
  const memoryBytes = memoryWord ? readMemory(source, asOption('m', '', memoryWord), aside) : DEFAULT_MEMORY_BYTES;
  const backends = new Map<string, MemoryBackend>();
  const options: QemuOption[] = [];
  nodes.forEach((word, id) => {
    const comma = word.text.indexOf(',');
    const size = part(word, 0, comma < 0 ? word.text.length : comma);
    const rest = part(word, comma < 0 ? word.text.length : comma, word.text.length);
    if (size.text === '0') {
      options.push(asOption('numa', `node,nodeid=${id}`, rest)); // since 1.39 a node without memory
      return;
    }
    backends.set(`mem${id}`, readBackend(source, asOption('object', `memory-backend-memfd,id=mem${id},share=on,size=`, size), aside)!);
    options.push(asOption('numa', `node,nodeid=${id},memdev=mem${id}`, rest));
  });
  for (const word of distances) {
    const match = /^(\d{1,4}),(\d{1,4})=(\d{1,4})$/.exec(word.text);
    if (!match) return source.fail(word.offsets[0]!, `--numa-distance ${shown(word.text)}, want SRC,DST=VAL such as 0,1=21`);
    options.push(asOption('numa', `dist,src=${match[1]},dst=${match[2]},val=`, part(word, word.text.indexOf('=') + 1, word.text.length)));
  }
  if (smp.groups > 1) aside.ignored.push('--cpus clusters, modules: their cores are counted, they are not told apart');
  const { isSaid, maxCpus, sockets, dies, cores, threads } = smp;
  if (maxCpus !== smp.cpus) source.fail(cpus.offsets[0]!, `--cpus ${shown(cpus.text)}, want no more in maxcpus than are there`);
  return {
    name: texts.get('name')?.text ?? null,
    kind: 'kvm',
    vcpus: smp.cpus,
    memoryBytes,
    pins: Array.from({ length: smp.cpus }, () => prefix.pins),
    softPins: Array<null>(smp.cpus).fill(null),
    ...withoutEmptyNodes(readNuma(source, options, smp, memoryBytes, backends, aside), aside.ignored),
    topology: isSaid ? { sockets, dies, cores, threads } : null,
    memory: prefix.memory,
    isPreallocated: false,
    weight: null,
    capPercent: null,
    ...aside,
  };
}

const DEFAULT_MEMORY_BYTES = 1024 ** 3;

/** Of several commands the one of vng: what its output goes to, and others of a script, are passed over and told. */
function commandOf(source: SourceText): Prefix {
  const isOfVng = (words: readonly ShellWord[]): boolean => words.some(({ text }) => PROGRAM.test(baseName(text)));
  const commands = readCommands(source, (words) => !isOfVng(words) && !words[0]!.text.startsWith('-'));
  const command = commands.find(isOfVng) ?? commands[0] ?? source.fail(0, 'nothing, want a vng command line');
  const others = commands.filter((words) => words !== command);
  const second = others.find((words) => isOfVng(words) || words[0]!.text.startsWith('-'));
  if (second)
    source.fail(
      second[0]!.offsets[0]!,
      `${shown(second[0]!.text)}: a second command, want one vng command line (a line goes on after a backslash)`,
    );
  const prefix = readPrefix(source, command, (word) => PROGRAM.test(baseName(word)), 'a vng command line');
  const told = others.map(([first]) => `${lineOf(source, first!.offsets[0]!)}: ${shown(first!.text)}`);
  return { ...prefix, ignored: [...prefix.ignored, ...told] };
}

/** As argparse takes them: `-vr` is two flags, `-p4` one and its value. */
function partsOf(word: ShellWord): ShellWord[] {
  const { text, offsets } = word;
  if (!/^-[A-Za-z]./s.test(text)) return [word];
  const flags: ShellWord[] = [];
  let at = 1;
  const flag = (): ShellWord => ({ text: `-${text[at]}`, offsets: [offsets[at]!, offsets[at]!, offsets[at + 1]!] });
  for (; at < text.length - 1 && VNG_PLAIN.has(`-${text[at]}`); at++) flags.push(flag());
  const last = flag();
  if (at === text.length - 1) return [...flags, last];
  const takesValue = WITH_VALUE.some((known) => known.has(last.text));
  if (takesValue) return [...flags, last, part(word, at + 1, text.length)];
  return at === 1 ? [word] : [...flags, { text: `-${text.slice(at)}`, offsets: [offsets[at]!, ...offsets.slice(at)] }];
}

function readFlags(
  source: SourceText,
  words: readonly ShellWord[],
  aside: Aside,
): { texts: Map<string, ShellWord>; nodes: ShellWord[]; distances: ShellWord[] } {
  const texts = new Map<string, ShellWord>();
  const nodes: ShellWord[] = [];
  const distances: ShellWord[] = [];
  const left = [...words].reverse();
  for (let given = left.pop(); given !== undefined; given = left.pop()) {
    for (const one of partsOf(given).reverse()) left.push(one);
    const word = left.pop()!;
    const at = word.offsets[0]!;
    if (word.text === '--') {
      if (left.length > 0) aside.ignored.push(`${lineOf(source, at)}: the command after --`);
      break;
    }
    const sign = word.text.startsWith('--') ? word.text.indexOf('=') : -1;
    const flag = sign < 0 ? word.text : word.text.slice(0, sign);
    if (!VNG_PLAIN_WITH_ARGUMENT.has(flag) && !VNG_PLAIN_WITH_OPTIONAL.has(flag)) knownWord(source, word);
    const next = (): ShellWord => left.pop() ?? source.fail(at, `${flag} at the end, want a value after it`);
    const value = (): ShellWord => (sign >= 0 ? part(word, sign + 1, word.text.length) : knownWord(source, next()));
    const known = VNG_READ.get(flag);
    if (known === 'numa') nodes.push(value());
    else if (known === 'distance') distances.push(value());
    else if (known) texts.set(known, value());
    else if (VNG_UNSIMULATED_WITH_ARGUMENT.has(flag)) aside.unsimulated.push(`${lineOf(source, at)}: ${flag} ${shown(value().text)}`);
    else if (VNG_UNSIMULATED.has(flag)) aside.unsimulated.push(`${lineOf(source, at)}: ${flag}`);
    else if (VNG_PLAIN_WITH_ARGUMENT.has(flag)) {
      if (sign < 0) next();
      aside.ignored.push(`${lineOf(source, at)}: ${flag}`);
    } else if (VNG_PLAIN.has(flag) || VNG_PLAIN_WITH_OPTIONAL.has(flag)) {
      if (VNG_PLAIN_WITH_OPTIONAL.has(flag) && sign < 0 && left.at(-1)?.text.startsWith('-') === false) left.pop();
      aside.ignored.push(`${lineOf(source, at)}: ${flag}`);
    } else if (word.text.startsWith('-'))
      aside.unsimulated.push(`${lineOf(source, at)}: ${shown(flag)} (a flag that this reader does not know)`);
    else aside.ignored.push(`${lineOf(source, at)}: ${shown(word.text)}`);
  }
  return { texts, nodes, distances };
}

/** A part of a word, whose characters keep their places. */
function part({ text, offsets }: ShellWord, from: number, to: number): ShellWord {
  return { text: text.slice(from, to), offsets: offsets.slice(from, to + 1) };
}

/** What QEMU is given for it: what stands before has the place of the word. */
function asOption(name: string, before: string, word: ShellWord): QemuOption {
  const at = word.offsets[0]!;
  return { name, at, argument: { text: before + word.text, offsets: [...Array<number>(before.length).fill(at), ...word.offsets] } };
}
