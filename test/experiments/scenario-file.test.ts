import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readScenarioFile } from '../../experiments/scenario-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'numalab-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(content: string | Uint8Array): string {
  const name = join(folder, 'scenario.yaml');
  writeFileSync(name, content);
  return name;
}

test('a byte order mark is no part of the text', () => {
  expect(readScenarioFile(file('\ufeffseed: 3\r\n')).text).toBe('seed: 3\r\n');
});

test('a file of exactly 1 MiB is read, one byte more is not', () => {
  expect(readScenarioFile(file('x'.repeat(1024 ** 2))).text).toHaveLength(1024 ** 2);
  expect(() => readScenarioFile(file('x'.repeat(1024 ** 2 + 1)))).toThrow(/^--scenario = .*, want a file of at most 1MiB$/);
});

test.each([
  ['bytes that are no UTF-8', () => file(new Uint8Array([0x73, 0xff, 0xfe])), /want text in UTF-8$/],
  [
    "perf's own file",
    () => file(new Uint8Array([...Buffer.from('PERFILE2'), 0x68, 0xff])),
    /want text in UTF-8 \(perf's own file: perf script -i prints it as text\)$/,
  ],
  [
    "trace-cmd's own file",
    () => file(new Uint8Array([0x17, 0x08, ...Buffer.from('Dtracing6'), 0xff])),
    /trace-cmd report -i prints it as text\)$/,
  ],
  [
    'UTF-16',
    () => file(new Uint8Array([0xff, 0xfe, 0x73, 0])),
    /want text in UTF-8 \(UTF-16: iconv -f UTF-16 -t UTF-8 turns it into that\)$/,
  ],
  ['UTF-16 of the other order', () => file(new Uint8Array([0xfe, 0xff, 0, 0x73])), /\(UTF-16: iconv/],
  ['a folder', () => folder, /want a file that can be read \(EISDIR\)$/],
  ['no file', () => join(folder, 'none.yaml'), /want a file that can be read \(ENOENT\)$/],
  ['an endless device', () => '/dev/zero', /want a file of at most 1MiB$/],
  ['a name with a zero byte', () => 'a\0b', /^--scenario = a\\u\{0\}b, want a file that can be read/],
])('%s is refused', (_, name, message) => {
  expect(() => readScenarioFile(name())).toThrow(message);
});
