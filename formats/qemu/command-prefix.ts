import { shown, type SourceText } from '../format-error.ts';
import type { CpuChoice, MemoryBinding } from '../guest-description.ts';
import { parseIdList } from '../id-list.ts';
import { knownWord, type ShellWord } from './shell-words.ts';

/** What stands before the program of a command line and holds for all of it. */
export interface Prefix {
  readonly pins: CpuChoice | null;
  readonly memory: MemoryBinding | null;
  readonly unsimulated: readonly string[];
  readonly ignored: readonly string[];
  /** The words from the program on. */
  readonly rest: readonly ShellWord[];
}

const MOST_CPUS = 65_536;
const MOST_NODES = 1024;
const WANT_CPUS = 'want CPUs such as 0-3,8';
const WANT_NODES = 'want nodes such as 0-1 (by their ids: none with + or !)';

/** Programs that start another and change nothing that matters here. */
const PLAIN = new Set(['sudo', 'env', 'exec', 'time', 'nohup', 'setsid', 'unshare', 'stdbuf']);
/** Of these, options that have an argument in the next word. */
const PLAIN_ARGUMENTS: ReadonlyMap<string, readonly string[]> = new Map([
  ['sudo', ['-u', '-g', '-C', '-h', '-p', '-D', '-r', '-t', '-T', '-U']],
  ['env', ['-u', '-C', '-S']],
  ['stdbuf', ['-i', '-o', '-e']],
]);
/** What is read behind those. */
const READ = new Set(['taskset', 'numactl', 'nice']);
const SCHEDULING = new Set(['chrt', 'ionice', 'cgexec', 'systemd-run', 'prlimit']);

/**
 * Reads what stands before a program: taskset and numactl become pins and a binding of memory, the last that is said holds, as the inner
 * one is set last. sudo, env, assignments and the like are passed over. nice counts as a weight, which is not simulated here.
 * After: taskset(1), numactl(8), nice(1).
 * @param isProgram whether a word is the program
 * @throws FormatError for anything else before it, and when there is no program
 */
export function readPrefix(source: SourceText, words: readonly ShellWord[], isProgram: (word: string) => boolean, want: string): Prefix {
  const found = {
    pins: null as CpuChoice | null,
    memory: null as MemoryBinding | null,
    unsimulated: [] as string[],
    ignored: [] as string[],
  };
  let at = 0;
  while (at < words.length && !isProgram(words[at]!.text)) {
    const word = words[at]!;
    const name = baseName(word.text);
    if (!/^[A-Za-z_]\w*=/.test(word.text)) knownWord(source, word);
    if (/^[A-Za-z_]\w*=/.test(word.text)) at++;
    else if (name === 'taskset') at = readTaskset(source, words, at + 1, found);
    else if (name === 'numactl') at = readNumactl(source, words, at + 1, found, isProgram);
    else if (name === 'nice') at = readNice(source, words, at, found);
    else if (PLAIN.has(name)) at = afterOptions(words, at + 1, PLAIN_ARGUMENTS.get(name) ?? []);
    else if (SCHEDULING.has(name)) {
      found.unsimulated.push(`line ${source.place(word.offsets[0]!).line}: ${name} before the program`);
      for (at++; at < words.length && !isProgram(words[at]!.text) && !READ.has(baseName(words[at]!.text));) at++;
    } else source.fail(word.offsets[0]!, `${shown(word.text)}, want ${want}, with no more than taskset, numactl, sudo or env before it`);
  }
  if (at >= words.length) source.fail(words[0]?.offsets[0] ?? 0, `no program, want ${want}`);
  return { ...found, rest: words.slice(at) };
}

export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

interface Found {
  pins: CpuChoice | null;
  memory: MemoryBinding | null;
  unsimulated: string[];
  ignored: string[];
}

/** `-n 5`, `-n5`, `-5`, `--5`, `--adjustment=5`; 10 where nothing is said. */
function readNice(source: SourceText, words: readonly ShellWord[], from: number, found: Found): number {
  const next = words[from + 1];
  const isApart = next !== undefined && /^(-n|--adjustment)$/.test(next.text);
  const [, together] = /^(?:-n|--adjustment=|-(?=-?\d))(.+)$/.exec(isApart ? '' : (next?.text ?? '')) ?? [];
  const said = isApart ? words[from + 2]?.text : together;
  if ((isApart || said !== undefined) && !/^[-+]?\d{1,9}$/.test(said ?? ''))
    source.fail((words[from + 2] ?? next!).offsets[0]!, `nice ${shown(said)}, want a whole number`);
  const by = said === undefined ? 10 : Number(said);
  const line = `line ${source.place(words[from]!.offsets[0]!).line}: nice ${by}`;
  if (by === 0) found.ignored.push(line);
  else found.unsimulated.push(`${line}: a weight that is not the usual`);
  return from + (isApart ? 3 : said === undefined ? 1 : 2);
}

function afterOptions(words: readonly ShellWord[], from: number, withArgument: readonly string[]): number {
  let at = from;
  while (at < words.length && words[at]!.text.startsWith('-')) at += withArgument.includes(words[at]!.text) ? 2 : 1;
  return at;
}

/** `taskset -c 0-3` or a mask in hexadecimal; -a and -p are for tasks that run already. */
function readTaskset(source: SourceText, words: readonly ShellWord[], from: number, found: Found): number {
  let isList = false;
  let at = from;
  for (; words[at]?.text.startsWith('-'); at++) {
    const { text, offsets } = words[at]!;
    const list = /^--cpu-list=(.*)$/.exec(text);
    if (list) {
      found.pins = { cpus: cpusOf(source, offsets[0]!, list[1]!) };
      return at + 1;
    }
    if (text === '-c' || text === '--cpu-list') isList = true;
    else source.fail(offsets[0]!, `taskset ${shown(text)}, want -c and CPUs, or a mask`);
  }
  const word = words[at] && knownWord(source, words[at]);
  if (!word) return source.fail(words[from - 1]!.offsets[0]!, `taskset without CPUs, ${WANT_CPUS}`);
  found.pins = { cpus: isList ? cpusOf(source, word.offsets[0]!, word.text) : cpusOfMask(source, word) };
  return at + 1;
}

function cpusOf(source: SourceText, at: number, text: string): number[] {
  return idsOf(text, MOST_CPUS) ?? source.fail(at, `${shown(text)}, ${WANT_CPUS}`);
}

/** One id or more. */
function idsOf(text: string, most: number): number[] | null {
  const ids = parseIdList(text, most);
  return ids?.length === 0 ? null : ids;
}

function cpusOfMask(source: SourceText, { text, offsets }: ShellWord): number[] {
  const digits = /^(?:0x)?([0-9a-f,]{1,4096})$/i.exec(text)?.[1]?.replaceAll(',', '');
  const cpus: number[] = [];
  for (let i = 0; digits !== undefined && i < digits.length; i++) {
    const bits = parseInt(digits[digits.length - 1 - i]!, 16);
    for (let bit = 0; bit < 4; bit++) if ((bits >> bit) & 1) cpus.push(4 * i + bit);
  }
  if (cpus.length === 0) source.fail(offsets[0]!, `taskset ${shown(text)}, want a mask such as 0xf, or -c and CPUs`);
  return cpus;
}

const NUMACTL: ReadonlyMap<string, string> = new Map([
  ['-N', 'cpunodebind'],
  ['-C', 'physcpubind'],
  ['-m', 'membind'],
  ['-i', 'interleave'],
  ['-p', 'preferred'],
  ['-P', 'preferred-many'],
  ['-w', 'weighted-interleave'],
  ['-l', 'localalloc'],
  ['-b', 'balancing'],
  ['-a', 'all'],
]);

function readNumactl(
  source: SourceText,
  words: readonly ShellWord[],
  from: number,
  found: Found,
  isProgram: (word: string) => boolean,
): number {
  let at = from;
  while (words[at]?.text.startsWith('-')) {
    const { text, offsets } = words[at]!;
    if (text === '--') return at + 1;
    const [, option = '', given] = /^(--?[\w-]+?)(?:=(.*))?$/.exec(text) ?? [];
    const short = /^-[NCmipPw]./.test(text) && !text.startsWith('--') ? text.slice(2).replace(/^=/, '') : undefined;
    const name = NUMACTL.get(short === undefined ? option : text.slice(0, 2)) ?? option.replace(/^--/, '');
    const needs = !['localalloc', 'balancing', 'all'].includes(name);
    const next = words[at + 1] && knownWord(source, words[at + 1]!);
    const value = short ?? given ?? (needs && next && !isProgram(next.text) ? next.text : undefined);
    const isNext = needs && value !== undefined && short === undefined && given === undefined;
    if (needs && value === undefined) source.fail(offsets[0]!, `numactl ${shown(text)} without a list, want one after it`);
    setNumactl(source, isNext ? next!.offsets[0]! : offsets[0]!, name, value ?? '', found);
    at += isNext ? 2 : 1;
  }
  return at;
}

function setNumactl(source: SourceText, at: number, name: string, value: string, found: Found): void {
  const nodes = (): number[] => idsOf(value, MOST_NODES) ?? source.fail(at, `numactl --${name} = ${shown(value)}, ${WANT_NODES}`);
  if (name === 'cpunodebind') found.pins = value === 'all' ? null : { nodes: nodes() };
  else if (name === 'physcpubind') found.pins = value === 'all' ? null : { cpus: cpusOf(source, at, value) };
  else if (name === 'membind') found.memory = value === 'all' ? null : { mode: 'strict', nodes: nodes() };
  else if (name === 'interleave') found.memory = { mode: 'interleave', nodes: value === 'all' ? [] : nodes() };
  else if (name === 'preferred') found.memory = { mode: 'preferred', nodes: nodes() };
  else if (name === 'localalloc') found.memory = { mode: 'default', nodes: [] };
  else if (['preferred-many', 'weighted-interleave', 'balancing'].includes(name)) {
    found.unsimulated.push(`line ${source.place(at).line}: numactl --${name}`);
  } else if (name !== 'all')
    source.fail(
      at,
      `numactl --${name}: unknown option, want one of --cpunodebind, --physcpubind, --membind, --interleave, --preferred, --localalloc`,
    );
}
