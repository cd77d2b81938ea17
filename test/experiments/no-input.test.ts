import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkApart, checkNoInput } from '../../experiments/no-input.ts';

const folder = mkdtempSync(join(tmpdir(), 'numalab-input-'));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string): string => join(folder, name);

beforeAll(() => {
  mkdirSync(at('sweep/runs'), { recursive: true });
  mkdirSync(at('beside'));
  for (const name of ['sweep/manifest.json', 'mine.ts', 'other.ts']) writeFileSync(at(name), name);
  linkSync(at('mine.ts'), at('beside/hard.ts'));
  symlinkSync(at('mine.ts'), at('beside/soft.ts'));
  symlinkSync(at('sweep'), at('beside/way'));
  symlinkSync(at('beside'), at('sweep/out'));
  symlinkSync(at('other.ts'), at('sweep/leads-out.ts'));
});

describe('an output that is an input is refused', () => {
  const check = (out: string, ...inputs: string[]): (() => void) => () => checkNoInput(at(out), '--out', inputs.map(at)); // prettier-ignore

  test.each([
    ['under its own name', 'mine.ts'],
    ['by another way to it', 'sweep/../mine.ts'],
    ['by a hard link', 'beside/hard.ts'],
    ['by a link', 'beside/soft.ts'],
  ])('%s', (_, out) => expect(check(out, 'other.ts', 'mine.ts')).toThrow(/^--out = .*: is .*mine\.ts, which is read, want another$/));

  test.each([
    ['its manifest', 'sweep/manifest.json'],
    ['a file that is not there yet', 'sweep/page.html'],
    ['a folder that is not there yet', 'sweep/deep/er/page.html'],
    ['by a link to the folder', 'beside/way/page.html'],
    ['a link that stands in it, wherever that leads', 'sweep/leads-out.ts'],
    ['a folder that is a link in it', 'sweep/out/page.html'],
  ])('within a folder: %s', (_, out) =>
    expect(check(out, 'mine.ts', 'sweep')).toThrow(/^--out = .*: lies in .*sweep, which is read, want a file outside of it$/),
  );

  test('the input being the link changes nothing', () => {
    expect(check('mine.ts', 'beside/soft.ts')).toThrow('which is read');
    expect(check('sweep/page.html', 'beside/way')).toThrow('lies in');
  });
});

test('what is beside an input is none', () => {
  for (const out of ['mine.ts.json', 'beside/page.html', 'sweep-2/page.html', 'sweep.html', 'new/page.html'])
    expect(() => checkNoInput(at(out), '--out', [at('mine.ts'), at('sweep'), at('not-there.ts'), '-'])).not.toThrow();
});

test('two outputs are two files, whether they are there or not', () => {
  const check =
    (one: string, two: string): (() => void) =>
    () =>
      checkApart(at(one), '--html', at(two), '--out');
  expect(check('new/a', 'new/b')).not.toThrow();
  expect(check('mine.ts', 'other.ts')).not.toThrow();
  expect(check('beside/way/new', 'sweep/new')).toThrow('is that of --out as well, want another file');
  expect(check('beside/hard.ts', 'mine.ts')).toThrow('is that of --out as well');
});
