import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { lab } from '../../cli/lab.ts';
import type { SweepFolder } from '../../experiments/sweep/sweep-folder.ts';
import { smallStudy } from '../experiments/pack/pack-fixture.ts';
import { temporary, VERSION } from '../experiments/sweep/small-sweep-fixture.ts';
import { session, type Session } from './session.ts';

const { path, remove } = temporary();
afterAll(remove);
const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const out = join(path, 'study.tar.gz');

let folder: SweepFolder;
beforeAll(async () => {
  folder = await smallStudy(path);
});

const call = (...argv: string[]): Promise<Session> => session(argv, lab(VERSION));

describe('pack', () => {
  test('says what it packed and how to check it', async () => {
    expect(await call('pack', folder.path, '--out', out)).toEqual({
      code: 0,
      out: `${out}: 12 results of 12 runs, 22 files\n`,
      err: `anyone can check it: numalab verify ${out}\n`,
      ran: [],
    });
  });

  test('wants to know where to', async () => {
    const { code, err } = await call('pack', folder.path);
    expect([code, err]).toEqual([2, '--out: left out, want the archive to write, such as study.tar.gz\n']);
  });

  test('of a folder that is no sweep is bad input', async () => expect((await call('pack', path, '--out', out)).code).toBe(2));
});

describe.skipIf(!existsSync(main))('the program as it is installed, in an empty folder (skipped where it is not built)', () => {
  const numalab = (...argv: string[]): { status: number | null; stdout: string; stderr: string } => {
    const cwd = join(path, 'empty');
    mkdirSync(cwd, { recursive: true });
    const done = spawnSync(process.execPath, [main, ...argv], { encoding: 'utf8', cwd, timeout: 60_000 });
    expect(readdirSync(cwd)).toEqual([]);
    return done;
  };

  test('packs what another version has run, and finds it identical in spite of other code', () => {
    expect(numalab('pack', folder.path, '--out', out).status).toBe(0);
    const { status, stdout, stderr } = numalab('verify', out, '--runs', '4');
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^other code: made by 1\.2\.3\+/);
    expect(stdout).toContain('identical: 4 identical of 4\n');
  });

  test('names what is damaged in one line each, without a trace', () => {
    writeFileSync(out, 'not a pack');
    const { status, stdout, stderr } = numalab('verify', out);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toBe(`${out}: not a sound gzip, want what numalab pack writes\n`);
  });
});

describe('of a sweep that is not whole', () => {
  test('no archive is made, unless what is missing is accepted', async () => {
    const partial = join(path, 'partial.tar.gz');
    rmSync(folder.resultFile(7));
    const strict = await call('pack', folder.path, '--out', partial);
    expect(strict).toMatchObject({ code: 1, out: '' });
    expect(strict.err).toContain('1 result of ');
    expect(strict.err).toContain('not written; --partial packs what is there');
    expect(existsSync(partial)).toBe(false);
    expect(await call('pack', folder.path, '--out', partial, '--partial')).toMatchObject({
      code: 0,
      out: `${partial}: 11 results of 12 runs, 21 files\n`,
    });
    expect((await call('verify', partial, '--runs', '2')).code).toBe(0);
  });

  test('nothing damaged is packed at all, nor verified', async () => {
    writeFileSync(folder.resultFile(7), 'torn');
    expect((await call('pack', folder.path, '--out', join(path, 'damaged.tar.gz'), '--partial')).code).toBe(3);
    expect(existsSync(join(path, 'damaged.tar.gz'))).toBe(false);
    const { code, err } = await call('verify', folder.path);
    expect(code).toBe(3);
    expect(err).toContain('damaged\n');
  });
});

describe('verify', () => {
  test.each([
    [['--runs', '0'], '--runs = 0, want a whole number from 1\n'],
    [['--seed', '-1'], '--seed = -1, want a whole number from 0\n'],
    [['--metric', 'latency'], '--metric = latency, want one that whole runs have, such as throughput or elapsedNs (docs/metrics.md)\n'],
  ])('refuses %s', async (flags, err) => expect(await call('verify', folder.path, ...flags)).toMatchObject({ code: 2, out: '', err }));
});
