import { execFileSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { StoreError } from '../../experiments/failures.ts';
import { FILE_CALLS } from '../../experiments/file-calls.ts';
import { checkWritable, writeNew, writeWhole } from '../../experiments/store.ts';
import { removeStale, temporaryName } from '../../experiments/temporary-files.ts';

const folder = mkdtempSync(join(tmpdir(), 'numalab-store-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('a result is written as a whole, over what stood there, and leaves nothing beside it', () => {
  const path = join(folder, 'new', 'result.json');
  writeWhole(path, 'first');
  writeWhole(path, 'second');
  expect(readFileSync(path, 'utf8')).toBe('second');
  expect(execFileSync('ls', ['-A', join(folder, 'new')], { encoding: 'utf8' }).trim()).toBe('result.json');
});

test('a link stays a link: what it leads to is written', () => {
  const target = join(folder, 'target.json');
  const link = join(folder, 'link.json');
  writeFileSync(target, 'old');
  symlinkSync(target, link);
  writeWhole(link, 'new');
  expect(lstatSync(link).isSymbolicLink()).toBe(true);
  expect(readFileSync(target, 'utf8')).toBe('new');
});

test('what stands is not written over where only something new is wanted, and of two writers one is told that it wrote', () => {
  const path = join(folder, 'once', 'result.json');
  expect([writeNew(path, 'first'), writeNew(path, 'second')]).toEqual([true, false]);
  expect(readFileSync(path, 'utf8')).toBe('first');
  expect(readdirSync(join(folder, 'once'))).toEqual(['result.json']);
});

test.each(['EPERM', 'EOPNOTSUPP'])('the same on a file system that has no links (%s)', (code) => {
  const path = join(folder, code, 'result.json');
  const linkSync = (): never => {
    throw Object.assign(new Error(code), { code });
  };
  const files = { ...FILE_CALLS, linkSync };
  expect([writeNew(path, 'first', files), writeNew(path, 'second', files)]).toEqual([true, false]);
  expect(readFileSync(path, 'utf8')).toBe('first');
  expect(readdirSync(join(folder, code))).toEqual(['result.json']);
});

test.each(['openSync', 'writeSync', 'fsyncSync', 'closeSync', 'renameSync'] as const)(
  'when %s fails, the message says what and where, what stood there stays, and nothing is left beside it',
  (call) => {
    const path = join(folder, call, 'result.json');
    writeWhole(path, 'first');
    const failing = (file: number): never => {
      if (call === 'closeSync') FILE_CALLS.closeSync(file);
      throw Object.assign(new Error('EDQUOT: disk quota exceeded, call'), { code: 'EDQUOT' });
    };
    const refusal = errorOf(() => writeWhole(path, 'second', { ...FILE_CALLS, [call]: failing }));
    expect(refusal).toBeInstanceOf(StoreError);
    expect(refusal!.message).toMatch(/result\.json: EDQUOT \(disk quota exceeded\), the result is not written$/);
    expect(readFileSync(path, 'utf8')).toBe('first');
    expect(readdirSync(join(folder, call))).toEqual(['result.json']);
  },
);

test('a temporary file that somebody takes away is written again', () => {
  const path = join(folder, 'taken', 'result.json');
  let taken = 0;
  const renameSync = (from: string, to: string): void => {
    if (taken++ === 0) rmSync(from);
    FILE_CALLS.renameSync(from, to);
  };
  writeWhole(path, 'whole', { ...FILE_CALLS, renameSync: renameSync as typeof FILE_CALLS.renameSync });
  expect([taken, readFileSync(path, 'utf8')]).toEqual([2, 'whole']);
});

test('temporary files of dead writers of this host are removed, and old ones of others; those of the living and of strangers stay', () => {
  const place = join(folder, 'stale');
  mkdirSync(place);
  const host = hostname()
    .replace(/[^a-zA-Z0-9-]/g, '')
    .slice(0, 48);
  const living = `.numalab-${host}-${process.ppid}-0123456789abcdef.tmp`;
  const dead = `.numalab-${host}-4999999-0123456789abcdef.tmp`; // above Linux' highest number of a process
  const before = temporaryName(); // of a process that had our number before us
  const elsewhere = '.numalab-other-host-17-0123456789abcdef.tmp';
  const elsewhereOld = '.numalab-other-host-18-0123456789abcdef.tmp';
  const strange = ['.numalab-notes.tmp', `.numalab-${host}-4999999-0123456789abcdef.tmp.json`, 'result.json.4999999.tmp'];
  for (const name of [living, dead, before, elsewhere, elsewhereOld, ...strange]) writeFileSync(join(place, name), 'half');
  const hourAgo = Date.now() / 1_000 - 3_700;
  for (const name of [elsewhereOld, ...strange]) utimesSync(join(place, name), hourAgo, hourAgo);
  expect(removeStale(place)).toBe(3);
  expect(readdirSync(place).sort()).toEqual([living, elsewhere, ...strange].sort());
  expect(removeStale(join(folder, 'no such folder'))).toBe(0);
});

test('no two temporary names are the same', () => {
  expect(new Set(Array.from({ length: 1_000 }, temporaryName)).size).toBe(1_000);
});

describe('no result can be kept in', () => {
  const pipe = join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  test.each([
    ['a device', '/dev/null', 'is a device or pipe, want a file'],
    ['a pipe', pipe, 'is a device or pipe, want a file'],
    ['a folder', folder, 'is a folder, want a file'],
  ])('%s, which is left as it is', (_, path, message) => {
    const before = lstatSync(path).mode;
    expect(() => checkWritable(path, '--out')).toThrow(message);
    expect(existsSync(path) && lstatSync(path).mode).toBe(before);
  });
});

function errorOf(act: () => unknown): Error | null {
  try {
    act();
    return null;
  } catch (error) {
    return error as Error;
  }
}
