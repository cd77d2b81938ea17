import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { expect, test } from 'vitest';
import * as library from '../../formats/library.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const sources = new Map(
  (readdirSync(`${root}/formats`, { recursive: true }) as string[])
    .filter((name) => name.endsWith('.ts') && name !== 'library.ts')
    .map((name) => [name, readFileSync(`${root}/formats/${name}`, 'utf8')]),
);
/** Of parts of a format, that readers and writers are made of. */
const PARTS = ['readXml', 'readInteger', 'writeHwlocSet', 'writeIdList', 'writeTracks', 'writeXlCpus'];
/** What takes a whole text, bytes or files; what a writer is called; a trace that a run is written to. */
const DECLARED =
  /^export (?:function (?:read|parse)\w+(?=\((?:text: string|files: [^)]*)\))|function\*? write\w+|class \w+(?= implements TraceSink))/gm;

const namesIn = (text: string): string[] => [...text.matchAll(DECLARED)].map(([found]) => /\w+$/.exec(found)![0]);

test('every reader and every writer of the folder can be imported', () => {
  const declared = [...sources.values()].flatMap(namesIn).filter((name) => !PARTS.includes(name));
  expect(declared.length).toBeGreaterThanOrEqual(24);
  expect(declared.filter((name) => !(name in library))).toEqual([]);
});

test('so can what the fuzzing goes through', () => {
  const readers = readFileSync(new URL('readers.ts', import.meta.url), 'utf8');
  const names = [...readers.matchAll(/^import \{ ([^}]+) \} from '\.\.\/\.\.\/formats\//gm)].flatMap(([, list]) => list!.split(', '));
  expect(names.length).toBeGreaterThan(15);
  expect(names.filter((name) => !(name in library))).toEqual([]);
});

test('numactl has two writers, of a machine and of a guest', () => {
  expect(library.writeNumactlCommands).not.toBe(library.writeNumactl);
});

test('importing it loads nothing of the simulator but units', async () => {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: ['formats/library.ts'],
    bundle: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    metafile: true,
    write: false,
  });
  const loaded = Object.entries(metafile.outputs)[0]![1].inputs;
  const elsewhere = Object.keys(loaded).filter((file) => !file.startsWith('formats/'));
  expect(elsewhere.filter((file) => file !== 'sim/units.ts')).toEqual([]);
  expect(Object.keys(loaded).length).toBeGreaterThan(40);
});

test('each text that no reader takes is answered by a FormatError', () => {
  const readers = [library.readHwlocXml, library.readNumactl, library.readXlConfig, library.readTrace, library.readRtApp];
  for (const read of readers) expect(() => read('no such text =')).toThrow(library.FormatError);
});
