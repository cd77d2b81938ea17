import { shown, type SourceText } from '../format-error.ts';
import type { MemoryBinding } from '../guest-description.ts';
import { parseIdList } from '../id-list.ts';
import { type QemuOption, Settings, wholeNumber } from './options.ts';
import { knownWord } from './shell-words.ts';

/** Memory that the host sets up: `-object memory-backend-*`. */
export interface MemoryBackend {
  readonly id: string;
  readonly bytes: number;
  readonly binding: MemoryBinding | null;
  readonly isPreallocated: boolean;
}

/** What the readers of options put aside: see GuestDescription. */
export interface Aside {
  readonly unsimulated: string[];
  readonly ignored: string[];
}

const MOST_NODES = 1024;
const POLICIES = ['default', 'preferred', 'bind', 'interleave'] as const;
const MODES = { preferred: 'preferred', bind: 'strict', interleave: 'interleave' } as const;
/** Without effect on where memory lies or what it costs. */
const PLAIN_KEYS = ['share', 'merge', 'dump', 'reserve', 'mem-path', 'discard-data', 'seal', 'x-use-canonical-path-for-ramblock-id', 'prealloc-threads', 'prealloc-context', 'align', 'offset', 'readonly', 'rom'] as const; // prettier-ignore
const OTHER_KEYS = ['hugetlb', 'hugetlbsize', 'pmem'];
export const ALL_BACKED = 'all memory is backed at the start for it';
export const HUGE_PAGES = 'huge pages: how large a page is mapped is the scenario’s word "mapping"';

/**
 * `-object memory-backend-ram`, -file or -memfd; null for any other object.
 * After: QEMU backends/hostmem.c; policy and host-nodes are mbind(2)'s.
 */
export function readBackend(source: SourceText, option: QemuOption, aside: Aside): MemoryBackend | null {
  const settings = new Settings(source, option, 'qom-type');
  const type = settings.one('qom-type');
  if (type === null) return settings.fail(null, 'without qom-type, want the kind of object, such as memory-backend-ram');
  if (/[$`]/.test(type.value)) knownWord(source, option.argument!);
  if (!type.value.startsWith('memory-backend-')) {
    aside.ignored.push(`${lineOf(source, option.at)}: -object ${type.value}${isPinning(type.value) ? `: ${ALL_BACKED}` : ''}`);
    return null;
  }
  knownWord(source, option.argument!);
  if (!/^memory-backend-(ram|file|memfd)$/.test(type.value)) settings.fail(type, 'want memory-backend-ram, -file or -memfd');
  settings.allow(['qom-type', 'id', 'size', 'host-nodes', 'policy', 'prealloc', ...PLAIN_KEYS, ...OTHER_KEYS]);
  const id = settings.one('id');
  if (id === null || id.value === '') return settings.fail(id, 'want id=NAME');
  const bytes = settings.size('size', 1);
  if (bytes === null) return settings.fail(null, 'without size, want size=BYTES, such as size=4G');
  if (settings.isOn('pmem')) aside.unsimulated.push(`${lineOf(source, option.at)}: -object ${id.value}: pmem=on`);
  const path = settings.one('mem-path')?.value ?? '';
  if (settings.isOn('hugetlb') || settings.one('hugetlbsize') || path.includes('huge'))
    aside.ignored.push(`${lineOf(source, option.at)}: -object ${id.value}: ${HUGE_PAGES}`);
  return { id: id.value, bytes, binding: readBinding(settings), isPreallocated: settings.isOn('prealloc') };
}

/** SEV registers all pages before the guest uses them; SNP and TDX have theirs from guest_memfd, as they are asked for (target/i386/sev.c). */
export function isPinning(object: string): boolean {
  return object === 'sev-guest';
}

function readBinding(settings: Settings): MemoryBinding | null {
  const policy = settings.choice('policy', POLICIES) ?? 'default';
  const runs = settings.many('host-nodes');
  for (const setting of runs) {
    const run = parseIdList(setting.value, MOST_NODES);
    if (run === null || run.length === 0 || setting.value.includes(','))
      return settings.fail(setting, 'want one node or a run such as 0-1; more in host-nodes= of their own');
  }
  const nodes = parseIdList(runs.map(({ value }) => value).join(','), MOST_NODES);
  if (nodes === null) return settings.fail(runs.at(-1)!, `want at most ${MOST_NODES} nodes in all`);
  if (policy === 'default') {
    if (nodes.length > 0) settings.fail(settings.one('host-nodes'), 'want a policy other than default with it');
    return null;
  }
  if (nodes.length === 0) settings.fail(settings.one('policy'), `want host-nodes with it`);
  return { mode: MODES[policy], nodes };
}

/** `-m`: bytes; numbers without a suffix are MiB. */
export function readMemory(source: SourceText, option: QemuOption, aside: Aside): number {
  const settings = new Settings(source, option, 'size');
  settings.allow(['size', 'slots', 'maxmem']);
  const bytes = settings.size('size', MIB);
  const most = settings.size('maxmem', MIB);
  const slots = settings.one('slots');
  if (slots && wholeNumber(slots.value) === null) settings.fail(slots, 'want a whole number');
  if (most !== null && bytes !== null && most < bytes) settings.fail(settings.one('maxmem'), 'want no less than the size');
  if (slots || most !== null) aside.ignored.push(`${lineOf(source, option.at)}: -m slots, maxmem: memory that may be plugged in later`);
  return bytes ?? DEFAULT_MEMORY_BYTES;
}

const MIB = 1024 ** 2;
export const DEFAULT_MEMORY_BYTES: number = 128 * MIB;

export function lineOf(source: SourceText, at: number): string {
  return `line ${source.place(at).line}`;
}

/** The backend of this name. */
export function backendNamed(backends: ReadonlyMap<string, MemoryBackend>, settings: Settings, key: string): MemoryBackend | null {
  const setting = settings.one(key);
  if (setting === null) return null;
  const known = [...backends.keys()].slice(0, 8).map((id) => shown(id));
  return (
    backends.get(setting.value) ??
    settings.fail(
      setting,
      `want the id of a memory backend${known.length > 0 ? `, one of ${known.join(', ')}` : ', of which there is none'}`,
    )
  );
}
