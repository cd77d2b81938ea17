import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { lab } from '../../cli/lab.ts';
import { numalab } from '../../cli/numalab.ts';
import { CONFIGURED_WORDS } from '../../experiments/configured-words.ts';
import { FILE_WORKLOADS } from '../../experiments/file-words.ts';
import { readMachineFile } from '../../experiments/machine-file.ts';
import { MACHINE_FORMATS } from '../../experiments/machine-import/read-description.ts';
import { TOOLS } from '../../experiments/placement/memory-rule.ts';
import { traceFormats } from '../../experiments/trace-formats.ts';
import * as library from '../../formats/library.ts';
import { NO_EFFECT, READ_ELEMENTS } from '../../formats/libvirt/remarks.ts';
import * as qemu from '../../formats/qemu/command.ts';
import { EVENT_KINDS } from '../../formats/rt-app/events.ts';
import * as vng from '../../formats/qemu/vng.ts';
import { IGNORED_KEYS, READ_KEYS, UNSIMULATED_KEYS } from '../../formats/xl/keys.ts';

const rootOf = (name: string): URL => new URL(`../../${name}`, import.meta.url);
const pageOf = (name: string): string => readFileSync(rootOf(`docs/${name}.md`), 'utf8');
const PAGES = ['formats', 'machine-files', 'guests', 'rt-app', 'trace'];
const formats = pageOf('formats');
const rtApp = pageOf('rt-app');

/** Of a page, what stands between its heading and the next of the same level. */
function sectionOf(page: string, heading: string): string {
  const start = page.indexOf(`\n${heading}\n`);
  if (start < 0) throw new Error(`no ${heading}`);
  const level = /^#+ /.exec(heading)![0];
  const end = page.indexOf(`\n${level}`, start + 2);
  return page.slice(start, end < 0 ? undefined : end);
}

/** Whether it stands there as a word of its own. */
const says = (text: string, word: string): boolean =>
  new RegExp(`(?<![\\w-])${word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}${/\w$/.test(word) ? '(?!\\w)' : ''}`).test(text);
const missing = (text: string, words: Iterable<string>): string[] => [...words].filter((word) => !says(text, word));
const listOf = (title: string): string[] => formats.split(`**${title}**`)[1]!.split('```')[1]!.trim().split(/\s+/);

describe('docs/formats.md names', () => {
  const overview = formats.slice(0, formats.indexOf('\n## '));

  test('each format of machines, guests, schedules and workloads at its head', () => {
    expect(missing(overview.replaceAll('hwloc synthetic string', 'synthetic'), MACHINE_FORMATS)).toEqual([]);
    const guests = library.guestFormats.map(({ name }) => name);
    expect(missing(overview, guests)).toEqual([]);
    expect(missing(overview, traceFormats.map(({ name }) => `trace --format ${name}`))).toEqual([]); // prettier-ignore
    expect(missing(overview, FILE_WORKLOADS.map(({ prefix }) => `${prefix}:FILE`))).toEqual([]); // prettier-ignore
    expect(missing(overview, TOOLS)).toEqual([]);
  });

  test('each function of the library that reads or writes a format, and none that is not there', () => {
    const named = [...overview.matchAll(/`(\w+)`/g)].map(([, name]) => name!).filter((name) => /^(read|write|bunzip2|\w+(Trace|Text|Dat)$)/.test(name)); // prettier-ignore
    expect(named.filter((name) => !(name in library))).toEqual([]);
    const there = Object.keys(library).filter((name) => /^(read|write|bunzip2)|^(?!look)\w+(Trace|Text|Dat)$/.test(name));
    expect(there.filter((name) => !named.includes(name) && !['readTrace', 'tasksOfTrace'].includes(name))).toEqual([]); // which call others
  });

  test('the options of QEMU that are read, and lists those that are not, whole', () => {
    const section = sectionOf(formats, '## QEMU');
    expect(missing(section.replaceAll('`accel=', '`-accel '), [...qemu.QEMU_READ].filter((name) => name !== 'M').map((name) => `-${name}`))).toEqual([]); // prettier-ignore
    expect(missing(section, [...qemu.QEMU_FLAGS].map((name) => `-${name}`))).toEqual([]); // prettier-ignore
    expect(new Set(listOf('QEMU, passed over: options'))).toEqual(new Set([...qemu.QEMU_PLAIN_WITH_ARGUMENT, ...qemu.QEMU_PLAIN]));
    expect(new Set(listOf('QEMU, not simulated: options'))).toEqual(
      new Set([...qemu.QEMU_UNSIMULATED_WITH_ARGUMENT, ...qemu.QEMU_UNSIMULATED]),
    );
  });

  test('the flags of vng', () => {
    const section = sectionOf(formats, '## virtme-ng');
    expect(missing(section, vng.VNG_READ.keys())).toEqual([]);
    expect(missing(section, [...vng.VNG_UNSIMULATED_WITH_ARGUMENT, ...vng.VNG_UNSIMULATED])).toEqual([]);
    const passedOver = [...vng.VNG_PLAIN_WITH_ARGUMENT, ...vng.VNG_PLAIN_WITH_OPTIONAL, ...vng.VNG_PLAIN];
    expect(new Set(listOf('vng, passed over: flags'))).toEqual(new Set(passedOver));
  });

  test('the elements of libvirt and the keys of xl', () => {
    expect(missing(sectionOf(formats, '## libvirt domain XML'), READ_ELEMENTS)).toEqual([]);
    expect(new Set(listOf('libvirt, passed over: elements'))).toEqual(new Set(NO_EFFECT));
    expect(missing(sectionOf(formats, '## xl.cfg'), [...READ_KEYS, ...UNSIMULATED_KEYS])).toEqual([]);
    expect(new Set(listOf('xl, passed over: keys'))).toEqual(new Set(IGNORED_KEYS));
  });
});

describe('docs/rt-app.md names', () => {
  test('each event in both tables', () => {
    expect(missing(sectionOf(rtApp, '### What is read').slice(0, 20_000), EVENT_KINDS)).toEqual([]);
    expect(missing(sectionOf(rtApp, '### How it is simulated'), EVENT_KINDS)).toEqual([]);
  });

  test('each setting that the reader takes', () => {
    const sources = ['rt-app', 'global', 'settings', 'events'].map((name) => readFileSync(rootOf(`formats/rt-app/${name}.ts`), 'utf8')); // prettier-ignore
    const taken = sources.flatMap((text) => [...text.matchAll(/\b(?:take|needed)\('([\w-]+)'|^ {2}\['(\w+)', as/gm)].map(([, a, b]) => (a ?? b)!)); // prettier-ignore
    const listed = sources.flatMap((text) => [...text.matchAll(/\[('[a-z_-]+'(?:, '[a-z_-]+')+)\](?:\.map|\))/g)].flatMap(([, list]) => list!.replaceAll("'", '').split(', '))); // prettier-ignore
    expect(new Set(taken).size).toBeGreaterThan(20);
    expect(listed).toContain('dl-period');
    expect(missing(rtApp, new Set([...taken, ...listed]))).toEqual([]);
  });

  test.each(FILE_WORKLOADS.map(({ prefix, options = [] }) => [prefix, options] as const))('each option of %s:', (prefix, options) => {
    const section = prefix === 'rt-app' ? rtApp : sectionOf(rtApp, prefix === 'trace' ? '## Traces' : '## perf stat');
    expect(missing(section, options.map((name) => `${name}=`))).toEqual([]); // prettier-ignore
  });
});

test('docs/machine-files.md has each key of a machine file, and no other', () => {
  let known: string[] = [];
  try {
    readMachineFile('a.yaml', 'nosuchkey: 1', []);
  } catch (error) {
    known = /want one of ([^(;]+)/.exec((error as Error).message)![1]!.replace(/[.,]? ?did you.*$/, '').split(', '); // prettier-ignore
  }
  expect(known.length).toBeGreaterThan(20);
  const rows = [...sectionOf(pageOf('machine-files'), '## The file').matchAll(/^\| (`[^|]+) \|/gm)].flatMap(([, keys]) => [...keys!.matchAll(/`(\w+)`/g)]); // prettier-ignore
  expect(rows.map(([, key]) => key!).sort()).toEqual(known.map((key) => key.trim()).sort());
});

test('docs/guests.md has each word of a guest, and each tool', () => {
  const guests = pageOf('guests');
  expect(missing(guests, CONFIGURED_WORDS.map((word) => `\`${word}\``).map((text) => text.slice(1, -1)))).toEqual([]); // prettier-ignore
  expect(missing(guests, library.guestFormats.map(({ name }) => name))).toEqual([]); // prettier-ignore
});

test('docs/trace.md has each format, how its files end, and where to open them', () => {
  const trace = pageOf('trace');
  for (const { name, extensions } of traceFormats) expect(trace).toMatch(new RegExp(`\\| \`${name}\` \\| ${extensions.join(', ').replaceAll('.', '\\.')} \\|`)); // prettier-ignore
});

test('the pages point to pages that are there', () => {
  for (const page of PAGES)
    for (const [, name] of pageOf(page).matchAll(/\]\(([\w-]+\.md)\)/g)) expect(existsSync(rootOf(`docs/${name}`)), name).toBe(true);
});

test.each(PAGES)('docs/%s.md is short enough to be read', (page) => {
  expect(pageOf(page).split('\n').length).toBeLessThan(page === 'formats' ? 270 : 180);
});

describe('the commands of the pages do what the page says', () => {
  const before = process.cwd();
  const folders = new Map(PAGES.map((page) => [page, mkdtempSync(join(tmpdir(), `numalab-docs-`))]));
  beforeAll(() => {
    for (const [page, folder] of folders)
      for (const [, name, text] of pageOf(page).matchAll(/^```\w+ ([\w.-]+)\n([^]*?)^```/gm)) writeFileSync(join(folder, name!), text!);
  });
  afterAll(() => {
    process.chdir(before);
    for (const folder of folders.values()) rmSync(folder, { recursive: true });
  });

  test.each(PAGES.filter((page) => page !== 'formats'))('docs/%s.md', { timeout: 240_000 }, async (page) => {
    process.chdir(folders.get(page)!);
    const lines = [...pageOf(page).matchAll(/^npx numalab (.+)$/gm)].map(([, line]) => line!);
    expect(lines.length).toBeGreaterThanOrEqual(3);
    let printed = '';
    for (const line of lines) {
      let err = '';
      const terminal = { out: (text: string) => void (printed += text), err: (text: string) => void (err += text), progress: () => {}, width: 100 }; // prettier-ignore
      const argv = [...line.matchAll(/(?:[^\s']|'[^']*')+/g)].map(([word]) => word.replaceAll("'", ''));
      expect([line, await numalab(argv, lab('1.2.3'), terminal), err]).toEqual([line, 0, err]);
    }
    for (const [, shown] of pageOf(page).matchAll(/^```text\n([^]*?)^```/gm)) expect(printed).toContain(shown);
  });
});
