import { execFileSync } from 'node:child_process';
import { existsSync, lstatSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { checkWritable, writeWhole } from '../../experiments/store.ts';

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
